"""Scores that mean what they say."""

import numpy as np
import pytest

from recserve.trainer.learning.calibration import LEAST_SLOPE, platt


def pairs(slope: float, intercept: float, count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Scores of a model whose logits are wrong in a known way."""
    rng = np.random.default_rng(0)
    logits = rng.normal(-1, 2, count)
    chance = 1 / (1 + np.exp(-(slope * logits + intercept)))
    return (rng.random(count) < chance).astype(np.int32), 1 / (1 + np.exp(-logits))


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.4, -0.7), (1.5, 1.0)])
def test_over_and_under_confidence_are_found(slope: float, intercept: float) -> None:
    assert platt(*pairs(slope, intercept)) == pytest.approx((slope, intercept), abs=0.1)


def test_the_order_of_scores_is_never_turned() -> None:
    found = platt(*pairs(-1.0, 0.0))

    assert found is not None
    assert found[0] == LEAST_SLOPE


def test_too_few_answers_are_no_evidence() -> None:
    labels, scores = pairs(0.5, 0.0, 40)

    assert platt(labels, scores) is None
    assert platt(labels[:0], scores[:0]) is None


def test_scores_of_nothing_and_all_are_bearable() -> None:
    labels, _ = pairs(1.0, 0.0)
    found = platt(labels, labels.astype(np.float32))

    assert found is not None
    assert np.isfinite(found).all()


@pytest.mark.integration
def test_calibration_is_folded_into_the_ranker() -> None:
    from recserve.trainer.model.ranker import Ranker
    from recserve.trainer.model.retrieval import TOLD

    rng = np.random.default_rng(0)
    ranker = Ranker(5, (8, 4), 0.0)
    ranker.out.kernel.assign(rng.normal(size=(4, 1)))
    vectors = rng.normal(size=(2, 7, 5)).astype(np.float32)
    inputs = (
        rng.normal(size=(2, 5)).astype(np.float32),
        vectors,
        ranker.item_states(vectors),
        rng.normal(size=(2, 7, TOLD)).astype(np.float32),
    )
    before = ranker(*inputs).numpy()

    ranker.rescale(0.5, -1.0)

    np.testing.assert_allclose(ranker(*inputs).numpy(), 0.5 * before - 1.0, atol=1e-5)
