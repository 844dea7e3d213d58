"""Model versions, from messages."""

from recserve.client.model_version import (
    HoldoutKind,
    Lineage,
    Metric,
    ModelVersion,
    ModelVersionState,
    Promotion,
    TrainingMode,
)
from recserve.client.wire.enums import enumerator
from recserve.client.wire.timestamps import moment_or_none
from recserve.v1 import hyper_parameters_pb2, model_pb2, promotion_pb2


def model_version_from(message: model_pb2.ModelVersion) -> ModelVersion:
    """The version that a message holds."""
    evaluation = message.evaluation
    return ModelVersion(
        name=message.name,
        model=message.model,
        version=message.version,
        state=enumerator(
            ModelVersionState, model_pb2.ModelVersionState, "MODEL_VERSION_STATE_", message.state
        ),
        labels=tuple(message.labels),
        error=message.error,
        create_time=moment_or_none(message.create_time, present=message.HasField("create_time")),
        metrics=tuple(metric_from(metric) for metric in evaluation.metrics),
        holdout=enumerator(HoldoutKind, model_pb2.HoldoutKind, "HOLDOUT_KIND_", evaluation.holdout),
        holdout_event_count=evaluation.holdout_event_count,
        holdout_user_count=evaluation.holdout_user_count,
        lineage=_lineage(message.lineage),
        hyper_parameters=hyper_parameters_from(message.hyper_parameters),
        family=message.layout.family,
        size_bytes=message.size_bytes,
        training_seconds=message.training_seconds,
        producers=tuple(message.producers),
        training_run=message.training_run,
        promotion=promotion_from(message.promotion),
        stable_version=evaluation.stable_version,
        unpromoted_reason=message.unpromoted_reason,
        rollback_reason=message.rollback_reason,
    )


def metric_from(message: model_pb2.Metric) -> Metric:
    """The metric that a message holds."""
    return Metric(
        message.name,
        message.value,
        message.baseline if message.HasField("baseline") else None,
        message.stable if message.HasField("stable") else None,
    )


def promotion_from(number: int) -> Promotion:
    """The promotion of a number."""
    return enumerator(Promotion, promotion_pb2.Promotion, "PROMOTION_", number)


def training_mode_from(number: int) -> TrainingMode:
    """The mode of a number; the protocol has an absent one read as a full training."""
    number = number or model_pb2.TRAINING_MODE_FULL
    return enumerator(TrainingMode, model_pb2.TrainingMode, "TRAINING_MODE_", number)


def _lineage(message: model_pb2.Lineage) -> Lineage:
    first, last = message.first_event_time, message.last_event_time
    return Lineage(
        mode=training_mode_from(message.mode),
        base_version=message.base_version,
        schema_digest=message.schema_digest,
        dataset_digest=message.dataset_digest,
        first_event_time=moment_or_none(first, present=message.HasField("first_event_time")),
        last_event_time=moment_or_none(last, present=message.HasField("last_event_time")),
        log_position=message.log_position,
        event_count=message.event_count,
        user_count=message.user_count,
        item_count=message.item_count,
        seed=message.seed,
    )


def hyper_parameters_from(
    message: hyper_parameters_pb2.HyperParameters,
) -> dict[str, float | int | tuple[int, ...]]:
    """The hyper-parameters that a message names."""
    return {
        field.name: value if isinstance(value, int | float) else tuple(value)
        for field, value in message.ListFields()
    }
