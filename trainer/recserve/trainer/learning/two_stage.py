"""Builds and trains the two-stage model."""

from __future__ import annotations

import numpy as np

from recserve.trainer import vocabulary, weights
from recserve.trainer.evaluation.served import judged_pairs
from recserve.trainer.evaluation.setting import Setting
from recserve.trainer.histories import Histories
from recserve.trainer.hyper_parameters import HyperParameters
from recserve.trainer.learning.calibration import platt
from recserve.trainer.learning.inputs import (
    UserInputs,
    batches,
    encode,
    first_encounters,
)
from recserve.trainer.learning.ranking import Offers, RankerTrainer, offers
from recserve.trainer.learning.retrieval import RetrievalTrainer
from recserve.trainer.learning.steps import Steps
from recserve.trainer.learning.stopping import BestWeights, passes
from recserve.trainer.learning.trained import Trained
from recserve.trainer.learning.validation import NextItem
from recserve.trainer.model.endpoints import Endpoints
from recserve.trainer.model.features import table_labels
from recserve.trainer.model.item_tower import ItemTower
from recserve.trainer.model.memory import Memory
from recserve.trainer.model.ranker import Ranker
from recserve.trainer.model.signatures import dimensions_of
from recserve.trainer.model.two_stage import TwoStage
from recserve.trainer.model.user_tower import UserTower
from recserve.trainer.progress import Progress
from recserve.trainer.split import split
from recserve.trainer.tables import Bools, Events, Ints, Tables
from recserve.trainer.weights import SavedWeights
from recserve.v1 import schema_pb2

VALIDATION = "validation_ndcg@10"
MOST_VALIDATION_EVENTS = 2_000
MOST_RANKING_EVENTS = 20_000
FEWEST_VALIDATION_EVENTS = 10
STOPPING_SHARE = 0.2
MOST_CALIBRATION_USERS = 2_000
# Passes in which retrieval learns from the second part, beside as much of the first, so that
# it forgets none: most of what there is to learn is known by then.
LATER_PASSES = 2


def build(
    tables: Tables, train: Events, type_count: int, hp: HyperParameters
) -> tuple[TwoStage, Ints]:
    """An untrained model for the items that training will see.

    Returns:
        The model, and the row of each item's own vector, int32 `[N]`, -1 for none.
    """
    seen = np.flatnonzero(np.bincount(train.item, minlength=tables.item_count))
    own_rows = np.full(tables.item_count, -1, np.int32)
    own_rows[seen] = np.arange(len(seen))
    ids = [str(item_id) for item_id in tables.item_ids[seen]]
    items = ItemTower(ids, vocabulary.learn(tables.item_features), hp.embedding_width)
    users = UserTower(
        hp.history_length,
        type_count,
        vocabulary.learn(tables.user_features),
        vocabulary.learn(train.context),
        hp.embedding_width,
    )
    memory = Memory(hp.history_length, type_count, tables.item_count)
    ranker = Ranker(items.vector_width, hp.hidden_layers, hp.dropout)
    means, deviations = vocabulary.moments(train.value[:, None])
    for reader in (users.weights_of_events, memory.weights_of_events):
        reader.value_moments.assign([means[0], deviations[0]])
    return TwoStage(items, users, memory, ranker, hp.candidate_count), own_rows


