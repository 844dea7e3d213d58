"""A server's metrics page as `recserve status --watch` reads it: rates and latencies."""

import math
import re
import time
import urllib.request
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

METRICS_PORT = 9464
LARGEST_PAGE_BYTES = 16 << 20
_SAMPLE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MetricsPage:
    """The samples of a page, and when it was read."""

    samples: tuple[tuple[str, Labels, float], ...]
    seconds: float
    """On a clock that only goes forward."""

    def of(self, name: str, label: str = "") -> dict[str, float]:
        """The samples of a series, added up by a label's value; "" without one."""
        found: dict[str, float] = defaultdict(float)
        for series, labels, value in self.samples:
            if series == name:
                found[labels.get(label, "")] += value
        return found


@dataclass(frozen=True, slots=True)
class MethodTraffic:
    """The calls of one method between two looks."""

    method: str
    per_second: float
    failed_share: float
    """Of calls that ended with anything but OK, 0 to 1."""
    p50: float | None
    """Seconds, as the bucket's upper bound that half of the calls did not exceed; None: no call."""
    p99: float | None


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a server did between two looks at its page."""

    methods: tuple[MethodTraffic, ...]
    queued: float
    """Requests that wait for the engine now."""
    batch_requests: float | None
    """Mean requests of a batch; None: no batch."""
    fallbacks_per_second: float
    shed_per_second: float
    events_per_second: float


def read_page(url: str, timeout: float) -> MetricsPage:
    """Reads a page in Prometheus's text format.

    Raises:
        OSError: Nothing answers there, or not with a page.
    """
    if not url.startswith(("http://", "https://")):
        raise OSError(f"{url} is no address of a page: it begins with neither http:// nor https://")
    with urllib.request.urlopen(url, timeout=timeout) as response:  # noqa: S310 # checked above
        text = response.read(LARGEST_PAGE_BYTES).decode("utf-8", "replace")
    return parse_page(text, time.monotonic())


def parse_page(text: str, seconds: float) -> MetricsPage:
    """The samples of a page; lines that are none are passed over.

    Args:
        text: In Prometheus's text format.
        seconds: When it was read.
    """
    samples = []
    for line in text.splitlines():
        match = _SAMPLE.match(line)
        if match is None or line.startswith("#"):
            continue
        try:
            value = float(match[3])
        except ValueError:
            continue
        samples.append((match[1], dict(_LABEL.findall(match[2] or "")), value))
    return MetricsPage(tuple(samples), seconds)


def traffic_between(before: MetricsPage, now: MetricsPage) -> Traffic:
    """What happened between two looks.

    A counter that has fallen began anew: the server was restarted, and all it has counted is new.
    """
    seconds = max(now.seconds - before.seconds, 1e-3)

    def grown(name: str) -> float:
        return sum(_grown(before.of(name), now.of(name)).values())

    batches = grown("recserve_batch_requests_count")
    return Traffic(
        methods=tuple(_methods(before, now, seconds)),
        queued=sum(now.of("recserve_engine_queue_requests").values()),
        batch_requests=grown("recserve_batch_requests_sum") / batches if batches else None,
        fallbacks_per_second=grown("recserve_fallback_total") / seconds,
        shed_per_second=grown("recserve_shed_total") / seconds,
        events_per_second=grown("recserve_events_total") / seconds,
    )


def _methods(before: MetricsPage, now: MetricsPage, seconds: float) -> list[MethodTraffic]:
    name, label = "grpc_server_handled_total", "grpc_method"
    calls = _grown(before.of(name, label), now.of(name, label))
    fine = _grown(_ok(before).of(name, label), _ok(now).of(name, label))
    return [
        MethodTraffic(
            method,
            count / seconds,
            1 - fine.get(method, 0.0) / count,
            _quantile(before, now, method, 0.5),
            _quantile(before, now, method, 0.99),
        )
        for method, count in sorted(calls.items(), key=lambda each: -each[1])
        if count > 0
    ]


def _ok(page: MetricsPage) -> MetricsPage:
    kept = tuple(each for each in page.samples if each[1].get("grpc_code") == "OK")
    return MetricsPage(kept, page.seconds)


def _quantile(before: MetricsPage, now: MetricsPage, method: str, share: float) -> float | None:
    """The least upper bound of a bucket that this share of the calls did not exceed."""
    name = "grpc_server_handling_seconds_bucket"
    buckets = _grown(_of(before, method).of(name, "le"), _of(now, method).of(name, "le"))
    ordered = sorted((float(bound), count) for bound, count in buckets.items())
    if not ordered or not ordered[-1][1]:
        return None
    return next(bound for bound, count in ordered if count >= share * ordered[-1][1])


def _of(page: MetricsPage, method: str) -> MetricsPage:
    kept = tuple(each for each in page.samples if each[1].get("grpc_method") == method)
    return MetricsPage(kept, page.seconds)


def _grown(before: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    restarted = any(before.get(key, 0.0) > value for key, value in now.items())
    return {key: value - (0.0 if restarted else before.get(key, 0.0)) for key, value in now.items()}


def shown_seconds(seconds: float | None) -> str:
    """A time as people read it; "-" for none."""
    if seconds is None:
        return "-"
    if math.isinf(seconds):
        return "> 10 s"
    return f"{seconds * 1000:g} ms" if seconds < 1 else f"{seconds:g} s"
