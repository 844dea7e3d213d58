"""Manifests to render: one that has everything, one that has nothing, one that is hostile."""

import math

from google.protobuf import descriptor
from google.protobuf.message import Message

from recserve.v1 import model_pb2, schema_pb2

HOSTILE = "\"'><script>alert(1)</script><img src=http://evil.example/x onerror=alert(2)>"
"""Breaks out of text, of both kinds of attribute, and of nothing else."""
SEGMENTS = (
    "new_users",
    "known_users",
    "cold_users",
    "light_users",
    "heavy_users",
    "after_1_event",
    "new_items",
)


def whole(version: int = 3) -> model_pb2.ModelVersion:
    """A version whose every section has something to show."""
    made = model_pb2.ModelVersion(
        name=f"models/default/versions/{version}",
        model="default",
        version=version,
        training_seconds=184.2 / version,
        producers=["recserve 0.1.0", "tensorflow 2.20.0"],
        size_bytes=18_400_000,
    )
    made.create_time.FromJsonString("2026-03-01T12:30:00Z")
    made.layout.family = "two_stage"
    made.files.add(path="saved_model/saved_model.pb", size_bytes=18_400_000, sha256="ab" * 32)
    _lineage(made.lineage, version)
    _evaluation(made.evaluation)
    _cleaning(made.cleaning)
    _summary(made.cleaning.summary, 0.02 * version)
    _learning(made)
    _clusters(made)
    made.schema.event_types.add(name="rating", positive_at_least=4)
    made.schema.event_types.add(name="click", weight=0.5)
    made.schema.item_features.add(name="genres", type=schema_pb2.FEATURE_TYPE_MULTI_VALUED)
    made.hyper_parameters.hidden_layers.extend([100, 50])
    made.hyper_parameters.learning_rate = 0.001
    return made


def bare() -> model_pb2.ModelVersion:
    """A version that has little more than its number."""
    return model_pb2.ModelVersion(model="default", version=1)


def comparison() -> model_pb2.Comparison:
    """The model beside tuned methods."""
    made = model_pb2.Comparison(
        protocol=model_pb2.HOLDOUT_KIND_REPLAY,
        question_count=9_814,
        user_count=122,
        seeds=[1, 2, 3, 4, 5],
        dataset_digest="cd" * 32,
    )
    made.contenders.add(name="model").metrics.append(metric("ndcg@10", 0.1824, 0.1285, 0.1))
    made.contenders.extend(whole().evaluation.baselines)
    for place, contender in enumerate(made.contenders):
        segment = contender.segments.add(name="after_1_event", user_count=40)
        segment.metrics.append(metric("ndcg@10", 0.12 - 0.01 * place, 0.11, 0.1))
    made.contenders.add(name="random").metrics.append(metric("ndcg@10", 0.001, 0.1285, 0.1))
    made.left_out["blend"] = "the events have no order"
    return made


def hostile() -> model_pb2.ModelVersion:
    """A whole version with markup in every text that it has."""
    made = whole()
    _poison(made)
    return made


def hostile_comparison() -> model_pb2.Comparison:
    """A comparison with markup in every text that it has."""
    made = comparison()
    _poison(made)
    return made


def _lineage(lineage: model_pb2.Lineage, version: int) -> None:
    lineage.mode = model_pb2.TRAINING_MODE_WARM_START if version > 1 else 1
    lineage.base_version = version - 1
    lineage.dataset_digest, lineage.schema_digest = "cd" * 32, "ef" * 32
    lineage.event_count, lineage.user_count, lineage.item_count = 100_023, 610, 9_724
    lineage.log_position, lineage.seed = 100_836, 42
    lineage.first_event_time.FromJsonString("1996-03-29T18:36:55Z")
    lineage.last_event_time.FromJsonString("2018-09-24T14:27:30Z")


def metric(name: str, value: float, baseline: float, stable: float) -> model_pb2.Metric:
    """A metric with everything beside it, and intervals of a tenth."""
    made = model_pb2.Metric(name=name, value=value, baseline=baseline, stable=stable)
    for interval, middle in (
        (made.interval, value),
        (made.baseline_interval, baseline),
        (made.ratio_interval, value / baseline),
    ):
        interval.low, interval.high = 0.9 * middle, 1.1 * middle
    return made


