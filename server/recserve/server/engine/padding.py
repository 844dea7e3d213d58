"""From a list of requests to the padded arrays of one call of the model."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recserve.server.engine.contract import RankingRequest
from recserve.server.feature_widths import FeatureWidths

Arrays = dict[str, NDArray[np.generic]]

BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


def padded_size(count: int) -> int:
    """The smallest batch size that holds `count` requests."""
    return next(size for size in BATCH_SIZES if size >= count)


def padded_width(count: int) -> int:
    """The next power of two: few shapes, so that the kernels of the model stay warm."""
    return 1 << max(count - 1, 0).bit_length()


def user_inputs(requests: Sequence[RankingRequest], size: int, widths: FeatureWidths) -> Arrays:
    """The user inputs of docs/artefact.md for `size` rows; those past the requests are empty."""
    length = widths.history
    arrays: Arrays = {
        "history_rows": np.full((size, length), -1, np.int32),
        "history_types": np.full((size, length), -1, np.int32),
        "history_values": np.full((size, length), np.nan, np.float32),
        "history_ages": np.full((size, length), np.nan, np.float32),
        "user_numeric": np.full((size, widths.user_numeric), np.nan, np.float32),
        "context_numeric": np.full((size, widths.context_numeric), np.nan, np.float32),
    }
    strings = np.full((size, widths.strings), "", object)
    for row, request in enumerate(requests):
        for name in ("history_rows", "history_types", "history_values", "history_ages"):
            values = getattr(request, name)
            values = values[max(0, len(values) - length) :]
            arrays[name][row, : len(values)] = values
        for name in ("user_numeric", "context_numeric"):
            if len(values := getattr(request, name)):
                arrays[name][row] = values
        if request.strings:
            strings[row] = request.strings
    return arrays | _split_strings(strings, widths)


def excluded_rows(requests: Sequence[RankingRequest], size: int) -> NDArray[np.int32]:
    """Shape `[size, E]`, padded with -1."""
    widest = max((len(request.excluded_rows) for request in requests), default=0)
    excluded = np.full((size, padded_width(max(1, widest))), -1, np.int32)
    for row, request in enumerate(requests):
        excluded[row, : len(request.excluded_rows)] = request.excluded_rows
    return excluded


def candidates(requests: Sequence[RankingRequest], size: int, widths: FeatureWidths) -> Arrays:
    """Rows `[size, C]` padded with -1, and features `[size, C, P]` padded with NaN."""
    given = [_given(request) for request in requests]
    width = padded_width(max(1, *map(len, given)))
    rows = np.full((size, width), -1, np.int32)
    features = np.full((size, width, widths.candidate), np.nan, np.float32)
    for row, (request, own) in enumerate(zip(requests, given, strict=True)):
        rows[row, : len(own)] = own
        if len(request.candidate_features):
            features[row, : len(own)] = request.candidate_features.reshape(-1, widths.candidate)
    return {"candidate_rows": rows, "candidate_features": features}


def _given(request: RankingRequest) -> NDArray[np.int32]:
    if request.candidate_rows is None:
        raise ValueError("a request without candidates cannot be scored")
    return request.candidate_rows


def _split_strings(strings: NDArray[np.object_], widths: FeatureWidths) -> Arrays:
    size, length = len(strings), widths.multi_valued_length
    arrays: Arrays = {}
    start = 0
    for owner, categorical, multi_valued in (
        ("user", widths.user_categorical, widths.user_multi_valued),
        ("context", widths.context_categorical, widths.context_multi_valued),
    ):
        middle = start + categorical
        end = middle + multi_valued * length
        arrays[f"{owner}_categorical"] = strings[:, start:middle]
        arrays[f"{owner}_multi_valued"] = strings[:, middle:end].reshape(size, multi_valued, length)
        start = end
    return arrays
