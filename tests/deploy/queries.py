"""What the dashboard and the alerts ask Prometheus."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
OURS = r"\b((?:grpc_server|recserve)_[a-z_]+)"
PROMETHEUS_LABELS = frozenset({"instance", "job", "le"})
"""Labels that Prometheus itself gives, and the one of a histogram's buckets."""


class Query(NamedTuple):
    """One query, and the text that shows what it finds."""

    where: str
    expression: str
    legend: str


class Use(NamedTuple):
    """A series that a query reads, with the labels that it picks it by."""

    series: str
    labels: frozenset[str]


def queries() -> list[Query]:
    """Every query of the dashboard and of the alerts."""
    return [*_dashboard(), *_alerts()]


def uses(query: Query) -> list[Use]:
    """The series of ours that a query reads."""
    found = re.finditer(OURS + r"\s*(\{[^}]*\})?", query.expression)
    return [
        Use(match[1], frozenset(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", match[2] or "")))
        for match in found
    ]


def groupings(query: Query) -> frozenset[str]:
    """The labels that a query groups or joins by, and that its legend shows."""
    lists = re.findall(r"\b(?:by|on|without|ignoring)\s*\(([^)]*)\)", query.expression)
    named = {label.strip() for each in lists for label in each.split(",")}
    return frozenset(named | set(re.findall(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}", query.legend)))


def _dashboard() -> Iterator[Query]:
    for panel in json.loads((DEPLOY / "grafana" / "recserve.json").read_text())["panels"]:
        for target in panel.get("targets", ()):
            yield Query(panel["title"], target["expr"], target["legendFormat"])


def _alerts() -> Iterator[Query]:
    for group in yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"]:
        for rule in group["rules"]:
            yield Query(rule["alert"], rule["expr"], rule["annotations"]["summary"])