def _evaluation(evaluation: model_pb2.Evaluation) -> None:
    evaluation.holdout = model_pb2.HOLDOUT_KIND_TIME
    evaluation.holdout_event_count, evaluation.holdout_user_count = 20_005, 74
    evaluation.stable_version = 2
    ranking = [
        metric("ndcg@10", 0.1824, 0.1285, 0.1790),
        metric("recall@10", 0.0912, 0.0633, 0.0904),
        metric("mrr@10", 0.3011, 0.2290, 0.2950),
        metric("coverage@10", 0.0520, 0.0041, 0.0499),
    ]
    evaluation.metrics.extend(ranking)
    evaluation.metrics.append(metric("auc", 0.761, 0.702, 0.755))
    evaluation.metrics.append(metric("log_loss", 0.301, 0.331, 0.306))
    for place, name in enumerate(SEGMENTS):
        segment = evaluation.segments.add(name=name, user_count=10 + 7 * place)
        segment.metrics.append(metric("ndcg@10", 0.10 + 0.02 * place, 0.09 + 0.01 * place, 0.1))
    for place, name in enumerate(("popularity", "item_knn", "ease", "ials")):
        other = evaluation.baselines.add(name=name, model_ratio=1.42 - 0.1 * place)
        other.model_ratio_interval.low = 1.30 - 0.1 * place
        other.model_ratio_interval.high = 1.54 - 0.1 * place
        other.settings["neighbours"] = "100"
        other.metrics.append(metric("ndcg@10", 0.1285 + 0.01 * place, 0.1285, 0.1))
    evaluation.calibration.expected_error = 0.021
    for place in range(10):
        score = 0.02 + 0.07 * place
        share = min(1.0, score * (1.1 - 0.02 * place))
        evaluation.calibration.bins.add(
            pair_count=400 - 30 * place, mean_score=score, positive_share=share
        )
    events, recommendations = 0.62, 0.48
    for _ in range(10):
        evaluation.popularity_deciles.add(
            item_count=972, event_share=events, recommendation_share=recommendations
        )
        events, recommendations = 0.38 * events, 0.5 * recommendations


def _cleaning(cleaning: model_pb2.CleaningReport) -> None:
    cleaning.rows_read, cleaning.rows_kept = 100_836, 100_023
    cleaning.rules.add(
        name="duplicate_event",
        description="Drops events that repeat another.",
        dropped=812,
        examples=["row 17: item_id='296'", "row 90: item_id='1'"],
    )
    cleaning.rules.add(name="bad_time", description="Drops events without a time.", dropped=1)
    cleaning.rules.add(name="trimmed_id", description="Takes white space away.")
    cleaning.rules.add(name="rare_item", description="Leaves out rare items.", disabled=True)
    cleaning.checks.add(
        name="leakage",
        description="Looks for features that know the future.",
        verdict=model_pb2.CHECK_VERDICT_PASSED,
        finding="The feature that tells most is item.year.",
        figure=0.61,
        fails_from=0.995,
    )
    cleaning.checks.add(
        name="drift",
        description="Compares the data with that of the base version.",
        verdict=model_pb2.CHECK_VERDICT_WARNED,
        finding="item.genres has moved: more Drama.",
        figure=0.31,
        warns_from=0.2,
        fails_from=0.8,
    )
    cleaning.checks.add(
        name="garbage",
        description="Looks at the share of rows that cannot be used.",
        verdict=model_pb2.CHECK_VERDICT_FAILED,
        figure=0.4,
        fails_from=0.3,
        allowed=True,
    )


def _summary(summary: model_pb2.DataSummary, shift: float) -> None:
    kinds = summary.distributions.add(name="event_type", count=100_023)
    kinds.values.extend(["rating", "click"])
    kinds.shares.extend([0.9 - shift, 0.1 + shift, 0.0])
    years = summary.distributions.add(name="item.year", count=9_724)
    years.edges.extend([1960, 1985, 1995, 2005])
    years.shares.extend([0.1, 0.2, 0.3 - shift, 0.25, 0.1 + shift, 0.05])
    genres = summary.distributions.add(name="item.genres", count=22_084)
    genres.values.extend(f"genre {number}" for number in range(20))
    genres.shares.extend([*(0.3 * 0.7**number for number in range(20)), 0.001])


def _learning(version: model_pb2.ModelVersion) -> None:
    for stage, note, passes in (
        ("retrieval", "", 14 // version.version),
        ("ranking", "", 6),
        ("retrieval", "learns from the later events too", 2),
    ):
        curve = version.learning_curves.add(stage=stage, note=note, max_epochs=30)
        curve.start_loss = 7.2 / version.version
        for number in range(1, passes + 1):
            at = curve.passes.add(loss=curve.start_loss * math.exp(-0.2 * number))
            at.seconds = 1.5 * number
            if not note:
                at.validation["validation_ndcg@10"] = 0.1 * (1 - math.exp(-number)) - 0.001 * number


def _clusters(version: model_pb2.ModelVersion) -> None:
    for number in range(4):
        cluster = version.item_clusters.add(
            cluster=number, item_count=4_000 - 800 * number, event_share=0.4 - 0.1 * number
        )
        cluster.popular_item_ids.extend(["296", "318", "356"])
        cluster.typical_features.add(
            feature="genres", value="Drama", in_cluster=0.8, overall=0.45 + 0.05 * number
        )
        cluster.typical_features.add(feature="year", in_cluster=1994.2, overall=1998.5)


def _poison(message: Message) -> None:
    for field, value in message.ListFields():
        if field.message_type and field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].type == field.TYPE_STRING:
                value[HOSTILE] = HOSTILE
        elif field.type == descriptor.FieldDescriptor.TYPE_MESSAGE:
            for each in (
                value if isinstance(value, list | tuple) or hasattr(value, "add") else [value]
            ):
                _poison(each)
        elif field.type == descriptor.FieldDescriptor.TYPE_STRING:
            if hasattr(value, "append"):
                value[:] = [HOSTILE for _ in value]
            else:
                setattr(message, field.name, value + HOSTILE)
