"""The product's own counters, off its metrics page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.request import urlopen

SAMPLE = re.compile(r"^(?P<name>\w+)(\{(?P<labels>.*)\})? (?P<value>\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Counters:
    """What the server has counted so far."""

    handled: Mapping[str, int]
    """Calls of one method that have ended, by gRPC code."""
    fallbacks: int
    """Answers that the model did not give."""

    def since(self, before: "Counters") -> "Counters":
        """What was counted since then; codes without a call are left out."""
        ended = {code: n - before.handled.get(code, 0) for code, n in self.handled.items()}
        return Counters(
            {code: count for code, count in ended.items() if count},
            self.fallbacks - before.fallbacks,
        )

    @property
    def failed(self) -> int:
        """Calls that ended with anything but OK."""
        return sum(count for code, count in self.handled.items() if code != "OK")


def read_counters(url: str, method: str) -> Counters:
    """Read the page of a server."""
    with urlopen(url, timeout=10) as response:  # noqa: S310  # our own server
        return parse_counters(response.read().decode(), method)


def parse_counters(page: str, method: str) -> Counters:
    """Read the counters of one method off a page."""
    handled: dict[str, int] = {}
    fallbacks = 0
    for found in filter(None, map(SAMPLE.match, page.splitlines())):
        labels = dict(LABEL.findall(found["labels"] or ""))
        if found["name"] == "recserve_fallback_total":
            fallbacks += int(float(found["value"]))
        elif found["name"] == "grpc_server_handled_total" and labels["grpc_method"] == method:
            code = labels["grpc_code"]
            handled[code] = handled.get(code, 0) + int(float(found["value"]))
    return Counters(handled, fallbacks)
