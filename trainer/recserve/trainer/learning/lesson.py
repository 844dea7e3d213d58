"""The training of one two-stage model, stage after stage."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

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
from recserve.trainer.learning.mixture import choose_weights
from recserve.trainer.learning.neighbours import NeighbourTrainer
from recserve.trainer.learning.ranking import Offers, RankerTrainer, offers
from recserve.trainer.learning.retrieval import MOST_EXAMPLES, RetrievalTrainer
from recserve.trainer.learning.steps import Steps
from recserve.trainer.learning.stopping import BestWeights, passes
from recserve.trainer.learning.validation import NextItem
from recserve.trainer.model.endpoints import Endpoints
from recserve.trainer.model.history import RECENT
from recserve.trainer.model.signatures import dimensions_of
from recserve.trainer.model.two_stage import TwoStage
from recserve.trainer.progress import Progress
from recserve.trainer.split import split
from recserve.trainer.tables import Bools, Events, Floats, Ints, Tables
from recserve.v1 import model_pb2, schema_pb2

VALIDATION = "validation_ndcg@10"
MOST_VALIDATION_EVENTS = 5_000
MOST_OF_A_USER = 20
MOST_RANKING_EVENTS = 20_000
FEWEST_VALIDATION_EVENTS = 10
STOPPING_SHARE = 0.2
# Standard errors above 0 from which on a gain is taken for more than chance.
SURE = 2.0
MOST_CALIBRATION_USERS = 2_000
# Retrieval learns from the second part in one pass, beside as much of the first, so that it forgets
# none, and in smaller steps, so that the last batches do not count more than all others.
LATER_RATE = 0.4
MOST_LATER_EVENTS = MOST_EXAMPLES // 2


class Lesson:
    """The training of one two-stage model, stage after stage.

    The training events are split once more, by the protocol of the holdout: retrieval learns
    from the first part and stops by the second; the ranker learns from the second, which
    retrieval has not seen, and stops by users that it does not learn from; its scores are
    calibrated on the second part, asked as the evaluation asks about the holdout; then
    retrieval learns from the second part too.

    Args:
        tables: The whole cleaned data.
        train: The training events.
        model: The model, fresh or restored.
        own_rows: The row of each item's own vector, int32 `[N]`, -1 for none.
        share: Of the events, the second part.
        hp: Hyper-parameters.
        schema: What the data means.
    """

    def __init__(
        self,
        tables: Tables,
        train: Events,
        model: TwoStage,
        own_rows: Ints,
        share: float,
        hp: HyperParameters,
        schema: schema_pb2.Schema,
    ) -> None:
        self._tables, self._train, self._model, self._hp = tables, train, model, hp
        self.dimensions = dimensions_of(
            schema, tables, hp.history_length, model.items.vector_width, model.ranker.state_width
        )
        self._rng = np.random.default_rng(hp.seed)
        self._later_passes = 1
        self._user_features = encode(model.users.user_features, tables.user_features)
        features = encode(model.items.features, tables.item_features)
        self._neighbours = NeighbourTrainer(model, tables.item_count, ordered=tables.ordered)
        self._retrieval = RetrievalTrainer(model, own_rows, features, hp)
        parts = split(train, share, clock=tables.clock, ordered=tables.ordered, seed=hp.seed)
        later = parts.holdout
        self._moments: Ints | None = None
        if parts.kind == model_pb2.HOLDOUT_KIND_RANDOM:
            # Where there is no order, what is asked for comes after all that is known, and all of
            # it is asked for at once, as the evaluation does.
            order = np.lexsort((later, train.user))
            train, later = train.take(order), later[order]
            self._train = train
            known = np.bincount(train.user[~later], minlength=tables.user_count)
            ends = np.searchsorted(train.user, np.arange(tables.user_count)) + known
            self._moments = np.where(later, ends[train.user], np.arange(len(train)))
        self._later = np.flatnonzero(later & self._learnable(train))
        self.is_parted = len(self._later) >= FEWEST_VALIDATION_EVENTS
        if not self.is_parted:
            # Too little to hold a part back: stop by what is learned from.
            later, self._later = np.zeros_like(later), np.flatnonzero(self._learnable(train))
            self._moments = None
        self._earlier, self._second = train.take(~later), train.take(later)

    @property
    def numbers(self) -> dict[str, float]:
        """What was chosen, and from how many events the model has learned."""
        return {
            "ridge": self._neighbours.ridge,
            "decay": self._neighbours.decay,
            "share": float(self._model.retrieval.share.numpy()),
            "events": len(self._train),
            "first_time": float(self._train.time.min()),
            "last_time": float(self._train.time.max()),
        }

    def go_on(self, numbers: Mapping[str, float]) -> None:
        """Takes what an earlier lesson chose; retrieval then only has to learn the rest."""
        self._neighbours.ridge, self._neighbours.decay = numbers["ridge"], numbers["decay"]
        self._model.retrieval.share.assign(numbers["share"])
        self._later_passes = -(-len(self._later) // MOST_LATER_EVENTS)

    def learn_retrieval(self, progress: Progress, *, restored: bool) -> None:
        """Trains the towers with early stopping.

        Args:
            progress: Hears of each pass.
            restored: Whether the towers know something already.
        """
        trainer, hp = self._retrieval, self._hp
        trainer.use(self._earlier)
        inputs = self._inputs(self._earlier, RECENT)
        examples = self._examples(self._earlier)
        whole = self._inputs(self._train, moments=self._moments)
        asked = self._drawn(MOST_VALIDATION_EVENTS)
        chosen = self._neighbours.choose(self._earlier, whole, self._train, asked)
        progress.stage("retrieval", "neighbours with ridge {:g} and decay {:g}".format(*chosen))
        validation = NextItem(self._model, whole, self._train, asked)

        def score() -> float:
            return validation.ndcg(trainer.item_vectors())

        # Towers that know nothing stand behind the memory's back: what they score before the
        # first pass is no measure for them.
        best = BestWeights(trainer.weights, hp.patience)
        if restored:
            best.note_start(score())
        asked_of = (inputs, self._earlier, examples)
        per_pass = -(-min(len(examples), MOST_EXAMPLES) // hp.batch_size)
        steps = Steps(progress, hp.max_epochs, per_pass)
        steps.start(trainer.start_loss(*asked_of))
        for number, loss, reached in passes(
            hp.max_epochs, best, score, lambda: trainer.epoch(*asked_of, steps)
        ):
            progress.epoch(number, hp.max_epochs, loss, {VALIDATION: reached})
        weights = choose_weights(self._model.retrieval, validation, trainer.item_vectors())
        told = "the memory is trusted by {:.2f}, the neighbours' share is {:g}"
        progress.stage("retrieval", told.format(*weights))

    def learn_ranking(self, progress: Progress) -> None:
        """Trains the ranker on events that retrieval has not seen, with early stopping."""
        positions = self._drawn(MOST_RANKING_EVENTS)
        vectors = self._retrieval.item_vectors()
        inputs = self._inputs(self._train, moments=self._moments)
        offered = offers(self._model, vectors, inputs, self._train, np.sort(positions))
        if len(offered) < FEWEST_VALIDATION_EVENTS:
            return
        learned, held = self._parted(offered)
        trainer = RankerTrainer(self._model, vectors, self._hp)
        self._rank(trainer, learned, held, progress, with_vectors=False)
        progress.stage("ranking", "vectors join in")
        self._rank(trainer, learned, held, progress, with_vectors=True)
        self._calibrate(trainer, held)

    def _rank(
        self,
        trainer: RankerTrainer,
        learned: Offers,
        held: Offers,
        progress: Progress,
        *,
        with_vectors: bool,
    ) -> None:
        """One round of passes, which never ends worse than it begins.

        What retrieval says is few numbers, which few events teach to weigh. Vectors are many: from
        few events a ranker that reads them learns these by heart, so they come second.
        """
        trainer.begin(with_vectors=with_vectors)
        best = BestWeights(trainer.weights, self._hp.patience)
        start, before = trainer.gains(held), [weight.numpy() for weight in trainer.weights]
        best.note_start(float(start.mean()))
        most = self._hp.max_epochs
        steps = Steps(progress, most, len(batches(np.arange(len(learned)), self._hp.batch_size)))
        steps.start(trainer.start_loss(learned))
        for number, loss, reached in passes(
            most, best, lambda: trainer.ndcg(held), lambda: trainer.epoch(learned, steps)
        ):
            progress.epoch(number, most, loss, {VALIDATION: reached})
        better = _means(trainer.gains(held) - start, held.asked)
        if better.mean() < SURE * better.std() / len(better) ** 0.5:
            # It may be chance, and the best pass is the luckiest too: the simpler order is safer.
            for weight, value in zip(trainer.weights, before, strict=True):
                weight.assign(value)

    def learn_the_rest(self, progress: Progress) -> None:
        """Lets retrieval learn from the second part too."""
        if not self.is_parted:
            return
        self._retrieval.use(self._train)
        self._neighbours.use(self._train)
        inputs = self._inputs(self._train, RECENT)
        others = np.setdiff1d(self._examples(self._train), self._later)
        each = min(len(self._later), MOST_LATER_EVENTS)
        beside = min(len(others), each)
        per_pass = len(batches(np.arange(each + beside), self._hp.batch_size))
        most = self._later_passes
        self._retrieval.slow_down(LATER_RATE)
        steps = Steps(progress, most, per_pass)
        steps.start(self._retrieval.start_loss(inputs, self._train, self._later))
        for number in range(1, most + 1):
            new = self._rng.permutation(self._later)[:each]
            known = self._rng.permutation(others)[:beside]
            examples = np.concatenate([new, known])
            loss = self._retrieval.epoch(inputs, self._train, examples, steps)
            progress.epoch(number, most, loss, {})

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

    def _drawn(self, most: int) -> Ints:
        """Some of the later events: of each user one, then of each a second, and so on.

        Metrics are means over users; a few who do much shall not decide for all.
        """
        drawn = self._rng.permutation(self._later)
        by_user = np.argsort(self._train.user[drawn], kind="stable")
        users = self._train.user[drawn[by_user]]
        turn = np.arange(len(users)) - np.searchsorted(users, users)
        kept = turn < MOST_OF_A_USER
        drawn, turn = drawn[by_user][kept], turn[kept]
        mixed = self._rng.permutation(len(drawn))
        chosen: Ints = drawn[mixed][np.argsort(turn[mixed], kind="stable")][:most]
        return chosen

    def _examples(self, events: Events) -> Ints:
        return np.flatnonzero(self._learnable(events))

    def _learnable(self, events: Events) -> Bools:
        """Positive first encounters: what a server, which leaves out seen items, could offer."""
        first = first_encounters(events.user, events.item, self._tables.item_count)
        return events.positive & first

    def _inputs(
        self, events: Events, most: int | None = None, moments: Ints | None = None
    ) -> UserInputs:
        length = min(self._hp.history_length, most or self._hp.history_length)
        tables = self._tables
        return UserInputs(
            Histories(events, tables.user_count, length, clock=tables.clock, moments=moments),
            events.user,
            self._user_features,
            encode(self._model.users.context_features, events.context),
        )


def _means(values: Floats, users: Ints) -> Floats:
    """The mean of the values of each user, float64 `[users]`."""
    _, index, counts = np.unique(users, return_inverse=True, return_counts=True)
    means: Floats = np.bincount(index, values) / counts
    return means
