"""Versions side by side."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recserve.server.answer_log.interface import LoggedAnswer
from recserve.server.experiments.estimate import Estimate, difference, mean
from recserve.server.experiments.off_policy import Drawn, OffPolicyEstimate, estimate

NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Standing:
    """How one version did.

    Attributes:
        version: Its number; 0 for answers without a model.
        answer_count: Answers that it gave.
        user_count: Users who got one; each anonymous answer counts as a user.
        success_count: Items of its answers that something good came of.
        success_rate: Share of its answers of which something good came.
        value: Successes an answer, in the first positions.
        difference: Of the success rate to the baseline's; None for the baseline.
        p_value: Of the rates being equal; None for the baseline.
        off_policy: Estimates of `value` from the answers of others.
        off_policy_answer_count: Answers that these rest on.
    """

    version: int
    answer_count: int
    user_count: int = 0
    success_count: int = 0
    success_rate: Estimate | None = None
    value: Estimate | None = None
    difference: Estimate | None = None
    p_value: float | None = None
    off_policy: Sequence[OffPolicyEstimate] = ()
    off_policy_answer_count: int = 0


class Comparison:
    """Gathers answers, and compares the versions that gave them.

    Args:
        successes: By answer id, the items that something good came of.
        positions: How many positions count for `value`, from 1.
    """

    def __init__(self, successes: Mapping[str, frozenset[str]], positions: int) -> None:
        self._successes = successes
        self._positions = positions
        self._rates: defaultdict[int, list[float]] = defaultdict(list)
        self._values: defaultdict[int, list[float]] = defaultdict(list)
        self._users: defaultdict[int, list[str]] = defaultdict(list)
        self._counts: defaultdict[int, int] = defaultdict(int)
        self._drawn: dict[str, LoggedAnswer] = {}
        self._unseen: list[LoggedAnswer] = []

    def add(self, answers: Iterable[LoggedAnswer]) -> None:
        """Take answers, in any order."""
        for answer in answers:
            if answer.compared_with:
                self._unseen.append(answer)
            else:
                self._add(answer)

    def standings(
        self, baseline: int | None, versions: Collection[int] = ()
    ) -> tuple[list[Standing], int | None]:
        """How each version did, in the order of their numbers, and the baseline.

        Args:
            baseline: What to compare with; None, or one that gave no answers: the version that
                gave most.
            versions: Those to show; none: all.
        """
        if baseline not in self._rates:
            counts = {version: len(rates) for version, rates in self._rates.items()}
            baseline = max(counts, key=lambda version: (counts[version], version), default=None)
        drawn = self._drawn_for()
        known = sorted({*self._rates, *drawn})
        shown = [each for each in known if each in versions] if versions else known
        return [self._standing(each, baseline, drawn.get(each, [])) for each in shown], baseline

    def _add(self, answer: LoggedAnswer) -> None:
        good = self._successes.get(answer.recommendation_id, NOTHING)
        hits = [item_id in good for item_id in answer.item_ids]
        version = answer.version
        self._rates[version].append(float(any(hits)))
        self._values[version].append(float(sum(hits[: self._positions])))
        self._users[version].append(answer.user_id or f"\0{answer.recommendation_id}")
        self._counts[version] += sum(hits)
        if min(answer.propensities or (), default=1.0) < 1:  # else nothing was left to chance
            self._drawn[answer.recommendation_id] = answer

    def _drawn_for(self) -> dict[int, list[Drawn]]:
        """By version that did not show its answers: those of others that tell about it."""
        found: defaultdict[int, list[Drawn]] = defaultdict(list)
        for unseen in self._unseen:
            shown = self._drawn.get(unseen.compared_with)
            if shown is None or shown.propensities is None:
                continue
            found[unseen.version].append(
                Drawn(
                    user=shown.user_id or shown.recommendation_id,
                    item_ids=shown.item_ids,
                    propensities=shown.propensities,
                    successes=self._successes.get(shown.recommendation_id, NOTHING),
                    other_item_ids=unseen.item_ids,
                    other_scores=unseen.scores,
                )
            )
        return found

    def _standing(self, version: int, baseline: int | None, drawn: list[Drawn]) -> Standing:
        off_policy = estimate(drawn, self._positions) if drawn else []
        if version not in self._rates:
            return Standing(version, 0, off_policy=off_policy, off_policy_answer_count=len(drawn))
        users = self._users[version]
        rate = mean(np.array(self._rates[version]), users)
        apart, p_value = None, None
        if baseline is not None and version != baseline:
            others = mean(np.array(self._rates[baseline]), self._users[baseline])
            apart, p_value = difference(rate, others)
        return Standing(
            version=version,
            answer_count=len(users),
            user_count=len(set(users)),
            success_count=self._counts[version],
            success_rate=rate,
            value=mean(np.array(self._values[version]), users),
            difference=apart,
            p_value=p_value,
            off_policy=off_policy,
            off_policy_answer_count=len(drawn),
        )
