"""A batch is what arrived while the last one ran."""

import threading
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from recserve.server.engine.batcher import Batch, Batcher
from recserve.server.engine.frames import ArrivedRequest
from recserve.server.engine.padding import padded_size, padded_width
from recserve.server.engine.shaping_frames import ArrivedShaping, PackedMask

NEVER = float("inf")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


NOTHING = memoryview(b"")


def request(deadline: float, results: int, candidates: int | None) -> ArrivedRequest:
    rows = None if candidates is None else memoryview(bytes(4 * candidates))
    return ArrivedRequest(deadline, results, NOTHING, NOTHING, NOTHING, rows, NOTHING, ())


def asking(deadline: float = NEVER, results: int = 1) -> ArrivedRequest:
    return request(deadline, results, None)


def scoring(count: int = 1, deadline: float = NEVER) -> ArrivedRequest:
    return request(deadline, 1, count)


def batcher(max_requests: int = 4, max_rows: int = 100, rows_found: int = 1) -> Batcher[str]:
    return Batcher(
        max_requests=max_requests, max_rows=max_rows, rows_found=rows_found, clock=Clock()
    )


def put(queue: Batcher[str], *requests: ArrivedRequest) -> None:
    queue.put("caller", enumerate(requests))


def ids(batch: Batch[str] | None) -> list[int]:
    assert batch is not None
    return [waiting.request_id for waiting in batch.live]


def filtered(mask: PackedMask, candidates: int | None = None) -> ArrivedRequest:
    wanted = request(NEVER, 1, candidates)
    wanted.shaping = ArrivedShaping(1, mask)
    return wanted


def test_requests_share_a_batch_with_those_of_the_same_filter_alone() -> None:
    queue = batcher(max_requests=8)
    one, other = PackedMask(b"\xff"), PackedMask(b"\xff")
    put(queue, filtered(one), asking(), filtered(other), filtered(one), asking())
    assert [ids(queue.take()) for _ in range(3)] == [[0, 3], [1, 4], [2]]


def test_searches_for_similar_items_share_batches_as_large_as_the_catalogue_allows() -> None:
    queue: Batcher[str] = Batcher(
        max_requests=8, max_rows=100, rows_found=1, clock=Clock(), item_count=50
    )
    similar = [asking(), asking(), asking()]
    for each in similar:
        each.shaping = ArrivedShaping(similar_to=1)
    put(queue, similar[0], asking(), *similar[1:])
    assert [ids(queue.take()) for _ in range(3)] == [[0, 2], [1], [3]]
    assert queue.rows([]) == 0


def test_candidates_that_have_passed_a_filter_share_a_batch_with_any() -> None:
    queue = batcher(max_requests=8)
    put(queue, filtered(PackedMask(b"\xff"), 2), scoring(2), filtered(PackedMask(b"\x0f"), 2))
    assert ids(queue.take()) == [0, 1, 2]


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
    queue = batcher(max_requests=9, max_rows=128)
    put(queue, scoring(50), scoring(1), scoring(1))  # padded to 2 of 64, and then to 4
    assert ids(queue.take()) == [0, 1]
    assert ids(queue.take()) == [2]


def test_a_request_above_the_budget_goes_alone() -> None:
    queue = batcher(max_rows=100)
    put(queue, scoring(500), scoring(1))
    assert ids(queue.take()) == [0]
    assert ids(queue.take()) == [1]


def test_small_requests_do_not_overtake_a_large_one_of_their_kind() -> None:
    queue = batcher(max_requests=9, max_rows=100)
    put(queue, scoring(50), scoring(90), scoring(1))
    assert ids(queue.take()) == [0]
    assert ids(queue.take()) == [1]
    assert ids(queue.take()) == [2]


def test_requests_without_candidates_count_the_rows_that_retrieval_finds() -> None:
    queue = batcher(max_requests=9, max_rows=400, rows_found=200)
    put(queue, *[asking()] * 3)
    assert ids(queue.take()) == [0, 1]
    assert ids(queue.take()) == [2]


def test_a_request_for_more_than_is_found_changes_no_other_answer() -> None:
    queue = batcher(max_requests=9, max_rows=2000, rows_found=50)
    put(queue, asking(), asking(results=300), asking(results=50), asking(results=300))
    assert ids(queue.take()) == [0, 2]
    assert ids(queue.take()) == [1, 3]


