"""What the report says in words."""

import pytest

from recserve.trainer.report import summary
from recserve.v1 import model_pb2
from trainer.report import versions


def with_metric(
    name: str, value: float, baseline: float, ratio: tuple[float, float] | None = None
) -> model_pb2.ModelVersion:
    """A version that was measured by one metric."""
    version = model_pb2.ModelVersion(version=1)
    metric = version.evaluation.metrics.add(name=name, value=value, baseline=baseline)
    if ratio is not None:
        metric.ratio_interval.low, metric.ratio_interval.high = ratio
    return version


@pytest.mark.parametrize(
    ("version", "tone", "verdict"),
    [
        (with_metric("ndcg@10", 0.2, 0.1, (1.5, 2.5)), "good", "Clearly better"),
        (with_metric("ndcg@10", 0.11, 0.1, (0.9, 1.3)), "even", "Not clearly different"),
        (with_metric("ndcg@10", 0.05, 0.1, (0.3, 0.8)), "bad", "Clearly worse"),
        (with_metric("ndcg@10", 0.2, 0.1), "good", "Better than popularity on this holdout"),
        (with_metric("ndcg@10", 0.1, 0.1), "even", "The same as popularity on this holdout"),
        (with_metric("ndcg@10", 0.0, 0.1), "bad", "Worse than popularity on this holdout"),
        (with_metric("log_loss", 0.3, 0.4, (0.7, 0.8)), "good", "Clearly better"),
        (with_metric("log_loss", 0.5, 0.4), "bad", "Worse than popularity on this holdout"),
    ],
)
def test_the_verdict_is_only_as_sure_as_the_interval(
    version: model_pb2.ModelVersion, tone: str, verdict: str
) -> None:
    found = summary.of(version, None)

    assert found.tone == tone
    assert found.verdict.startswith(verdict)


def test_the_figures_are_told_in_words() -> None:
    told = " ".join(summary.of(versions.whole(), versions.whole(2)).paragraphs)

    assert "NDCG@10 is 0.182" in told
    assert "1.42 times as good" in told
    assert "1.28 to 1.56" in told
    assert "20,005 events of 74 users" in told
    assert "Version 2, on the same events, has NDCG@10 0.179" in told
    assert "Cleaning kept 99.2" in told
    assert "“drift” warns" in told


def test_a_popularity_that_is_never_right_makes_no_ratio() -> None:
    found = summary.of(with_metric("ndcg@10", 0.2, 0.0), None)

    assert found.tone == "good"
    assert "times as good" not in found.paragraphs[0]


def test_users_without_a_history_are_told_apart() -> None:
    told = summary.of(versions.whole(), None).paragraphs[1]

    assert told.startswith("10 of these users have no history")
    assert "of the 17 others alone NDCG@10 is 0.120, and 0.100 with what is popular" in told
    assert "1.20 times as good (1.08 to 1.32)" in told
