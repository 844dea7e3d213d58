"""Every series that the server's code declares, with its labels."""

from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from recserve.server import metrics
from recserve.server.supervisor.metrics_page import MetricsPage

_SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}


def declared() -> dict[str, frozenset[str]]:
    """The labels of each series, by its name."""
    found: dict[str, frozenset[str]] = {}
    for value in vars(metrics).values():
        if isinstance(value, MetricWrapperBase):
            (family,) = value.describe()
            for suffix in _SUFFIXES[family.type]:
                found[family.name + suffix] = frozenset(value._labelnames)
    page = MetricsPage("127.0.0.1:0", Path())
    page.set_versions([("1", "stable", "serving")])  # type: ignore[list-item]
    for family in page.collect():
        for suffix in _SUFFIXES[family.type]:
            labels = [sample.labels for sample in family.samples]
            found[family.name + suffix] = frozenset(labels[0])
    return found
