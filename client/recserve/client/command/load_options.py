"""The options that say what load to make; every method that can be measured has them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from recserve.client.command.output import json_option

if TYPE_CHECKING:
    from recserve.client.load.generator import Plan

Command = TypeVar("Command", bound=Callable[..., Any])


class _Number(click.FloatRange):
    """A number in a range; click takes NaN for one in every range."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value} is no number", param, ctx)
        return number


_SECONDS = _Number(min=0, min_open=True, max=86_400)
_WARM_UP = _Number(min=0, max=3600)
_IN_FLIGHT = click.IntRange(min=1, max=10_000)
_RATE = _Number(min=0, min_open=True, max=1_000_000)


def _numbers(each: click.IntRange | click.FloatRange) -> Callable[..., tuple[Any, ...]]:
    """Reads numbers with commas between them, of all the times that an option is given."""

    def read(
        context: click.Context, option: click.Parameter, texts: Sequence[str]
    ) -> tuple[Any, ...]:
        parts = chain.from_iterable(text.split(",") for text in texts)
        return tuple(each(part.strip(), option, context) for part in parts)

    return read


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """What the options say, as click gives it."""

    in_flight: Sequence[int]
    rate: Sequence[float]
    duration: float
    warm_up: float
    deadline: float | None
    max_in_flight: int
    connections: int
    seed: int
    users: str
    plot: Path | None
    as_json: bool

    def plan(self, default_deadline: float) -> "Plan":
        """What to run.

        Args:
            default_deadline: Seconds for each call where --deadline does not say.
        """
        from recserve.client.load.generator import Plan
        from recserve.client.load.loads import ClosedLoad, OpenLoad

        if self.in_flight and self.rate:
            raise click.UsageError("give --in-flight (a closed loop) or --rate (an open one)")
        return Plan(
            loads=[OpenLoad(rate) for rate in self.rate]
            or [ClosedLoad(callers) for callers in self.in_flight or (1, 8, 64)],
            duration=self.duration,
            warm_up=self.warm_up,
            deadline=self.deadline or default_deadline,
            most_in_flight=self.max_in_flight,
            connections=self.connections,
            seed=self.seed,
        )


_OPTIONS = (
    click.option(
        "--in-flight", metavar="N,…", multiple=True, callback=_numbers(_IN_FLIGHT),
        help="Closed loop: N callers, each of which calls again when it has its answer. One run "
        "for each number. Repeatable.  [default: 1,8,64]",
    ),
    click.option(
        "--rate", metavar="CALLS_PER_SECOND,…", multiple=True, callback=_numbers(_RATE),
        help="Open loop instead: calls arrive at random (Poisson), whether or not earlier ones "
        "have been answered, and latency counts from when a call was due. One run for each rate. "
        "Repeatable.",
    ),
    click.option(
        "--duration", metavar="SECONDS", type=_SECONDS, default=10.0, show_default=True,
        help="How long each run measures.",
    ),
    click.option(
        "--warm-up", metavar="SECONDS", type=_WARM_UP, default=2.0,
        show_default=True, help="Load before that, which is not measured.",
    ),
    click.option(
        "--deadline", metavar="SECONDS", type=_SECONDS,
        help="Of each call; none is tried again.  [default: --timeout, else 1 for recommend and "
        "10 for feedback]",
    ),
    click.option(
        "--max-in-flight", metavar="N", type=_IN_FLIGHT, default=1000, show_default=True,
        help="Open loop: most calls in flight. A further one waits, and if its deadline passes, it "
        "is counted as unsent.",
    ),
    click.option(
        "--connections", metavar="N", type=click.IntRange(1, 64), default=1, show_default=True,
        help="Connections, which take turns.",
    ),
    click.option(
        "--seed", type=int, default=0, show_default=True,
        help="Of what is random: the arrivals, users and items.",
    ),
    click.option(
        "--users", metavar="FILE|N", default="1000", show_default=True,
        help="User ids, drawn evenly: a file with one per line, or N for user-1 to user-N. Users "
        "that the server does not know get the popularity answer, which is cheaper than the "
        "model's.",
    ),
    click.option(
        "--plot", metavar="FILE.png", type=click.Path(dir_okay=False, path_type=Path),
        help="Draw latency by percentile, and for several runs throughput and latency. Needs "
        "pip install 'recserve[plot]'.",
    ),
    json_option,
)  # fmt: skip


def load_options(command: Command) -> Command:
    """Gives a command the options; it gets them as the arguments of `LoadOptions`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
