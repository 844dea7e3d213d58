"""Charts as PNG files."""

from pathlib import Path

from benchmarks.result import Chart

SIZE_INCHES = (7.5, 4.2)


def draw(chart: Chart, folder: Path) -> Path:
    """Draw a chart; bars where its x are words, lines where they are numbers."""
    from matplotlib.figure import Figure

    figure = Figure(SIZE_INCHES, layout="constrained")
    axes = figure.subplots()
    if any(isinstance(x, str) for points in chart.series.values() for x, _ in points):
        _bars(axes, chart)
    else:
        for name, points in chart.series.items():
            axes.plot(*zip(*points, strict=True), marker="o", label=name)
        if chart.logarithmic:
            axes.set_xscale("log")
            axes.set_yscale("log")
    axes.set(title=chart.title, xlabel=chart.x_label, ylabel=chart.y_label)
    axes.grid(alpha=0.3, axis="y")
    axes.legend()
    path = folder / f"{chart.name}.png"
    figure.savefig(path, dpi=150)
    return path


def _bars(axes, chart: Chart) -> None:  # type: ignore[no-untyped-def]
    words = list(dict.fromkeys(x for points in chart.series.values() for x, _ in points))
    width = 0.8 / len(chart.series)
    for place, (name, points) in enumerate(chart.series.items()):
        middles = [
            words.index(x) + width * (place - (len(chart.series) - 1) / 2) for x, _ in points
        ]
        bars = axes.bar(middles, [y for _, y in points], width, label=name)
        axes.bar_label(bars, fmt="{:,.3g}", fontsize=8)
    axes.set_xticks(range(len(words)), words)
