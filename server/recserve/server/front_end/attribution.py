"""Notes which version gave an answer, so that what comes of it can be told."""

import time

from recserve.server import metrics
from recserve.server.answer_log import AnswerWriter, LoggedAnswer
from recserve.server.metric_batches import TurnCounter
from recserve.server.recommending.answer import Answer
from recserve.server.recommending.recommendation_id import RecommendationIds


class Attribution:
    """Counts answers, and hands them to the answer log. Belongs to one event loop.

    Args:
        writer: Writes the answer log.
        ids: Makes recommendation ids.
    """

    def __init__(self, writer: AnswerWriter, ids: RecommendationIds) -> None:
        self._writer = writer
        self._ids = ids
        self._counters: dict[tuple[int, str], tuple[TurnCounter, TurnCounter]] = {}

    def note(self, answer: Answer, *, user_id: str, scenario: str = "") -> str:
        """Note an answer that is about to be given, and return its recommendation id.

        Args:
            answer: What is answered.
            user_id: To whom; may be empty.
            scenario: Where it is shown.
        """
        now = time.time()
        answer_id = self._ids.make(answer.version, answer.label, int(now * 1000))
        given, items = self._counters_of(answer)
        given.inc()
        items.inc(len(answer.item_ids))
        if self._writer.logs(answer_id):
            self._writer.add(_logged(answer, answer_id, now, user_id, scenario))
        return answer_id

    def note_shadow(self, user_id: str, answer: Answer, compared_with: str) -> None:
        """Note what the shadow would have answered, if the answer that was given is logged.

        Args:
            user_id: To whom.
            answer: The shadow's, which nobody sees.
            compared_with: The id of the answer that was given.
        """
        if self._writer.logs(compared_with):
            now = time.time()
            answer_id = self._ids.make(answer.version, answer.label, int(now * 1000))
            logged = _logged(answer, answer_id, now, user_id, "")
            logged.compared_with = compared_with
            self._writer.add(logged)

    def _counters_of(self, answer: Answer) -> tuple[TurnCounter, TurnCounter]:
        """Finding a counter by its labels costs more than counting."""
        found = self._counters.get((answer.version, answer.label))
        if found is None:
            version = str(answer.version)
            found = (
                TurnCounter(metrics.ANSWERS.labels(version, answer.label)),
                TurnCounter(metrics.RECOMMENDED_ITEMS.labels(version)),
            )
            self._counters[answer.version, answer.label] = found
        return found


def _logged(
    answer: Answer, answer_id: str, time: float, user_id: str, scenario: str
) -> LoggedAnswer:
    return LoggedAnswer(
        recommendation_id=answer_id,
        time=time,
        user_id=user_id,
        version=answer.version,
        label=answer.label,
        fallback=answer.fallback.value if answer.fallback is not None else "",
        scenario=scenario,
        item_ids=answer.item_ids,
        scores=answer.scores,
        propensities=answer.propensities,
    )