def test_a_request_for_many_results_counts_them() -> None:
    queue = batcher(max_requests=9, max_rows=700, rows_found=50)
    put(queue, *[asking(results=300)] * 3)
    assert ids(queue.take()) == [0, 1]
    assert ids(queue.take()) == [2]


@pytest.mark.parametrize(
    ("live", "rows"), [([asking(), asking(results=9)], 100), ([scoring(7)], 7)]
)
def test_rows_are_counted_without_padding(live: list[ArrivedRequest], rows: int) -> None:
    queue = batcher(max_rows=10_000, rows_found=50)
    put(queue, *live)
    batch = queue.take()
    assert batch is not None
    assert queue.rows(batch.live) == rows


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
    assert [waiting.request_id for waiting in batch.expired] == [0]


def test_cancelled_requests_leave_the_queue_at_once() -> None:
    queue = batcher()
    put(queue, asking(), asking(), asking())
    assert queue.cancel("caller", 1)
    assert len(queue) == 2, "an engine that hangs takes no batch, and must not hoard"
    assert ids(queue.take()) == [0, 2]


def test_cancelling_what_is_not_in_the_queue_is_forgotten() -> None:
    queue = batcher()
    assert not queue.cancel("caller", 0)
    put(queue, asking())
    assert ids(queue.take()) == [0]


def test_the_same_id_of_another_connection_is_another_request() -> None:
    queue = batcher()
    queue.put("one", [(7, asking())])
    queue.put("two", [(7, asking())])
    queue.cancel("one", 7)
    batch = queue.take()
    assert batch is not None
    assert [waiting.caller for waiting in batch.live] == ["two"]


def test_all_that_a_caller_waits_for_leaves_with_it() -> None:
    queue = batcher()
    queue.put("one", [(1, asking()), (2, asking())])
    queue.put("two", [(1, asking())])
    assert queue.cancel_all("one") == 2
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
FOUND = 6


class AnyOrder(RuleBasedStateMachine):
    """Whatever is put, cancelled and taken, the promises hold."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.queue: Batcher[str] = Batcher(
            max_requests=3, max_rows=BUDGET, rows_found=FOUND, clock=self.clock
        )
        self.waiting: dict[int, ArrivedRequest] = {}  # the model: what waits, in order
        self.next_id = 0

    @rule(
        count=st.none() | st.integers(0, 30),
        lasts=st.sampled_from([0.0, 1.0, 5.0, NEVER]),
    )
    def put(self, count: int | None, lasts: float) -> None:
        deadline = self.clock.now + lasts
        request = asking(deadline) if count is None else scoring(count, deadline)
        self.queue.put("caller", [(self.next_id, request)])
        self.waiting[self.next_id] = request
        self.next_id += 1

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        gone = data.draw(st.sampled_from(sorted(self.waiting)))
        assert self.queue.cancel("caller", gone)
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
        expired = [waiting.request_id for waiting in batch.expired]
        for gone in expired:
            assert self.waiting.pop(gone).deadline <= self.clock.now
        alive = [n for n, request in self.waiting.items() if request.deadline > self.clock.now]
        assert taken[:1] == alive[:1], "the oldest is always served, so nobody starves"
        self.check(batch)
        kind = [n for n in alive if taken and self.is_scoring(n) == self.is_scoring(taken[0])]
        assert taken == kind[: len(taken)], "first come, first served within a kind"
        if len(taken) < min(3, len(kind)):  # work-conserving: only the budget may leave one
            widest = max(self.width(n) for n in kind[: len(taken) + 1])
            assert padded_size(len(taken) + 1) * widest > BUDGET
        for number in taken:
            del self.waiting[number]

    def check(self, batch: Batch[str]) -> None:
        assert len(batch.live) <= 3
        kinds = {waiting.request.candidate_rows is None for waiting in batch.live}
        assert len(kinds) <= 1
        widest = max((self.width(waiting.request_id) for waiting in batch.live), default=0)
        padded = padded_size(len(batch.live)) * widest if batch.live else 0
        assert len(batch.live) <= 1 or padded <= BUDGET
        assert all(a.request_id < b.request_id for a, b in pairwise(batch.live))

    def is_scoring(self, number: int) -> bool:
        return self.waiting[number].candidate_rows is not None

    def width(self, number: int) -> int:
        waiting = self.waiting[number]
        if waiting.candidate_rows is None:
            return FOUND
        return padded_width(max(1, waiting.candidate_count))

    @invariant()
    def nothing_is_lost(self) -> None:
        assert len(self.queue) == len(self.waiting)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
