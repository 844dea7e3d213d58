"""What a manifest says of where its version is bound for."""

import pytest

from recserve.server.labels import CANARY, STABLE
from recserve.server.promotion import destination
from recserve.v1 import model_pb2, promotion_pb2

IF_BETTER = promotion_pb2.PROMOTION_IF_BETTER


def version(
    promotion: promotion_pb2.Promotion, *metrics: model_pb2.Metric, stable_version: int = 1
) -> model_pb2.ModelVersion:
    return model_pb2.ModelVersion(
        version=2,
        promotion=promotion,
        evaluation=model_pb2.Evaluation(metrics=metrics, stable_version=stable_version),
    )


def metric(name: str, value: float, **others: float) -> model_pb2.Metric:
    return model_pb2.Metric(name=name, value=value, **others)


@pytest.mark.parametrize(
    ("promotion", "label"),
    [
        (promotion_pb2.PROMOTION_UNSPECIFIED, STABLE),
        (promotion_pb2.PROMOTION_ALWAYS, STABLE),
        (promotion_pb2.PROMOTION_NEVER, None),
        (promotion_pb2.PROMOTION_CANARY, CANARY),
    ],
)
def test_the_training_decides(promotion: promotion_pb2.Promotion, label: str | None) -> None:
    worse = metric("ndcg@10", 0.1, baseline=0.2, stable=0.3)
    assert destination(version(promotion, worse)).label == label


def test_a_better_version_becomes_stable() -> None:
    better = metric("ndcg@10", 0.31, baseline=0.2, stable=0.3)
    assert destination(version(IF_BETTER, metric("recall@10", 0, stable=1), better)).label == STABLE


@pytest.mark.parametrize(
    ("metrics", "why"),
    [
        ([metric("ndcg@10", 0.3, baseline=0.2, stable=0.3)], "beat version 1's 0.3000"),
        ([metric("ndcg@10", 0.3, baseline=0.4, stable=0.2)], "beat popularity's 0.4000"),
        ([metric("ndcg@10", float("nan"), stable=0.2)], "beat version 1's"),
        ([metric("auc", 0.6, stable=0.7)], "its auc of 0.6000 does not beat version 1's 0.7000"),
        ([metric("recall@10", 0.6, stable=0.7)], "measured by none of ndcg@10, auc"),
        ([], "measured by none"),
    ],
)
def test_one_that_is_not_better_stays_and_the_reason_is_told(
    metrics: list[model_pb2.Metric], why: str
) -> None:
    bound = destination(version(IF_BETTER, *metrics))
    assert bound.label is None
    assert why in bound.reason


def test_where_nothing_is_stable_there_is_nothing_to_beat() -> None:
    poor = metric("ndcg@10", 0.1, baseline=0.2)
    assert destination(version(IF_BETTER, poor, stable_version=0)).label == STABLE


def test_where_the_stable_version_could_not_be_measured_it_stays() -> None:
    bound = destination(version(IF_BETTER, metric("ndcg@10", 0.3, baseline=0.2)))
    assert bound.label is None
    assert "version 1 could not be measured beside it" in bound.reason


def test_without_a_baseline_the_stable_version_is_all_there_is_to_beat() -> None:
    assert destination(version(IF_BETTER, metric("auc", 0.3, stable=0.2))).label == STABLE


def test_where_two_are_equal_the_next_metric_decides() -> None:
    equal = metric("ndcg@10", 0.3, baseline=0.2, stable=0.3)
    better = metric("auc", 0.75, baseline=0.5, stable=0.4375)
    assert destination(version(IF_BETTER, equal, better)).label == STABLE
    worse = metric("auc", 0.4, baseline=0.3, stable=0.4375)
    assert "its auc of 0.4000" in destination(version(IF_BETTER, equal, worse)).reason
    same = metric("auc", 0.5, baseline=0.3, stable=0.5)
    assert "does not beat version 1's" in destination(version(IF_BETTER, equal, same)).reason


@pytest.mark.parametrize(
    ("margins", "values", "why"),
    [
        ({"stable": 0.1}, {"value": 0.34, "stable": 0.3, "baseline": 0.2}, ""),
        (
            {"stable": 0.1},
            {"value": 0.32, "stable": 0.3, "baseline": 0.2},
            "its ndcg@10 of 0.3200 does not beat version 1's 0.3000 by 10.00%",
        ),
        ({"stable": -0.1}, {"value": 0.28, "stable": 0.3, "baseline": 0.2}, ""),
        ({"stable": -0.1}, {"value": 0.26, "stable": 0.3, "baseline": 0.2}, "by -10.00%"),
        ({"stable": -1}, {"value": 0.01, "stable": 0.3, "baseline": 0.0}, ""),
        (
            {"baseline": 0.5},
            {"value": 0.29, "stable": 0.1, "baseline": 0.2},
            "does not beat popularity's 0.2000 by 50.00%",
        ),
        ({"baseline": 0.5}, {"value": 0.31, "stable": 0.3, "baseline": 0.2}, ""),
    ],
)
def test_it_has_to_be_better_by_the_margins_of_its_manifest(
    margins: dict[str, float], values: dict[str, float], why: str
) -> None:
    manifest = version(IF_BETTER, metric("ndcg@10", **values))
    manifest.promotion_margins.CopyFrom(promotion_pb2.PromotionMargins(**margins))
    bound = destination(manifest)
    assert bound.label == (None if why else STABLE)
    assert why in bound.reason
    assert bool(bound.reason) == bool(why)


def test_every_baseline_of_its_evaluation_is_to_be_beaten() -> None:
    manifest = version(IF_BETTER, metric("ndcg@10", 0.31, baseline=0.2, stable=0.3))
    manifest.evaluation.baselines.add(name="ease", metrics=[metric("ndcg@10", 0.35)])
    assert "does not beat ease's 0.3500" in destination(manifest).reason


def test_a_canary_that_is_not_better_has_a_shortcoming() -> None:
    worse = metric("ndcg@10", 0.1, baseline=0.2, stable=0.3)
    bound = destination(version(promotion_pb2.PROMOTION_CANARY, worse))
    assert (bound.label, bound.reason) == (CANARY, "")
    assert "does not beat version 1's" in bound.shortcoming
