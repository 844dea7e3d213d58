"""Three times what the server can do: what still gets through, and what the rest are told.

Half of capacity is offered all the time. A burst adds two and a half times capacity. h2load makes
both and does not see gRPC's status, so a few probing calls a second come from a generator that
does, and the goodput comes from the server's own counters.
"""

import time
from contextlib import ExitStack
from dataclasses import dataclass

import grpc
from benchmarks.answers import OK, Answer, milliseconds
from benchmarks.bench import Bench, Prepared
from benchmarks.generator import open_loop, watched_open_loop
from benchmarks.metrics_page import Counters
from benchmarks.real_call import checked
from benchmarks.result import Result, Table, cell
from benchmarks.rounds import capacity_of
from benchmarks.server import Server

STEADY_SHARE, BURST_SHARE = 0.5, 2.5
PROBES_PER_SECOND = 50
DEADLINE_SECONDS = 1.0
SETTLE_SECONDS, BURST_SECONDS, AFTER_SECONDS = 3.0, 6.0, 6.0
NORMAL = 2.0
"""An answer is normal again within so many times the slowest hundredth before the burst."""

OUT_OF_TIME = grpc.StatusCode.DEADLINE_EXCEEDED.value[0]
REJECTED = grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]


@dataclass(frozen=True, slots=True)
class Burst:
    """One burst, as the probes and the server's counters saw it."""

    before: list[Answer]
    during: list[Answer]
    after: list[Answer]
    end: float
    counted: Counters
    seconds: float

    @property
    def accepted(self) -> list[Answer]:
        """Probes that were answered with results."""
        return [answer for answer in self.during if answer.status == OK]

    @property
    def rejected(self) -> list[Answer]:
        """Probes that were told to come back later."""
        return [answer for answer in self.during if answer.status == REJECTED]

    @property
    def late(self) -> list[Answer]:
        """Probes that had neither by their deadline."""
        return [answer for answer in self.during if answer.status == OUT_OF_TIME]

    @property
    def seconds_to_normal(self) -> float:
        """From the end of the burst to the end of the last probe that failed or was slow."""
        slow = NORMAL * milliseconds(self.before, 0.99) / 1000
        bad = [each.end for each in self.after if each.status != OK or each.seconds > slow]
        return max([0.0, *(end - self.end for end in bad)])


def run(bench: Bench) -> Result:
    """Ratio = answers of the model in time / capacity."""
    result = Result("three times as many calls as the server can answer")
    with ExitStack() as stack:
        server, transport = stack.enter_context(bench.fastest_product(bench.movielens))
        stack.enter_context(checked([(server, bench.movielens.call)]))
        capacity = capacity_of(server, bench.movielens.call)
        bursts = [_burst(bench, server, bench.movielens, capacity) for _ in range(bench.rounds)]
    good = [(b.counted.handled.get("OK", 0) - b.counted.fallbacks) / b.seconds for b in bursts]
    ended = [sum(b.counted.handled.values()) / b.seconds for b in bursts]
    in_time = [
        sum(each.seconds <= DEADLINE_SECONDS for each in b.accepted) / max(1, len(b.accepted))
        for b in bursts
    ]
    ms = milliseconds
    shown = [
        result.add("capacity, 64 in flight", "calls/s", [capacity], lower_is_better=False),
        result.add("calls that ended, any way", "calls/s", ended, lower_is_better=False),
        result.add("goodput", "calls/s", good, lower_is_better=False),
        result.add("goodput / capacity", "", [g / capacity for g in good], lower_is_better=False),
        result.add(
            "fallback answers", "calls/s", [b.counted.fallbacks / b.seconds for b in bursts]
        ),
        result.add("share of probes rejected", "", [_share(b.rejected, b.during) for b in bursts]),
        result.add("share of probes out of time", "", [_share(b.late, b.during) for b in bursts]),
        result.add("p50 of a rejection", "ms", [ms(b.rejected, 0.50) for b in bursts]),
        result.add("p99 of a rejection", "ms", [ms(b.rejected, 0.99) for b in bursts]),
        result.add("p99 of an accepted call", "ms", [ms(b.accepted, 0.99) for b in bursts]),
        result.add("accepted within the deadline", "", in_time, lower_is_better=False),
        result.add("time to normal", "s", [b.seconds_to_normal for b in bursts]),
    ]
    rows = [(figure.name, figure.unit or "-", cell(figure)) for figure in shown]
    result.tables.append(Table(("", "unit", "median"), rows))
    codes = sorted({code for burst in bursts for code in burst.counted.handled})
    totals = {code: sum(burst.counted.handled.get(code, 0) for burst in bursts) for code in codes}
    counts = ", ".join(f"{code} {count:,}" for code, count in totals.items())
    result.notes += [
        f"transport: {transport}; every call has a deadline of {DEADLINE_SECONDS:.0f} s",
        f"a time to normal of {AFTER_SECONDS:.0f} s is the end of the watch, and means longer",
        f"how calls ended during the bursts, by the server's count: {counts}",
    ]
    return result


def _burst(bench: Bench, server: Server, prepared: Prepared, capacity: float) -> Burst:
    where = (server.address, prepared.call)
    with (
        open_loop(*where, STEADY_SHARE * capacity, DEADLINE_SECONDS),
        watched_open_loop(*where, PROBES_PER_SECOND, DEADLINE_SECONDS) as probes,
    ):
        time.sleep(SETTLE_SECONDS)
        counted, begin = server.counters("Recommend"), time.time()
        with open_loop(*where, BURST_SHARE * capacity, DEADLINE_SECONDS):
            time.sleep(1.0 if bench.quick else BURST_SECONDS)
            counted, end = server.counters("Recommend").since(counted), time.time()
        time.sleep(1.0 if bench.quick else AFTER_SECONDS)
        answers = probes.answers()
    return Burst(
        before=[each for each in answers if each.end < begin][PROBES_PER_SECOND:],
        during=[each for each in answers if begin <= each.start < end],
        after=[each for each in answers if each.start >= end],
        end=end,
        counted=counted,
        seconds=end - begin,
    )


def _share(some: list[Answer], all_of_them: list[Answer]) -> float:
    return len(some) / max(1, len(all_of_them))
