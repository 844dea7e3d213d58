"""A trained version in an engine: whoever shares a batch makes no difference to an answer."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recserve.server.engine.contract import RankingRequest, Reranking, RowMask
from recserve.server.engine.frames import LENGTH, ArrivedRequest, decode_arrival, encode_rank
from recserve.server.engine.shaping_frames import ArrivedShaping, PackedMask, packed_rows
from recserve.server.engine.user_inputs import UserLayout
from recserve.server.engine.warm_up import synthetic_batches
from recserve.server.feature_widths import FeatureWidths
from recserve.server.model_store import read_manifest
from recserve.server.shaping import ItemVectors
from recserve.trainer import fit
from trainer import generated

pytestmark = pytest.mark.integration
MAX_REQUESTS = 16
CLOSE = 1e-5
Found = tuple[np.ndarray, np.ndarray]


class Loaded:
    """A version as an engine has it, warmed up."""

    def __init__(self, folder: Path) -> None:
        from recserve.server.engine.model import LoadedModel

        manifest = read_manifest(folder)
        self.layout = UserLayout(FeatureWidths.of(manifest))
        self.pair_width = len(manifest.schema.candidate_features)
        self.model = LoadedModel(folder, manifest)
        self.item_count = self.model.item_count
        for batch in synthetic_batches(self.layout, self.item_count, MAX_REQUESTS):
            self.model.rank(batch)
        self.traces = self.model.traces

    def together(self, requests: list[ArrivedRequest]) -> list[Found]:
        return self.model.rank(requests)

    def alone(self, request: ArrivedRequest) -> Found:
        (found,) = self.model.rank([request])
        return found


@pytest.fixture(scope="module")
def two_stage(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    folder = tmp_path_factory.mktemp("chains")
    fitted = fit(
        generated.write_chains(folder / "data"),
        folder / "store",
        hyper_parameters=generated.QUICK | {"candidate_count": 10},
    )
    return Loaded(fitted.path)


@pytest.fixture(scope="module")
def pointwise(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    folder = tmp_path_factory.mktemp("flat")
    generated.flat().to_csv(folder / "user_data.csv", index=False)
    fitted = fit(folder / "user_data.csv", folder / "store", hyper_parameters={"max_epochs": 1})
    return Loaded(fitted.path)


@st.composite
def questions(
    draw: st.DrawFn, loaded: Loaded, scoring: bool, wanted: tuple[int, ...] = (1, 3, 10, 1000)
) -> ArrivedRequest:
    row = st.integers(0, loaded.item_count - 1)
    past = draw(st.lists(row, max_size=12))
    now = 1.7e9
    given = draw(st.lists(row, min_size=1, max_size=20, unique=True)) if scoring else None
    pairs = np.zeros(0, np.float32)
    if given is not None and draw(st.booleans()):
        seed = draw(st.integers(0, 1000))
        size = len(given) * loaded.pair_width
        pairs = np.random.default_rng(seed).normal(size=size).astype(np.float32)
    request = RankingRequest(
        user=loaded.layout.inputs(
            rows=past,
            types=[0] * len(past),
            values=[1.0] * len(past),
            times=[now - 60.0 * place for place in range(len(past), 0, -1)],
        ),
        result_count=draw(st.sampled_from(wanted)),
        now=now,
        excluded_rows=np.array(draw(st.lists(row, max_size=30)), np.int32),
        candidate_rows=None if given is None else np.array(given, np.int32),
        candidate_features=pairs,
    )
    arrived = decode_arrival(encode_rank(0, request)[LENGTH.size :]).request
    assert arrived is not None
    return arrived


def assert_alike(one: Found, other: Found) -> None:
    """The same scores place by place, and the same items but where scores are as good as equal."""
    np.testing.assert_allclose(one[1], other[1], atol=CLOSE, rtol=0)
    scores = dict(zip(other[0].tolist(), other[1].tolist(), strict=True))
    for item, score in zip(*map(np.ndarray.tolist, one), strict=True):
        assert abs(scores.get(item, other[1][-1]) - score) <= CLOSE


@pytest.mark.parametrize("scoring", [False, True], ids=["finding", "scoring"])
@pytest.mark.parametrize("family", ["two_stage", "pointwise"])
def test_a_batched_answer_is_that_of_the_request_alone(
    family: str, scoring: bool, request: pytest.FixtureRequest
) -> None:
    loaded: Loaded = request.getfixturevalue(family)

    @settings(max_examples=25, deadline=None)
    @given(
        # Who asks for more than retrieval finds is never put into a batch with the others.
        st.sampled_from([(1, 3, 10), (1000,)]).flatmap(
            lambda wanted: st.lists(
                questions(loaded, scoring, wanted), min_size=2, max_size=MAX_REQUESTS
            )
        )
    )
    def holds(batch: list[ArrivedRequest]) -> None:
        for each, found in zip(batch, loaded.together(batch), strict=True):
            if scoring:
                assert len(found[0]) == each.candidate_count
                np.testing.assert_array_equal(
                    found[0], np.frombuffer(each.candidate_rows or b"", np.int32)
                )
            assert_alike(found, loaded.alone(each))

    holds()
    assert loaded.model.traces == loaded.traces, "nothing is traced after the warm-up"


@pytest.mark.parametrize("family", ["two_stage", "pointwise"])
def test_what_is_excluded_or_unavailable_never_comes_and_all_else_does(
    family: str, request: pytest.FixtureRequest
) -> None:
    loaded: Loaded = request.getfixturevalue(family)
    available = np.ones(loaded.item_count, np.bool_)
    available[::7] = False
    loaded.model.set_available(available)

    @settings(max_examples=25, deadline=None)
    @given(st.lists(questions(loaded, scoring=False), min_size=1, max_size=MAX_REQUESTS))
    def holds(batch: list[ArrivedRequest]) -> None:
        for each, (rows, scores) in zip(batch, loaded.together(batch), strict=True):
            excluded = set(np.frombuffer(each.excluded_rows, np.int32).tolist())
            allowed = set(np.flatnonzero(available).tolist()) - excluded
            assert set(rows.tolist()) <= allowed
            assert len(set(rows.tolist())) == len(rows) == min(each.result_count, len(allowed))
            assert (np.diff(scores) <= 0).all()
            assert ((scores > 0) & (scores < 1)).all()

    try:
        holds()
    finally:
        loaded.model.set_available(np.ones(loaded.item_count, np.bool_))


@pytest.mark.parametrize("family", ["two_stage", "pointwise"])
def test_a_filter_holds_for_its_batch_and_for_no_other(
    family: str, request: pytest.FixtureRequest
) -> None:
    loaded: Loaded = request.getfixturevalue(family)

    @settings(max_examples=15, deadline=None)
    @given(
        st.lists(questions(loaded, scoring=False), min_size=1, max_size=4),
        st.integers(0, 1000),
        st.sampled_from([0.01, 0.5, 1.0]),
    )
    def holds(batch: list[ArrivedRequest], seed: int, share: float) -> None:
        plain = loaded.together(batch)
        let_through = np.random.default_rng(seed).random(loaded.item_count) < share
        mask = PackedMask(packed_rows(RowMask(let_through)))
        for each in batch:
            each.shaping = ArrivedShaping(1, mask)
        for each, (rows, _) in zip(batch, loaded.together(batch), strict=True):
            excluded = set(np.frombuffer(each.excluded_rows, np.int32).tolist())
            allowed = set(np.flatnonzero(let_through).tolist()) - excluded
            assert set(rows.tolist()) <= allowed
            assert len(rows) == min(each.result_count, len(allowed))
        for each in batch:
            each.shaping = None
        for one, other in zip(plain, loaded.together(batch), strict=True):
            assert_alike(one, other)

    holds()
    assert loaded.model.traces == loaded.traces


@pytest.mark.parametrize("scoring", [False, True], ids=["finding", "scoring"])
def test_a_shortlist_is_put_in_order_and_explained_in_the_engine(
    two_stage: Loaded, scoring: bool
) -> None:
    vectors = ItemVectors(two_stage.model._items["item_vectors"].numpy())

    @settings(max_examples=15, deadline=None)
    @given(st.lists(questions(two_stage, scoring, (10,)), min_size=1, max_size=4), st.booleans())
    def holds(batch: list[ArrivedRequest], explores: bool) -> None:
        plain = two_stage.together(batch)
        past = np.array([1, 4], np.int32)
        for each in batch:
            wanted = Reranking(3, 0.4, 0.5 if explores else 0.0, past)
            each.shaping = ArrivedShaping(reranking=wanted)
        for shaped, (rows, scores) in zip(two_stage.together(batch), plain, strict=True):
            known = dict(zip(rows.tolist(), scores.tolist(), strict=True))
            got = shaped.rows.tolist()
            assert len(set(got)) == len(got) == min(3, len(rows))
            assert set(got) <= set(known)
            np.testing.assert_allclose(shaped.scores, [known[row] for row in got], atol=CLOSE)
            assert (shaped.propensities == 1).all() or explores
            if got and not explores:
                assert scores[rows.tolist().index(got[0])] >= scores.max() - CLOSE
            for row, because in zip(got, shaped.because_rows.tolist(), strict=True):
                cosines = {int(p): float(vectors.cosines(row)[p]) for p in past if p != row}
                best = max(cosines, key=cosines.__getitem__)
                assert because in (best, -1)
                assert (because == -1) == (cosines[best] <= 0)

    holds()


@pytest.mark.parametrize("family", ["two_stage", "pointwise"])
def test_similar_items_are_found_in_the_engine(family: str, request: pytest.FixtureRequest) -> None:
    loaded: Loaded = request.getfixturevalue(family)
    vectors = ItemVectors(loaded.model._items["item_vectors"].numpy())
    available = np.ones(loaded.item_count, np.bool_)
    available[::5] = False
    loaded.model.set_available(available)
    try:
        batch = [similar_to(loaded, row) for row in range(min(6, loaded.item_count))]
        for row, (rows, cosines) in enumerate(loaded.together(batch)):
            allowed = set(np.flatnonzero(available).tolist()) - {row, 2}
            assert len(rows) == min(4, len(allowed))
            assert set(rows.tolist()) <= allowed
            expected = np.sort(vectors.cosines(row)[sorted(allowed)])[::-1][: len(rows)]
            np.testing.assert_allclose(cosines, expected, atol=CLOSE)
    finally:
        loaded.model.set_available(np.ones(loaded.item_count, np.bool_))


def similar_to(loaded: Loaded, row: int) -> ArrivedRequest:
    request = RankingRequest(
        loaded.layout.empty, result_count=4, excluded_rows=np.array([2], np.int32)
    )
    arrived = decode_arrival(encode_rank(0, request)[LENGTH.size :]).request
    assert arrived is not None
    arrived.shaping = ArrivedShaping(similar_to=row)
    return arrived


def test_the_best_of_many_items_are_found_block_by_block() -> None:
    """A catalogue with more than `MANY` items for each one wanted takes the other way."""
    import tensorflow as tf

    from recserve.trainer.model.selection import BLOCK, MANY, largest

    rng = np.random.default_rng(1)
    for size in (MANY * 5 + 1, MANY * 5 + BLOCK):
        scores = rng.normal(size=(3, size)).astype(np.float32)
        top, places = (part.numpy() for part in largest(tf.constant(scores), 5))
        np.testing.assert_array_equal(np.take_along_axis(scores, places, axis=1), top)
        np.testing.assert_array_equal(np.sort(top), np.sort(scores)[:, -5:])
