"""A batch is what arrived while the last one ran."""

import threading
from itertools import pairwise

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from recserve.server.engine.batcher import Batch, Batcher
from recserve.server.engine.contract import RankingRequest
from recserve.server.engine.padding import padded_size, padded_width

NEVER = float("inf")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def asking(deadline: float = NEVER) -> RankingRequest:
    return RankingRequest(result_count=1, deadline=deadline)


def scoring(count: int = 1, deadline: float = NEVER) -> RankingRequest:
    rows = np.zeros(count, np.int32)
    return RankingRequest(result_count=1, deadline=deadline, candidate_rows=rows)


def batcher(max_requests: int = 4, max_candidates: int = 100) -> Batcher[str]:
    return Batcher(max_requests=max_requests, max_candidates=max_candidates, clock=Clock())


def put(queue: Batcher[str], *requests: RankingRequest) -> None:
    for number, request in enumerate(requests):
        queue.put("caller", (1, number), request)


def ids(batch: Batch[str] | None) -> list[int]:
    assert batch is not None
    return [waiting.key[1] for waiting in batch.live]


def test_a_lone_request_is_a_batch_at_once() -> None:
    queue = batcher()
    put(queue, asking())
    assert ids(queue.take()) == [0]


def test_all_that_waits_goes_together_up_to_the_limit_first_come_first_served() -> None:
    queue = batcher(max_requests=3)
    put(queue, *[asking()] * 5)
    assert ids(queue.take()) == [0, 1, 2]
    assert ids(queue.take()) == [3, 4]


def test_requests_with_and_without_candidates_never_share_a_batch() -> None:
    queue = batcher()
    put(queue, asking(), scoring(), asking(), scoring(0))
    assert ids(queue.take()) == [0, 2]
    assert ids(queue.take()) == [1, 3]


def test_the_budget_counts_padding_to_the_widest_request() -> None:
    queue = batcher(max_requests=9, max_candidates=128)
    put(queue, scoring(50), scoring(1), scoring(1))  # padded to 2 of 64, and then to 4
    assert ids(queue.take()) == [0, 1]
    assert ids(queue.take()) == [2]


def test_a_request_above_the_budget_goes_alone() -> None:
    queue = batcher(max_candidates=100)
    put(queue, scoring(500), scoring(1))
    assert ids(queue.take()) == [0]
    assert ids(queue.take()) == [1]


def test_small_requests_do_not_overtake_a_large_one_of_their_kind() -> None:
    queue = batcher(max_requests=9, max_candidates=100)
    put(queue, scoring(50), scoring(90), scoring(1))
    assert ids(queue.take()) == [0]
    assert ids(queue.take()) == [1]
    assert ids(queue.take()) == [2]


def test_the_oldest_request_is_always_in_the_next_batch() -> None:
    queue = batcher(max_requests=1)
    put(queue, scoring(), *[asking()] * 3)
    assert ids(queue.take()) == [0]


def test_expired_requests_are_set_apart_when_the_batch_forms() -> None:
    queue = batcher()
    put(queue, asking(deadline=100.0), asking(deadline=100.1))
    batch = queue.take()
    assert ids(batch) == [1]
    assert batch is not None
    assert [waiting.key[1] for waiting in batch.expired] == [0]


def test_cancelled_requests_leave_the_queue_at_once() -> None:
    queue = batcher()
    put(queue, asking(), asking(), asking())
    queue.cancel((1, 1))
    assert len(queue) == 2, "an engine that hangs takes no batch, and must not hoard"
    assert ids(queue.take()) == [0, 2]


def test_cancelling_what_is_not_in_the_queue_is_forgotten() -> None:
    queue = batcher()
    queue.cancel((1, 0))
    put(queue, asking())
    assert ids(queue.take()) == [0]


def test_the_same_id_of_another_connection_is_another_request() -> None:
    queue = batcher()
    queue.put("one", (1, 7), asking())
    queue.put("two", (2, 7), asking())
    queue.cancel((1, 7))
    batch = queue.take()
    assert batch is not None
    assert [waiting.caller for waiting in batch.live] == ["two"]


def test_a_closed_queue_gives_what_it_has_and_then_none() -> None:
    queue = batcher()
    put(queue, asking())
    queue.close()
    assert ids(queue.take()) == [0]
    assert queue.take() is None


def test_a_request_wakes_the_thread_that_waits_for_it() -> None:
    queue, got = batcher(), []
    thread = threading.Thread(target=lambda: got.append(ids(queue.take())))
    thread.start()
    put(queue, asking())
    thread.join(10)
    assert got == [[0]]


def test_close_wakes_the_thread_that_waits() -> None:
    queue, got = batcher(), []
    thread = threading.Thread(target=lambda: got.append(queue.take()))
    thread.start()
    queue.close()
    thread.join(10)
    assert got == [None]


BUDGET = 20


class AnyOrder(RuleBasedStateMachine):
    """Whatever is put, cancelled and taken, the promises hold."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.queue: Batcher[str] = Batcher(max_requests=3, max_candidates=BUDGET, clock=self.clock)
        self.waiting: dict[int, RankingRequest] = {}  # the model: what waits, in order
        self.next_id = 0

    @rule(
        count=st.none() | st.integers(0, 30),
        lasts=st.sampled_from([0.0, 1.0, 5.0, NEVER]),
    )
    def put(self, count: int | None, lasts: float) -> None:
        deadline = self.clock.now + lasts
        request = asking(deadline) if count is None else scoring(count, deadline)
        self.queue.put("caller", (1, self.next_id), request)
        self.waiting[self.next_id] = request
        self.next_id += 1

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        gone = data.draw(st.sampled_from(sorted(self.waiting)))
        self.queue.cancel((1, gone))
        del self.waiting[gone]

    @rule(seconds=st.floats(0, 3))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds

    @precondition(lambda self: len(self.queue))
    @rule()
    def take(self) -> None:
        batch = self.queue.take()
        assert batch is not None
        taken = ids(batch)
        expired = [waiting.key[1] for waiting in batch.expired]
        for gone in expired:
            assert self.waiting.pop(gone).deadline <= self.clock.now
        alive = [n for n, request in self.waiting.items() if request.deadline > self.clock.now]
        assert taken[:1] == alive[:1], "the oldest is always served, so nobody starves"
        self.check(batch)
        kind = [n for n in alive if taken and self.is_scoring(n) == self.is_scoring(taken[0])]
        assert taken == kind[: len(taken)], "first come, first served within a kind"
        if len(taken) < min(3, len(kind)):  # work-conserving: only the budget may leave one
            widest = max(self.width(n) for n in kind[: len(taken) + 1])
            assert padded_size(len(taken) + 1) * padded_width(widest) > BUDGET
        for number in taken:
            del self.waiting[number]

    def check(self, batch: Batch[str]) -> None:
        assert len(batch.live) <= 3
        kinds = {waiting.request.candidate_rows is None for waiting in batch.live}
        assert len(kinds) <= 1
        widest = max((self.width(waiting.key[1]) for waiting in batch.live), default=0)
        padded = padded_size(len(batch.live)) * padded_width(widest) if batch.live else 0
        assert len(batch.live) == 1 or widest == 0 or padded <= BUDGET
        assert all(a.key < b.key for a, b in pairwise(batch.live))

    def is_scoring(self, number: int) -> bool:
        return self.waiting[number].candidate_rows is not None

    def width(self, number: int) -> int:
        rows = self.waiting[number].candidate_rows
        return 0 if rows is None else max(1, len(rows))

    @invariant()
    def nothing_is_lost(self) -> None:
        assert len(self.queue) == len(self.waiting)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
