"""Training runs, to and from messages."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from recserve.client.model_version import Promotion, TrainingMode
from recserve.client.training_run_status import (
    TrainingLogEntry,
    TrainingProgress,
    TrainingRunState,
    TrainingRunStatus,
)
from recserve.client.wire.enums import enumerator
from recserve.client.wire.model_versions import (
    hyper_parameters_from,
    metric_from,
    model_version_from,
    promotion_from,
    training_mode_from,
)
from recserve.client.wire.timestamps import moment_or_none, timestamp
from recserve.v1 import hyper_parameters_pb2, promotion_pb2, training_pb2

MODES = ("full", "warm-start")
PROMOTIONS = ("if-better", "always", "never", "canary")
Chosen = Mapping[str, float | int | Sequence[int]]


def train_request(
    *,
    mode: TrainingMode | str,
    dataset_path: str | None,
    start_time: datetime | float | None,
    end_time: datetime | float | None,
    base_version: int | None,
    hyper_parameters: Chosen,
    promotion: Promotion | str,
    model: str,
    request_id: str,
) -> training_pb2.TrainRequest:
    """The message that asks for a run.

    Raises:
        TypeError, ValueError: An argument cannot be sent.
    """
    request = training_pb2.TrainRequest(
        model=model,
        mode=_enumerator("mode", "TRAINING_MODE_", mode, MODES),
        base_version=base_version or 0,
        hyper_parameters=_hyper_parameters(hyper_parameters),
        promotion=_enumerator("promotion", "PROMOTION_", promotion, PROMOTIONS),
        request_id=request_id,
    )
    ranged = start_time is not None or end_time is not None
    if dataset_path is not None and ranged:
        raise ValueError("start_time and end_time are for the event log: leave out dataset_path")
    if dataset_path is not None:
        request.dataset_path = dataset_path
    if start_time is not None:
        request.event_log.start_time.CopyFrom(timestamp("start_time", start_time))
    if end_time is not None:
        request.event_log.end_time.CopyFrom(timestamp("end_time", end_time))
    return request


def status_from(message: training_pb2.TrainingRun) -> TrainingRunStatus:
    """How the run of a message stands."""
    asked = message.request
    made = message.model_version if message.HasField("model_version") else None
    return TrainingRunStatus(
        name=message.name,
        number=int(message.name.rpartition("/")[2] or 0),
        state=enumerator(
            TrainingRunState, training_pb2.TrainingRunState, "TRAINING_RUN_STATE_", message.state
        ),
        progress=_progress(message.progress) if message.HasField("progress") else None,
        error=message.error,
        model_version=None if made is None else model_version_from(made),
        mode=training_mode_from(asked.mode),
        base_version=asked.base_version,
        promotion=promotion_from(asked.promotion or promotion_pb2.PROMOTION_IF_BETTER),
        trigger=message.trigger,
        log_position=message.log_position,
        dataset_path=asked.dataset_path,
        hyper_parameters=hyper_parameters_from(asked.hyper_parameters),
        log=tuple(map(_log_entry, message.log_entries)),
        create_time=moment_or_none(message.create_time, present=message.HasField("create_time")),
        start_time=moment_or_none(message.start_time, present=message.HasField("start_time")),
        end_time=moment_or_none(message.end_time, present=message.HasField("end_time")),
    )


def _progress(message: training_pb2.TrainingProgress) -> TrainingProgress:
    return TrainingProgress(
        stage=message.stage,
        epoch=message.epoch,
        max_epochs=message.max_epochs,
        step=message.step,
        max_steps=message.max_steps,
        loss=message.loss if message.HasField("loss") else None,
        metrics=tuple(map(metric_from, message.holdout_metrics)),
        seconds_left=message.seconds_left if message.HasField("seconds_left") else None,
    )


def _log_entry(message: training_pb2.TrainingLogEntry) -> TrainingLogEntry:
    return TrainingLogEntry(
        time=moment_or_none(message.time, present=message.HasField("time")),
        stage=message.stage,
        text=message.text,
    )


def _hyper_parameters(chosen: Chosen) -> hyper_parameters_pb2.HyperParameters:
    known = list(hyper_parameters_pb2.HyperParameters.DESCRIPTOR.fields_by_name)
    unknown = sorted(set(chosen) - set(known))
    if unknown:
        names = ", ".join(known)
        raise ValueError(f"there is no hyper-parameter {unknown[0]!r}; there are: {names}")
    message = hyper_parameters_pb2.HyperParameters()
    for name, value in chosen.items():
        if isinstance(value, Sequence) and not value:
            raise ValueError(f"hyper-parameter {name}: is empty")
        try:
            if isinstance(value, Sequence):
                getattr(message, name).extend(value)
            else:
                setattr(message, name, value)
        except (TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"hyper-parameter {name}: {value!r} does not fit: {error}") from error
    return message


def _enumerator(what: str, prefix: str, value: str, allowed: Sequence[str]) -> str:
    word = str(value).replace("_", "-")
    if word not in allowed:
        raise ValueError(f"{what} must be one of {', '.join(allowed)}, got {value!r}")
    return prefix + word.replace("-", "_").upper()
