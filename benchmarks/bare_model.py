"""The model by itself: the SavedModel of a version, called in a process of its own.

`python -m benchmarks.bare_model VERSION_FOLDER HISTORY_FILE` takes lines `recommend BATCH CALLS`
and `arithmetic BATCH CALLS`, and answers each with JSON: `p50_ms`, `p99_ms` and `cpu_us` (processor
time for one user). `recommend` is the version's signature with tensors that are ready. `arithmetic`
is the least that such an answer can be: one matrix product over all items, the best 200, a ranking
MLP 64 → 100 → 50 → 1 over them, the best ten. It knows docs/artefact.md alone and no code of the
server, which so can change without moving this floor.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.answers import percentile

RESULTS, RETRIEVED, WIDTH, LAYERS = 10, 200, 64, (100, 50, 1)
SECONDS_BETWEEN_EVENTS = 3600.0


class BareModel:
    """A version, and the history of one user who asks again and again."""

    def __init__(self, folder: Path, history: Sequence[str]) -> None:
        import tensorflow as tf

        self._tf = tf
        # As the engine sets them: with TensorFlow's own settings this floor would be higher.
        cores = len(os.sched_getaffinity(0))
        tf.config.threading.set_intra_op_parallelism_threads(max(1, cores // 2))
        tf.config.threading.set_inter_op_parallelism_threads(1)
        self._loaded = tf.saved_model.load(str(folder / "saved_model"))  # kept: it owns variables
        self._signatures = self._loaded.signatures
        with np.load(folder / "items.npz", allow_pickle=False) as table:
            ids = _strings(table["item_id_bytes"], table["item_id_offsets"])
            inputs = {
                "item_ids": ids,
                "item_popularity": table["popularity"],
                "item_numeric": table["numeric"],
                "item_categorical": _strings(
                    table["categorical_bytes"], table["categorical_offsets"]
                ),
                "item_multi_valued": _strings(
                    table["multi_valued_bytes"], table["multi_valued_offsets"]
                ),
            }
        rows = {str(item_id): row for row, item_id in enumerate(ids)}
        self._history = [rows[item_id] for item_id in history if item_id in rows]
        self._item_count = len(ids)
        self._items = self._signatures["encode_items"](**self._tensors("encode_items", inputs))

    def recommend(self, batch: int) -> Callable[[], Any]:
        """A call of the signature for so many users."""
        length = self._specs("recommend")["history_rows"].shape[1]
        seen = self._history
        last = seen[-length:]
        ages = SECONDS_BETWEEN_EVENTS * np.arange(len(last), 0, -1)
        given = {
            "history_rows": _repeated(batch, length, last, -1),
            "history_types": _repeated(batch, length, [0] * len(last), -1),
            "history_values": _repeated(batch, length, [4.0] * len(last), np.nan),
            "history_ages": _repeated(batch, length, ages, np.nan),
            "available": np.ones(self._item_count, bool),
            "excluded_rows": _repeated(batch, max(1, len(seen)), seen, -1),
            "result_count": np.int32(RESULTS),
        }
        tensors = self._tensors("recommend", given, batch) | self._items
        signature = self._signatures["recommend"]
        return lambda: signature(**tensors)["rows"].numpy()

    def arithmetic(self, batch: int) -> Callable[[], Any]:
        """The least work for so many users over so many items."""
        tf, chance = self._tf, np.random.default_rng(7)

        def numbers(*shape: int) -> Any:
            return tf.constant(chance.standard_normal(shape), tf.float32)

        items, users = numbers(self._item_count, WIDTH), numbers(batch, WIDTH)
        layers = [numbers(*shape) for shape in zip((WIDTH, *LAYERS), LAYERS, strict=False)]

        @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
        def answer(users: Any) -> Any:
            scores = tf.linalg.matmul(users, items, transpose_b=True)
            found = tf.math.top_k(scores, min(RETRIEVED, self._item_count)).indices
            values = tf.gather(items, found) * users[:, None, :]
            for layer in layers:
                values = tf.nn.relu(tf.linalg.matmul(values, layer))
            best = tf.math.top_k(values[..., 0], RESULTS).indices
            return tf.gather(found, best, batch_dims=1)

        return lambda: answer(users).numpy()

    def _specs(self, name: str) -> dict[str, Any]:
        specs: dict[str, Any] = self._signatures[name].structured_input_signature[1]
        return specs

    def _tensors(self, name: str, given: dict[str, Any], batch: int = 1) -> dict[str, Any]:
        """Tensors of the inputs; features of users and context that are not given are missing."""
        tensors = {}
        for key, spec in self._specs(name).items():
            if key in ("item_vectors", "item_states"):
                continue
            shape = spec.shape.as_list()
            values = given.get(key)
            if values is None:
                empty = "" if spec.dtype == self._tf.string else np.nan
                values = np.full([batch, *shape[1:]], empty, object if empty == "" else np.float32)
            elif name == "encode_items":
                values = values.reshape([len(given["item_ids"]), *shape[1:]])
            tensors[key] = self._tf.constant(values, spec.dtype)
        return tensors


def measure(call: Callable[[], Any], batch: int, calls: int) -> dict[str, float]:
    """Call again and again; durations of a call, and processor time of one user."""
    call()
    seconds = []
    processor = time.process_time()
    for _ in range(calls):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return {
        "p50_ms": percentile(seconds, 0.5) * 1000,
        "p99_ms": percentile(seconds, 0.99) * 1000,
        "cpu_us": (time.process_time() - processor) / (calls * batch) * 1e6,
    }


def _strings(joined: Any, offsets: Any) -> Any:
    data = joined.tobytes()
    ends = offsets.tolist()
    pairs = pairwise(ends)
    return np.array([data[start:end].decode() for start, end in pairs], object)


def _repeated(batch: int, length: int, values: Sequence[Any], empty: float) -> Any:
    row = np.full(length, empty, np.float32 if np.isnan(empty) else np.int32)
    row[: len(values)] = values
    return np.tile(row, (batch, 1))


def main(folder: Path, history: Path) -> None:
    """Answer lines until they end."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    model = BareModel(folder, history.read_text().split())
    made: dict[tuple[str, str], Callable[[], Any]] = {}
    print("ready", flush=True)
    for line in sys.stdin:
        what, batch, calls = line.split()
        if (what, batch) not in made:
            made[what, batch] = getattr(model, what)(int(batch))
        print(json.dumps(measure(made[what, batch], int(batch), int(calls))), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