class Lesson:
    """The training of one two-stage model, stage after stage.

    The training events are split once more, by the protocol of the holdout: retrieval learns
    from the first part and stops by the second; the ranker learns from the second, which
    retrieval has not seen, and stops by users that it does not learn from; its scores are
    calibrated on the second part, asked as the evaluation asks about the holdout; then
    retrieval learns from the second part too.
    """

    def __init__(
        self,
        tables: Tables,
        train: Events,
        model: TwoStage,
        own_rows: Ints,
        hp: HyperParameters,
        schema: schema_pb2.Schema,
        *,
        warm: bool,
    ) -> None:
        self._tables, self._train, self._model, self._hp = tables, train, model, hp
        self.dimensions = dimensions_of(
            schema, tables, hp.history_length, model.items.vector_width, model.ranker.state_width
        )
        self._warm = warm
        self._rng = np.random.default_rng(hp.seed)
        self._user_features = encode(model.users.user_features, tables.user_features)
        features = encode(model.items.features, tables.item_features)
        self._retrieval = RetrievalTrainer(model, own_rows, features, hp)
        later = split(
            train, hp.holdout_share, clock=tables.clock, ordered=tables.ordered, seed=hp.seed
        ).holdout
        self._later = np.flatnonzero(later & self._learnable(train))
        self._is_parted = len(self._later) >= FEWEST_VALIDATION_EVENTS
        if not self._is_parted:
            # Too little to hold a part back: stop by what is learned from.
            later, self._later = np.zeros_like(later), np.flatnonzero(self._learnable(train))
        self._earlier, self._second = train.take(~later), train.take(later)

    def learn_retrieval(self, progress: Progress) -> list[float]:
        """Trains the towers with early stopping.

        Returns:
            The loss of each pass.
        """
        trainer, hp = self._retrieval, self._hp
        trainer.use(self._earlier)
        inputs, examples = self._inputs(self._earlier), self._examples(self._earlier)
        whole = self._inputs(self._train)
        asked = self._rng.permutation(self._later)[:MOST_VALIDATION_EVENTS]
        validation = NextItem(self._model, whole, self._train, asked)

        def score() -> float:
            return validation.ndcg(trainer.item_vectors())

        # Towers that know nothing stand behind the memory's back: what they score before the
        # first pass is no measure for them.
        best = BestWeights(trainer.weights, hp.patience)
        asked_of = (inputs, self._earlier, examples)
        steps = Steps(progress, hp.max_epochs, len(batches(examples, hp.batch_size)))
        steps.start(trainer.start_loss(*asked_of))
        losses = []
        for number, loss, reached in passes(
            hp.max_epochs, best, score, lambda: trainer.epoch(*asked_of, steps)
        ):
            losses.append(loss)
            progress.epoch(number, hp.max_epochs, loss, {VALIDATION: reached})
        return losses

    def learn_ranking(self, progress: Progress) -> None:
        """Trains the ranker on events that retrieval has not seen, with early stopping."""
        positions = self._rng.permutation(self._later)[:MOST_RANKING_EVENTS]
        vectors = self._retrieval.item_vectors()
        inputs = self._inputs(self._train)
        offered = offers(self._model, vectors, inputs, self._train, np.sort(positions))
        if len(offered) < FEWEST_VALIDATION_EVENTS:
            return
        learned, held = self._parted(offered)
        trainer = RankerTrainer(self._model, vectors, self._hp)
        if not self._warm:
            trainer.calibrate(learned)
        best = BestWeights(trainer.weights, self._hp.patience)
        best.note_start(trainer.ndcg(held))
        most = self._hp.max_epochs
        per_pass = len(batches(np.arange(len(learned)), self._hp.batch_size))
        steps = Steps(progress, most, per_pass)
        steps.start(trainer.start_loss(learned))
        for number, loss, reached in passes(
            most, best, lambda: trainer.ndcg(held), lambda: trainer.epoch(learned, steps)
        ):
            progress.epoch(number, most, loss, {VALIDATION: reached})
        self._calibrate(trainer, held)

    def learn_the_rest(self, progress: Progress) -> None:
        """Lets retrieval learn from the second part too."""
        if not self._is_parted:
            return
        self._retrieval.use(self._train)
        inputs = self._inputs(self._train)
        others = np.setdiff1d(self._examples(self._train), self._later)
        beside = min(len(others), len(self._later))
        per_pass = len(batches(np.arange(len(self._later) + beside), self._hp.batch_size))
        steps = Steps(progress, LATER_PASSES, per_pass)
        steps.start(self._retrieval.start_loss(inputs, self._train, self._later))
        for number in range(1, LATER_PASSES + 1):
            known = self._rng.permutation(others)[:beside]
            examples = np.concatenate([self._later, known])
            loss = self._retrieval.epoch(inputs, self._train, examples, steps)
            progress.epoch(number, LATER_PASSES, loss, {})

    def _calibrate(self, trainer: RankerTrainer, held: Offers) -> None:
        """Makes scores probabilities, by answers about users as long ahead as the holdout is.

        At the next event all models look better than they are a while later. Where too few
        users have events in both parts, the next events have to do.
        """
        setting = Setting.of(self._tables, self._earlier, self._second, self._hp)
        run = Endpoints(self._model, self.dimensions).run
        found = platt(*judged_pairs(run, setting, MOST_CALIBRATION_USERS))
        found = found or platt(*trainer.pairs(held))
        if found is not None:
            self._model.ranker.rescale(*found)

    def _parted(self, offered: Offers) -> tuple[Offers, Offers]:
        """Offers to learn from, and those to other users to stop by."""
        users = np.unique(offered.asked)
        chosen = users[self._rng.random(len(users)) < STOPPING_SHARE]
        held = np.isin(offered.asked, chosen)
        if held.all() or not held.any():
            return offered, offered
        return offered.take(~held), offered.take(held)

    def _examples(self, events: Events) -> Ints:
        return np.flatnonzero(self._learnable(events))

    def _learnable(self, events: Events) -> Bools:
        """Positive first encounters: what a server, which leaves out seen items, could offer."""
        first = first_encounters(events.user, events.item, self._tables.item_count)
        return events.positive & first

    def _inputs(self, events: Events) -> UserInputs:
        return UserInputs(
            Histories(
                events, self._tables.user_count, self._hp.history_length, clock=self._tables.clock
            ),
            events.user,
            self._user_features,
            encode(self._model.users.context_features, events.context),
        )


def vocabularies(model: TwoStage) -> dict[str, list[str]]:
    """What the rows of the model's tables stand for, by the path of the weight."""
    encoders = (model.items.features, model.users.user_features, model.users.context_features)
    items = model.items
    return table_labels(encoders) | {
        items.table.path: items.item_ids,
        items.bias.path: items.item_ids,
    }


def learn(
    tables: Tables,
    train: Events,
    schema: schema_pb2.Schema,
    hp: HyperParameters,
    start: SavedWeights | None,
    progress: Progress,
) -> Trained:
    """Builds and trains a two-stage model.

    Args:
        tables: The whole cleaned data; of its events only `train` is learned from.
        train: The training events.
        schema: What the data means.
        hp: Hyper-parameters.
        start: Weights to start from; None for fresh ones.
        progress: Hears of each stage and pass.

    Raises:
        WarmStartError: If `start` does not fit.
    """
    progress.stage("features", f"{tables.user_count} users, {tables.item_count} items")
    model, own_rows = build(tables, train, max(1, len(schema.event_types)), hp)
    named = vocabularies(model)
    if start is not None:
        weights.restore(start, model.trainable_variables, named)
    lesson = Lesson(tables, train, model, own_rows, hp, schema, warm=start is not None)
    progress.stage("retrieval")
    losses = lesson.learn_retrieval(progress)
    progress.stage("ranking")
    lesson.learn_ranking(progress)
    progress.stage("retrieval", "learns from the later events too")
    lesson.learn_the_rest(progress)
    return Trained(
        family="two_stage",
        endpoints=Endpoints(model, lesson.dimensions),
        dimensions=lesson.dimensions,
        candidate_count=hp.candidate_count,
        variables=model.trainable_variables,
        vocabularies=named,
        uses_history=True,
        losses=losses,
    )
