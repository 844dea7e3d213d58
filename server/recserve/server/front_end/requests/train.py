"""Checks a TrainRequest."""

import math

from recserve.server.front_end.requests.checks import Checks
from recserve.v1 import model_pb2, promotion_pb2, training_pb2

MAX_PATH_BYTES = 4096
MAX_REQUEST_ID_BYTES = 128
MAX_LAYERS = 8
MAX_UNITS = 4096
_RANGES = {
    "embedding_width": "4 to 1024",
    "history_length": "1 to 1000",
    "candidate_count": "10 to 10000",
    "learning_rate": "above 0, at most 1",
    "batch_size": "1 to 65536",
    "max_epochs": "1 to 1000",
    "patience": "1 to 100",
    "dropout": "0 to 0.9",
    "l2": "0 to 1",
    "negatives_per_positive": "1 to 100",
    "holdout_share": "above 0, at most 0.5",
    "seed": "0 to 2147483647",
}
"""As hyper_parameters.proto states them."""


def check_train_request(request: training_pb2.TrainRequest) -> None:
    """Check everything that can be known before the data is looked at.

    Raises:
        InvalidRequest: a field is bad; a violation for each.
    """
    checks = Checks()
    checks.text(request.dataset_path, "dataset_path", MAX_PATH_BYTES)
    checks.text(request.request_id, "request_id", MAX_REQUEST_ID_BYTES)
    _check_times(request.event_log, checks)
    known = request.mode in model_pb2.TrainingMode.values()
    checks.require(known, "mode", "is none of TrainingMode")
    known = request.promotion in promotion_pb2.Promotion.values()
    checks.require(known, "promotion", "is none of Promotion")
    checks.require(request.base_version >= 0, "base_version", "must not be negative")
    warm = request.mode == model_pb2.TRAINING_MODE_WARM_START or not request.base_version
    checks.require(warm, "base_version", "is for TRAINING_MODE_WARM_START only")
    _check_hyper_parameters(request, checks)
    checks.raise_if_any()


def _check_times(times: training_pb2.EventLogRange, checks: Checks) -> None:
    for name in ("start_time", "end_time"):
        stamp = getattr(times, name)
        within = 0 <= stamp.nanos < 1_000_000_000 and 0 <= stamp.seconds < 253_402_300_800
        checks.require(within, f"event_log.{name}", "must be from 1970 to 9999")
    if times.HasField("start_time") and times.HasField("end_time"):
        start, end = times.start_time, times.end_time
        ordered = (start.seconds, start.nanos) < (end.seconds, end.nanos)
        checks.require(ordered, "event_log.end_time", "must be after start_time")


def _check_hyper_parameters(request: training_pb2.TrainRequest, checks: Checks) -> None:
    chosen = request.hyper_parameters
    layers = chosen.hidden_layers
    good = len(layers) <= MAX_LAYERS and all(1 <= units <= MAX_UNITS for units in layers)
    what = f"must be 1 to {MAX_LAYERS} layers of 1 to {MAX_UNITS} units"
    checks.require(good, "hyper_parameters.hidden_layers", what)
    for name, allowed in _RANGES.items():
        if chosen.HasField(name):
            good = _is_within(getattr(chosen, name), allowed)
            checks.require(good, f"hyper_parameters.{name}", f"must be {allowed}")


def _is_within(value: float, allowed: str) -> bool:
    if allowed.startswith("above "):
        return 0 < value <= float(allowed.rpartition(" ")[2])
    low, _, high = allowed.partition(" to ")
    return math.isfinite(value) and float(low) <= value <= float(high)
