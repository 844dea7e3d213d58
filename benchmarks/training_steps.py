"""Training beside a bare Keras `fit`: `python -m benchmarks.training_steps DATASET ROUNDS STEPS`.

Both take the same steps of retrieval, the stage that takes longest. `ours` is the trainer's own
pass: batches are drawn and histories cut while the step before is being learned. `bare` is
`keras.Model.fit` on batches that lie ready in memory, with the same loss and the same optimiser.
Prints JSON: examples per second of each, round by round.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from recserve.trainer import training_data
from recserve.trainer.histories import Histories
from recserve.trainer.hyper_parameters import HyperParameters
from recserve.trainer.learning.inputs import UserInputs, batches, encode, first_encounters
from recserve.trainer.learning.retrieval import RetrievalTrainer, Step
from recserve.trainer.learning.steps import Steps
from recserve.trainer.learning.untrained import build
from recserve.trainer.model.history import RECENT
from recserve.trainer.progress import Silent
from recserve.trainer.training import read_schema


class Bare(keras.Model):
    """What Keras fits: one step of the trainer is its training step."""

    def __init__(self, trainer: RetrievalTrainer) -> None:
        super().__init__()
        self._trainer = trainer
        self.built = True

    def train_step(self, data: Step) -> dict[str, Any]:
        """One step."""
        return {"loss": self._trainer.learn(data)}


def main(dataset: Path, rounds: int, steps: int) -> None:
    """Measure in turn; a first round is thrown away, for it traces."""
    hp = HyperParameters()
    schema = read_schema(dataset, None)
    data = training_data.read(dataset, schema, hp, Silent())
    tables, train = data.tables, data.train
    model, own_rows = build(tables, train, schema, hp)
    trainer = RetrievalTrainer(
        model, own_rows, encode(model.items.features, tables.item_features), hp
    )
    trainer.use(train)
    inputs = UserInputs(
        Histories(train, tables.user_count, RECENT, clock=tables.clock),
        train.user,
        encode(model.users.user_features, tables.user_features),
        encode(model.users.context_features, train.context),
    )
    first = first_encounters(train.user, train.item, tables.item_count)
    drawn = np.random.default_rng(hp.seed).permutation(np.flatnonzero(train.positive & first))
    examples = drawn[: steps * hp.batch_size]
    ready = [trainer.prepare(inputs, train, batch) for batch in batches(examples, hp.batch_size)]
    bare = Bare(trainer)
    bare.compile(optimizer="sgd")  # Keras asks for one; the step has its own
    found: dict[str, list[float]] = {"ours": [], "bare": []}
    for number in range(rounds + 1):
        seconds = {"ours": _ours(trainer, inputs, train, examples, hp), "bare": _bare(bare, ready)}
        if number:
            for name, taken in seconds.items():
                found[name].append(len(examples) / taken)
    print(json.dumps(found))


def _ours(
    trainer: RetrievalTrainer, inputs: UserInputs, train: Any, examples: Any, hp: HyperParameters
) -> float:
    steps = Steps(Silent(), 1, len(batches(examples, hp.batch_size)))
    began = time.perf_counter()
    trainer.epoch(inputs, train, examples, steps)
    return time.perf_counter() - began


def _bare(bare: Bare, ready: list[Step]) -> float:
    began = time.perf_counter()
    bare.fit(_stream(ready), epochs=1, verbose=0)
    return time.perf_counter() - began


def _stream(ready: list[Step]) -> Any:
    def specification(*arrays: Any) -> Any:
        """The shape that all have, None where they differ."""
        tensors = [tf.convert_to_tensor(array) for array in arrays]
        sizes = zip(*(tensor.shape for tensor in tensors), strict=True)
        shape = [each[0] if len(set(each)) == 1 else None for each in sizes]
        return tf.TensorSpec(shape, tensors[0].dtype)

    signature = tf.nest.map_structure(specification, *ready)
    return tf.data.Dataset.from_generator(lambda: iter(ready), output_signature=signature)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
