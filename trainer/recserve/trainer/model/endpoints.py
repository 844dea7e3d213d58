"""The signatures as functions that are traced once, and can be exported."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from recserve.trainer.model.signatures import Dimensions, input_specs

WRITE_ERRORS = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO)


class Endpoints(tf.Module):
    """The signatures of a model.

    Evaluation calls them and the artefact holds them, so what is measured is what is served.
    """

    def __init__(self, model: Any, dimensions: Dimensions) -> None:
        super().__init__()
        self.model = model
        self.functions = {
            name: tf.function(getattr(model, name), input_signature=[specs], autograph=False)
            for name, specs in input_specs(dimensions).items()
        }

    def run(self, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Runs one signature on arrays."""
        function = self.functions[name]
        specs = function.input_signature[0]
        tensors = {key: as_tensor(inputs[key], spec.dtype) for key, spec in specs.items()}
        return {key: value.numpy() for key, value in function(tensors).items()}

    def save(self, folder: Path) -> None:
        """Writes a SavedModel that needs neither our Python nor Keras.

        Raises:
            OSError: If it cannot be written, as on a full disk.
        """
        signatures = {name: _by_name(function) for name, function in self.functions.items()}
        try:
            tf.saved_model.save(self, str(folder), signatures=signatures)
        except tf.errors.OpError as error:
            raise _as_os_error(error, folder) from error


def as_tensor(value: Any, dtype: Any) -> Any:
    """An array as a tensor; arrays of str become string tensors."""
    if dtype == tf.string:
        array = np.asarray(value)
        return tf.constant(array.astype(str) if array.size else np.empty(array.shape, "S1"), dtype)
    return tf.convert_to_tensor(value, dtype)


def _by_name(function: Any) -> Any:
    specs = function.input_signature[0]
    named = tf.function(lambda **inputs: function.python_function(inputs), autograph=False)
    return named.get_concrete_function(**specs)


def _as_os_error(error: Any, folder: Path) -> OSError:
    """TensorFlow says of a failed write what the system said, among other things."""
    codes = (code for code in WRITE_ERRORS if os.strerror(code) in str(error))
    code = next(codes, None)
    if code is None:
        return OSError(errno.EIO, str(error), str(folder))
    return OSError(code, os.strerror(code), str(folder))
