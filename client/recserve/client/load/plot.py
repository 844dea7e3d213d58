"""The latency plot."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recserve.client.errors import MissingDependency
from recserve.client.load.loads import Load
from recserve.client.load.percentiles import percentile, tail_curve
from recserve.client.load.recorder import Recorder

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TAIL_TICKS = {0.5: "50 %", 0.1: "90 %", 0.01: "99 %", 1e-3: "99.9 %", 1e-4: "99.99 %"}
_INCHES = (6.4, 4.8)
_DOTS_PER_INCH = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class PlottedStep:
    """One load, as it is drawn."""

    name: str
    curve: Sequence[tuple[float, float]]
    """Pairs of a fraction and the latency that at most this fraction of the answers exceeds, in
    milliseconds; fractions descend."""
    rate: float
    """OK answers per second."""
    p50_ms: float
    p99_ms: float

    @classmethod
    def of(cls, load: Load, recorder: Recorder) -> "PlottedStep | None":
        """What is drawn of what was recorded; None where there was no OK answer."""
        if not recorder.latencies:
            return None
        ascending = [seconds * 1000 for seconds in sorted(recorder.latencies)]
        return cls(
            name=str(load),
            curve=tail_curve(ascending),
            rate=recorder.rate,
            p50_ms=percentile(ascending, 0.5),
            p99_ms=percentile(ascending, 0.99),
        )


def check_plot(path: Path) -> None:
    """Finds out before a long run whether its plot could be saved.

    Raises:
        MissingDependency: matplotlib is not installed.
        OSError: The folder does not exist.
        ValueError: The suffix is of no kind that can be drawn.
    """
    try:
        from matplotlib.backend_bases import FigureCanvasBase
    except ImportError as error:
        raise MissingDependency(
            "a plot needs matplotlib, which is not installed: pip install 'recserve[plot]'"
        ) from error
    kinds = FigureCanvasBase.get_supported_filetypes()
    if path.suffix.removeprefix(".").lower() not in kinds:
        raise ValueError(f"{path} is no picture: end it in .png, .svg or .pdf")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"the folder of {path} does not exist")


def save_plot(path: Path, title: str, steps: Sequence[PlottedStep]) -> None:
    """Draws latency by percentile, and for several loads beside it throughput and latency.

    Args:
        path: The picture; its suffix says its kind, such as .png or .svg.
        title: What was measured.
        steps: At least one, each with a curve.

    Raises:
        MissingDependency: matplotlib is not installed.
        OSError: The file cannot be written.
        ValueError: The suffix is of no kind that can be drawn.
    """
    check_plot(path)
    # A figure of its own, rather than pyplot: no window and no global state.
    from matplotlib.figure import Figure

    panels = 2 if len(steps) > 1 else 1
    size = (_INCHES[0] * panels, _INCHES[1])
    figure = Figure(figsize=size, dpi=_DOTS_PER_INCH, layout="constrained")
    figure.suptitle(title)
    places = figure.subplots(1, panels, squeeze=False, sharey=True)[0]
    _scale_latency(places[0], [latency for step in steps for _, latency in step.curve])
    _draw_curves(places[0], steps)
    if panels == 2:
        _draw_throughput(places[1], steps)
    figure.savefig(path)


def _draw_curves(axes: "Axes", steps: Sequence[PlottedStep]) -> None:
    for step in steps:
        above, latency = zip(*step.curve, strict=True)
        axes.plot(above, latency, label=step.name, marker="." if len(set(above)) == 1 else "")
    least = min(0.1, *(step.curve[-1][0] for step in steps))
    ticks = {above: text for above, text in _TAIL_TICKS.items() if above >= least}
    axes.set_xscale("log")
    axes.set_xlim(1, least * 0.8)
    axes.set_xticks(list(ticks), list(ticks.values()))
    axes.set_xticks([], minor=True)
    axes.set_xlabel("share of answers within this latency")
    axes.set_ylabel("latency, ms")
    axes.grid(visible=True, alpha=0.3)
    axes.legend()


def _draw_throughput(axes: "Axes", steps: Sequence[PlottedStep]) -> None:
    rates = [step.rate for step in steps]
    axes.plot(rates, [step.p99_ms for step in steps], marker="o", label="p99")
    axes.plot(rates, [step.p50_ms for step in steps], marker="o", label="p50")
    for step in steps:
        # Where the curve, which rises to the right, does not run, and the axis is not either.
        is_left = step.rate < max(rates) / 4
        axes.annotate(
            step.name,
            (step.rate, step.p99_ms),
            xytext=(6, -6) if is_left else (-6, 4),
            textcoords="offset points",
            ha="left" if is_left else "right",
            va="top" if is_left else "bottom",
        )
    axes.set_xlim(0, max(rates) * 1.15 or 1)
    axes.set_xlabel("OK answers per second")
    axes.tick_params(labelleft=True)
    axes.set_ylabel("latency, ms")
    axes.grid(visible=True, alpha=0.3)
    axes.legend()


def _scale_latency(axes: "Axes", latencies: Sequence[float]) -> None:
    """A log scale from tick to tick: a narrow range would have no tick in it otherwise."""
    least, most = min(latencies), max(latencies)
    decades = range(math.floor(math.log10(least)) - 1, math.ceil(math.log10(most)) + 2)
    ticks = [step * 10.0**decade for decade in decades for step in (1, 2, 5)]
    below = max(tick for tick in ticks if tick < least)
    above = min(tick for tick in ticks if tick > most)
    shown = [tick for tick in ticks if below <= tick <= above]
    axes.set_yscale("log")
    axes.set_ylim(below, above)
    axes.set_yticks(shown, [f"{tick:g}" for tick in shown])
    axes.set_yticks([], minor=True)
