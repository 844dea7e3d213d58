"""A trained version in an engine: whoever shares a batch makes no difference to an answer."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recserve.server.engine.contract import RankingRequest
from recserve.server.engine.frames import LENGTH, ArrivedRequest, decode_arrival, encode_rank
from recserve.server.engine.user_inputs import UserLayout
from recserve.server.engine.warm_up import synthetic_batches
from recserve.server.feature_widths import FeatureWidths
from recserve.server.model_store import read_manifest
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
