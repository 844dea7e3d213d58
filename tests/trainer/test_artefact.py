"""A published version keeps what docs/artefact.md promises."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

from recserve.trainer import Fitted
from trainer.served_version import ServedVersion

pytestmark = pytest.mark.integration

DOC = Path(__file__).parents[2] / "docs" / "artefact.md"
DTYPES = {"int32": "int32", "float32": "float32", "string": "string", "bool": "bool"}


@pytest.fixture(scope="module")
def served(two_stage: Fitted) -> ServedVersion:
    return ServedVersion(two_stage.path)


@pytest.fixture(scope="module")
def served_pointwise(pointwise: Fitted) -> ServedVersion:
    return ServedVersion(pointwise.path)


def promised() -> dict[str, tuple[str, int]]:
    """Each input that the document names, with its dtype and rank."""
    text = DOC.read_text(encoding="utf-8")
    found = re.findall(r"`(\w+)`(?: \||) (int32|float32|string|bool) `\[([^\]]*)\]`", text)
    return {
        name: (dtype, len([part for part in shape.split(",") if part.strip()]))
        for name, dtype, shape in found
    }


@pytest.mark.parametrize("family", ["two_stage", "pointwise"])
def test_every_signature_has_the_names_dtypes_and_ranks_of_the_document(
    family: str, request: pytest.FixtureRequest
) -> None:
    served = ServedVersion(request.getfixturevalue(family).path)
    document = promised()

    names = {"encode_items", "encode_users", "recommend", "score", "features"}
    assert set(served.signatures) == names
    for name in served.signatures:
        for key, spec in served.specs(name).items():
            assert (spec.dtype.name, spec.shape.rank) == document[key], (name, key)
        for key, spec in served.signatures[name].structured_outputs.items():
            assert (spec.dtype.name, spec.shape.rank) == document[key], (name, key)
    users = {key for key in document if key.startswith(("history_", "user_n", "user_c", "user_m"))}
    users |= {key for key in document if key.startswith("context_")}
    items = {"item_vectors", "item_states"}
    assert set(served.specs("encode_users")) == users | items
    assert set(served.specs("recommend")) == users | items | {
        "available",
        "excluded_rows",
        "result_count",
    }
    assert set(served.specs("score")) == users | items | {"candidate_rows", "candidate_features"}
    assert set(served.specs("features")) == set(served.specs("score"))


@pytest.mark.parametrize("family", ["two_stage", "pointwise"])
def test_the_manifest_fits_the_files(family: str, request: pytest.FixtureRequest) -> None:
    fitted: Fitted = request.getfixturevalue(family)
    manifest, layout = fitted.manifest, fitted.manifest.layout
    served = ServedVersion(fitted.path)

    on_disk = {
        path.relative_to(fitted.path).as_posix(): path
        for path in fitted.path.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert {file.path for file in manifest.files} == set(on_disk)
    for file in manifest.files:
        content = on_disk[file.path].read_bytes()
        assert file.size_bytes == len(content)
        assert file.sha256 == hashlib.sha256(content).hexdigest()
    assert layout.family == family
    assert served.encoded["item_vectors"].shape == (len(served.ids), layout.vector_width)
    assert served.encoded["item_states"].shape == (len(served.ids), layout.state_width)
    assert served.specs("encode_users")["history_rows"].shape[1] == layout.history_length


def test_no_user_id_is_in_any_file(two_stage: Fitted) -> None:
    for path in two_stage.path.rglob("*"):
        if path.is_file():
            assert b"u117" not in path.read_bytes(), path


@pytest.mark.parametrize("family", ["two_stage", "pointwise"])
def test_a_batch_answers_each_user_as_alone(family: str, request: pytest.FixtureRequest) -> None:
    served = ServedVersion(request.getfixturevalue(family).path)
    histories = [[0, 1, 2], [], [5], list(range(12)), [7, -1, 3]]

    rows, scores = served.recommend(histories, 5, [[1], [], [2, 3], [], []])

    for user, (history, excluded) in enumerate(
        zip(histories, [[1], [], [2, 3], [], []], strict=True)
    ):
        alone_rows, alone_scores = served.recommend([history], 5, [excluded])
        np.testing.assert_allclose(scores[user], alone_scores[0], rtol=1e-4, atol=1e-6)
        expected = dict(zip(alone_rows[0].tolist(), alone_scores[0].tolist(), strict=True))
        assert set(rows[user].tolist()) == set(expected)
        for row, score in zip(rows[user].tolist(), scores[user].tolist(), strict=True):
            assert score == pytest.approx(expected[row], rel=1e-4, abs=1e-5), "no order but by ties"


@pytest.mark.parametrize("family", ["two_stage", "pointwise"])
def test_excluded_and_unavailable_items_are_never_returned(
    family: str, request: pytest.FixtureRequest
) -> None:
    served = ServedVersion(request.getfixturevalue(family).path)
    count = len(served.ids)
    rng = np.random.default_rng(0)
    available = rng.random(count) < 0.7
    excluded = [rng.permutation(count)[: rng.integers(0, count)].tolist() for _ in range(6)]
    excluded[0] = list(range(count))

    rows, scores = served.recommend([[0, 1]] * 6, count + 7, excluded, available)

    for user in range(6):
        expected = set(np.flatnonzero(available)) - set(excluded[user])
        returned = [row for row in rows[user].tolist() if row >= 0]
        assert len(returned) == len(set(returned))
        assert set(returned) == expected
        assert rows[user, len(returned) :].tolist() == [-1] * (count + 7 - len(returned))
        assert scores[user, len(returned) :].tolist() == [0.0] * (count + 7 - len(returned))
        assert (np.diff(scores[user, : len(returned)]) <= 0).all()
    assert ((scores >= 0) & (scores <= 1)).all()


@pytest.mark.parametrize("family", ["two_stage", "pointwise"])
def test_score_agrees_with_recommend(family: str, request: pytest.FixtureRequest) -> None:
    served = ServedVersion(request.getfixturevalue(family).path)
    rows, scores = served.recommend([[0, 1, 2], []], 6)

    again = served.score([[0, 1, 2], []], np.concatenate([rows, [[-1], [-1]]], axis=1))

    np.testing.assert_allclose(again[:, :6], scores, rtol=1e-4, atol=1e-6)
    assert again[:, 6].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("family", ["two_stage", "pointwise"])
def test_the_features_of_pairs_are_what_their_scores_are_made_of(
    family: str, request: pytest.FixtureRequest
) -> None:
    fitted: Fitted = request.getfixturevalue(family)
    served = ServedVersion(fitted.path)
    rows = np.array([[0, 3, -1], [5, 6, 7]], np.int32)

    answer = served.of_pairs("features", [[0, 1, 2], []], rows)

    assert answer["features"].shape == (2, 3, fitted.manifest.hyper_parameters.hidden_layers[-1])
    assert (answer["features"] >= 0).all()
    assert answer["features"].any(axis=2).all()
    np.testing.assert_allclose(
        answer["scores"], served.score([[0, 1, 2], []], rows), rtol=1e-4, atol=1e-6
    )
    if family == "pointwise":
        with np.load(fitted.path / "weights.npz") as weights:
            out = [weights[f"weight/out/{part}"] for part in ("kernel", "bias")]
        logits = (answer["features"] @ out[0] + out[1])[..., 0]
        np.testing.assert_allclose(
            np.where(rows >= 0, 1 / (1 + np.exp(-logits)), 0), answer["scores"], rtol=1e-4
        )


def test_an_item_that_came_later_is_encoded_from_its_features(served: ServedVersion) -> None:
    place = served.ids.tolist().index("i2-5")
    late = {key: value[place : place + 1] for key, value in served.items.items()}
    late["item_ids"] = np.array(["brand new"], dtype=object)

    vectors = served.run("encode_items", **late)["item_vectors"]
    other = {**late, "item_categorical": np.array([["c4"]], dtype=object)}
    others = served.run("encode_items", **other)["item_vectors"]

    assert np.abs(vectors[0, :-1]).max() > 0
    assert np.abs(vectors - others).max() > 0


def test_appended_items_can_be_recommended(served: ServedVersion) -> None:
    late = {key: value[:1] for key, value in served.items.items()}
    late["item_ids"] = np.array(["brand new"], dtype=object)
    extra = served.run("encode_items", **late)
    count = len(served.ids)
    encoded = {key: np.concatenate([served.encoded[key], extra[key]]) for key in extra}

    answer = served.run(
        "recommend",
        **served.users([[0, count]]),
        **encoded,
        available=np.arange(count + 1) == count,
        excluded_rows=np.array([[-1]], np.int32),
        result_count=np.int32(3),
    )

    assert answer["rows"].tolist() == [[count, -1, -1]]


def test_the_classic_mlp_has_exactly_its_weights(pointwise: Fitted) -> None:
    with np.load(pointwise.path / "weights.npz") as file:
        trained = sum(file[name].size for name in file.files if name.startswith("weight/"))

    assert trained == (10 * 100 + 100) + (100 * 50 + 50) + (50 * 1 + 1) == 6201


def test_missing_pair_features_are_scored_as_average_ones(
    served_pointwise: ServedVersion,
) -> None:
    rows = np.array([[0, 1]], np.int32)
    missing = served_pointwise.score([[]], rows)

    assert np.isfinite(missing).all()
    wild = np.full((1, 2, 10), 3.0, np.float32)
    assert (served_pointwise.score([[]], rows, wild) != missing).all()
