import sys

import pytest
from matplotlib.image import imread

from recserve.client import MissingDependency
from recserve.client.load.loads import ClosedLoad
from recserve.client.load.outcome import Outcome
from recserve.client.load.plot import PlottedStep, check_plot, save_plot
from recserve.client.load.recorder import Recorder


def plotted(in_flight, calls=500):
    recorder = Recorder(0, 10)
    for n in range(1, calls + 1):
        recorder.ended(due=1, sent=1, now=1 + in_flight * n / 1000, outcome=Outcome("OK"))
    return PlottedStep.of(ClosedLoad(in_flight), recorder)


def test_a_step_is_plotted_in_milliseconds():
    step = plotted(2)
    assert (step.name, step.rate) == ("2 in flight", 50)
    assert (step.p50_ms, step.p99_ms) == pytest.approx((500, 990))
    assert step.curve[0] == pytest.approx((1, 2))
    assert step.curve[-1] == pytest.approx((1 / 500, 1000))


def test_a_step_without_answers_is_not_plotted():
    assert PlottedStep.of(ClosedLoad(1), Recorder(0, 1)) is None


@pytest.mark.parametrize(
    ("steps", "width"),
    [
        ([plotted(1)], 768),
        ([plotted(1, calls=1)], 768),
        ([plotted(1), plotted(8), plotted(64)], 1536),
    ],
    ids=["one load", "one answer", "three loads"],
)
def test_a_plot_is_a_picture(tmp_path, steps, width):
    path = tmp_path / "latency.png"
    save_plot(path, "Recommend", steps)
    pixels = imread(path)
    assert pixels.shape[:2] == (576, width)
    colours = {tuple(pixel) for row in pixels.round(1) for pixel in row}
    assert len(colours) > 10  # lines, text, grid and their soft edges


def test_a_plot_needs_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.backend_bases", None)
    with pytest.raises(MissingDependency, match=r"pip install 'recserve\[plot\]'"):
        check_plot(tmp_path / "latency.png")


@pytest.mark.parametrize(
    ("name", "error"), [("latency.txt", ValueError), ("none/latency.png", FileNotFoundError)]
)
def test_what_cannot_be_saved_is_told_before(tmp_path, name, error):
    with pytest.raises(error):
        check_plot(tmp_path / name)
