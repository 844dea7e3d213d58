"""More calls than the server can answer: what still gets through, and what the rest are told.

Three times its capacity on the native transport, one and a half times on grpcio, over a catalogue
so large that the engine is the limit, and not the front end. Half of capacity is offered all the
time; a burst adds the rest. h2load makes both and does not see gRPC's status, so a few probing
calls a second come from a generator that does, and the goodput from the server's own counters.
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
from benchmarks.server import NotAvailable, Server

ITEMS = 100_000
OFFERED = {"native": 3.0, "grpcio": 1.5}
"""Times capacity, on each transport."""
STEADY_SHARE = 0.5
CAPACITY_CALLS = 1500
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
    result = Result(f"more calls than the server can answer, {ITEMS:,} items")
    prepared = bench.synthetic(1000 if bench.quick else ITEMS)
    columns = []
    for transport, times in OFFERED.items():
        name = f"{transport}, {times:g} x"
        try:
            with bench.product(prepared, "--transport", transport) as server:
                found = _overload(bench, server, prepared, times)
        except NotAvailable as reason:
            result.notes.append(f"{name}: not available here ({reason})")
            continue
        figures = [
            result.add(f"{name}: {what}", unit, rounds, lower_is_better=lower)
            for what, unit, rounds, lower in _figures(*found)
        ]
        columns.append((name, figures))
        result.notes.append(f"{name}, how calls ended during the bursts: {_endings(found[1])}")
    if columns:
        rows = [
            (each[0].name.rpartition(": ")[2], each[0].unit or "-", *map(cell, each))
            for each in zip(*(figures for _, figures in columns), strict=True)
        ]
        result.tables.append(Table(("", "unit", *(name for name, _ in columns)), rows))
    result.notes += [
        f"every call has a deadline of {DEADLINE_SECONDS:.0f} s",
        f"a time to normal of {AFTER_SECONDS:.0f} s is the end of the watch, and means longer",
    ]
    return result


def _overload(
    bench: Bench, server: Server, prepared: Prepared, times: float
) -> tuple[float, list[Burst]]:
    """The capacity in calls a second, and bursts of so many times as much."""
    with ExitStack() as stack:
        stack.enter_context(checked([(server, prepared.call)]))
        capacity = capacity_of(server, prepared.call, bench.calls(CAPACITY_CALLS))
        rates = (STEADY_SHARE * capacity, (times - STEADY_SHARE) * capacity)
        return capacity, [_burst(bench, server, prepared, *rates) for _ in range(bench.rounds)]


Row = tuple[str, str, list[float], bool]
"""Name, unit, rounds, and whether lower is better."""


def _figures(capacity: float, bursts: list[Burst]) -> list[Row]:
    good = [(b.counted.handled.get("OK", 0) - b.counted.fallbacks) / b.seconds for b in bursts]
    ended = [sum(b.counted.handled.values()) / b.seconds for b in bursts]
    in_time = [
        sum(each.seconds <= DEADLINE_SECONDS for each in b.accepted) / max(1, len(b.accepted))
        for b in bursts
    ]
    ms = milliseconds
    return [
        ("capacity, 64 in flight", "calls/s", [capacity], False),
        ("calls that ended, any way", "calls/s", ended, False),
        ("goodput", "calls/s", good, False),
        ("goodput / capacity", "", [g / capacity for g in good], False),
        ("fallback answers", "calls/s", [b.counted.fallbacks / b.seconds for b in bursts], True),
        ("share of probes rejected", "", [_share(b.rejected, b.during) for b in bursts], True),
        ("share of probes out of time", "", [_share(b.late, b.during) for b in bursts], True),
        ("p50 of a rejection", "ms", [ms(b.rejected, 0.50) for b in bursts], True),
        ("p99 of a rejection", "ms", [ms(b.rejected, 0.99) for b in bursts], True),
        ("p99 of an accepted call", "ms", [ms(b.accepted, 0.99) for b in bursts], True),
        ("accepted within the deadline", "", in_time, False),
        ("time to normal", "s", [b.seconds_to_normal for b in bursts], True),
    ]


def _endings(bursts: list[Burst]) -> str:
    """How calls ended, by the server's count."""
    codes = sorted({code for burst in bursts for code in burst.counted.handled})
    totals = {code: sum(burst.counted.handled.get(code, 0) for burst in bursts) for code in codes}
    return ", ".join(f"{code} {count:,}" for code, count in totals.items())


def _burst(bench: Bench, server: Server, prepared: Prepared, steady: float, burst: float) -> Burst:
    """Offer `steady` calls a second, and for a while `burst` more."""
    where = (server.address, prepared.call)
    with (
        open_loop(*where, steady, DEADLINE_SECONDS),
        watched_open_loop(*where, PROBES_PER_SECOND, DEADLINE_SECONDS) as probes,
    ):
        time.sleep(SETTLE_SECONDS)
        counted, begin = server.counters("Recommend"), time.time()
        with open_loop(*where, burst, DEADLINE_SECONDS):
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
