"""One loaded model version: the SavedModel, and the items it ranks."""

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from recserve.server.engine import padding
from recserve.server.engine.arrays import BoolArray, Float32Array, Int32Array
from recserve.server.engine.frames import ArrivedRequest
from recserve.server.engine.graph_inputs import text_features, user_numbers
from recserve.server.engine.shaping_frames import PackedMask
from recserve.server.engine.user_inputs import UserLayout
from recserve.server.feature_widths import FeatureWidths
from recserve.server.item_table import read_item_clusters, read_item_inputs
from recserve.server.shaping import ItemVectors, Shaped, most_alike, shape
from recserve.v1 import model_pb2

SIGNATURES = ("encode_items", "recommend", "score")

Arrays = dict[str, Any]
Pair = tuple[Int32Array, Float32Array]
Found = list[Pair | Shaped]
"""Rows and scores of each request, best first; of given candidates in their order."""


class UnusableModel(Exception):
    """A SavedModel that does not keep to docs/artefact.md."""


class LoadedModel:
    """A version ready to compute. One thread ranks; any may say what is available.

    Args:
        folder: The version's folder, already verified.
        manifest: Its manifest.

    Raises:
        UnusableModel: a signature is missing or refuses its inputs.
    """

    def __init__(self, folder: Path, manifest: model_pb2.ModelVersion) -> None:
        widths = self._widths = FeatureWidths.of(manifest)
        # Kept: the signatures hold only weak references to its variables.
        self._loaded = tf.saved_model.load(str(folder / "saved_model"))
        missing = [name for name in SIGNATURES if name not in self._loaded.signatures]
        if missing:
            raise UnusableModel(f"the SavedModel has no signature {', '.join(missing)}")
        inputs = read_item_inputs(folder / "items.npz", widths)
        self._items = self._encode(inputs)
        self._clusters = read_item_clusters(folder / "items.npz")
        self._available = np.ones(len(inputs["item_ids"]), np.bool_)
        self._allowed = tf.Variable(self._available, trainable=False)
        self._in_force: tuple[BoolArray, PackedMask | None] = (self._available, None)
        self.rows_found = manifest.layout.candidate_count or self.item_count
        """Rows that retrieval finds, and ranking then scores, unless more are asked for."""
        layout = self._layout = UserLayout(widths)
        callers = [_Input("users", tf.int32, (None, None))]
        if widths.context_numeric:
            callers.append(_Input("context_numeric", tf.float32, (None, widths.context_numeric)))
        if widths.strings:
            callers.append(_Input("strings", tf.string, (None, widths.strings)))
        self._random = np.random.default_rng()  # seeded by the operating system
        self.traces = 0
        """How often TensorFlow has traced Python; it must not after the warm-up."""
        try:
            self._recommend = self._compile(
                "recommend",
                layout,
                [
                    *callers,
                    _Input("excluded_rows", tf.int32, (None, None)),
                    _Input("result_count", tf.int32, ()),
                ],
                outputs={"rows": tf.int32, "scores": tf.float32},
                fixed={"available": self._allowed},
            )
            self._score = self._compile(
                "score",
                layout,
                [
                    *callers,
                    _Input("candidate_rows", tf.int32, (None, None)),
                    _Input("candidate_features", tf.float32, (None, None, widths.candidate)),
                ],
                outputs={"scores": tf.float32},
                fixed={},
            )
        except (TypeError, ValueError, KeyError) as error:
            raise UnusableModel(f"the SavedModel takes other inputs: {error}") from error

    @property
    def item_count(self) -> int:
        """Items that it can rank."""
        return len(self._available)

    def set_available(self, available: BoolArray) -> None:
        """Say which rows may be returned at all; a mask of another length is refused.

        Raises:
            ValueError: the mask does not fit.
        """
        if available.shape != (self.item_count,):
            raise ValueError(f"the mask has {available.shape}, not {(self.item_count,)}")
        self._available = available

    def rank(self, requests: Sequence[ArrivedRequest]) -> Found:
        """Answer requests in one call of the model.

        Args:
            requests: All with candidates, all without and with the same filter, or all for
                similar items.

        Raises:
            ValueError: a request is not of this version's layout.
        """
        if _similar_to(requests[0]) is not None:
            return [self._similar(request) for request in requests]
        size = padding.padded_size(len(requests))
        callers: Arrays = {"users": padding.users(requests, size, self._layout)}
        if width := self._widths.context_numeric:
            callers["context_numeric"] = padding.context_numbers(requests, size, width)
        if width := self._widths.strings:
            callers["strings"] = padding.strings(requests, size, width)
        if requests[0].candidate_rows is None:
            found = self._find(requests, callers, size)
        else:
            found = self._score_given(requests, callers, size)
        return [
            each if request.shaping is None else self._shape(request, *each)
            for request, each in zip(requests, found, strict=True)
        ]

    def _shape(
        self, request: ArrivedRequest, rows: Int32Array, scores: Float32Array
    ) -> Pair | Shaped:
        wanted = None if request.shaping is None else request.shaping.reranking
        if wanted is None:
            return rows, scores
        if request.candidate_rows is not None:
            best = np.argsort(-scores, kind="stable")[: request.result_count]
            rows, scores = rows[best], scores[best]
        return shape(wanted, self._vectors, self._random, rows, scores, self._clusters)

    def _similar(self, request: ArrivedRequest) -> Pair:
        row, mask = _similar_to(request), _mask(request)
        allowed = self._available.copy()
        if mask is not None:
            allowed &= mask.allowed(len(allowed))
        allowed[np.frombuffer(request.excluded_rows, np.int32)] = False
        return most_alike(self._vectors, row or 0, allowed, request.result_count)

    @cached_property
    def _vectors(self) -> ItemVectors:
        """Looked at when they are first asked for: on a GPU that is a copy."""
        return ItemVectors(self._items["item_vectors"].numpy())

    def _find(self, requests: Sequence[ArrivedRequest], callers: Arrays, size: int) -> list[Pair]:
        wanted = [request.result_count for request in requests]
        self._allow(_mask(requests[0]))
        rows, scores = self._recommend(
            **callers,
            excluded_rows=padding.excluded_rows(requests, size),
            result_count=np.int32(max(wanted)),
        )
        found = np.minimum(np.count_nonzero(rows[: len(wanted)] >= 0, axis=1), wanted).tolist()
        return [(rows[i, :count], scores[i, :count]) for i, count in enumerate(found)]

    def _allow(self, mask: PackedMask | None) -> None:
        """See to it that only available rows of the mask are found.

        One variable holds what is in force, and changes only when a batch wants something else:
        so a filter takes no input of its own, and none of the time of requests without one.
        """
        available = self._available  # read once: another thread may change it
        if self._in_force[0] is available and self._in_force[1] is mask:
            return
        allowed = available if mask is None else available & mask.allowed(len(available))
        self._allowed.assign(allowed)
        self._in_force = (available, mask)

    def _score_given(
        self, requests: Sequence[ArrivedRequest], callers: Arrays, size: int
    ) -> list[Pair]:
        rows = padding.candidate_rows(requests, size)
        width = self._widths.candidate
        features = padding.candidate_features(requests, size, rows.shape[1], width)
        (scores,) = self._score(**callers, candidate_rows=rows, candidate_features=features)
        counts = [request.candidate_count for request in requests]
        return [(rows[i, :count], scores[i, :count]) for i, count in enumerate(counts)]

    def _encode(self, inputs: Arrays) -> dict[str, Any]:
        try:
            encoded = self._loaded.signatures["encode_items"](
                **{name: _tensor(values) for name, values in inputs.items()}
            )
            return {name: encoded[name] for name in ("item_vectors", "item_states")}
        except (KeyError, TypeError, ValueError, tf.errors.OpError) as error:
            raise UnusableModel(f"encode_items does not take the item table: {error}") from error

    def _compile(
        self,
        name: str,
        layout: UserLayout,
        inputs: "list[_Input]",
        *,
        outputs: dict[str, Any],
        fixed: dict[str, Any],
    ) -> Callable[..., list[Any]]:
        """Make one function of a signature: from the bytes of users to arrays of answers.

        Calling the signature itself costs more than some models, for it looks at each of its
        inputs by name in Python. Here items are bound once, and few inputs are left.
        """
        signature = self._loaded.signatures[name]

        def compute(*tensors: Any) -> list[Any]:
            self.traces += 1
            given = dict(zip((each.name for each in inputs), tensors, strict=True))
            users = user_numbers(given.pop("users"), layout)
            texts = given.pop("strings", None)
            size = tf.shape(users["history_rows"])[:1]
            users |= text_features(texts, size, layout.widths)
            given.setdefault("context_numeric", tf.zeros(tf.concat([size, [0]], 0)))
            answer = signature(**users, **given, **self._items, **fixed)
            return [answer[output] for output in outputs]

        specs = [tf.TensorSpec(each.shape, each.dtype, each.name) for each in inputs]
        function = tf.function(compute, input_signature=specs, autograph=False)
        concrete = function.get_concrete_function()
        captured, types = concrete.captured_inputs, list(outputs.values())

        def call(**arrays: Any) -> list[Any]:
            tensors = [_tensor(arrays[each.name]) for each in inputs]
            results = tf.raw_ops.StatefulPartitionedCall(
                args=[*tensors, *captured], Tout=types, f=concrete
            )
            return [result.numpy() for result in results]

        return call


class _Input:
    """An input of a compiled function."""

    def __init__(self, name: str, dtype: Any, shape: tuple[int | None, ...]) -> None:
        self.name, self.dtype, self.shape = name, dtype, shape


def _similar_to(request: ArrivedRequest) -> int | None:
    return None if request.shaping is None else request.shaping.similar_to


def _mask(request: ArrivedRequest) -> PackedMask | None:
    """That of the whole batch: only requests with the same one share it."""
    return None if request.shaping is None else request.shaping.mask


def _tensor(values: Any) -> Any:
    return tf.constant(values, tf.string if values.dtype == object else None)
