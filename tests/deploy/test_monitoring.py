"""The dashboard and the alerts ask for what the server exposes, and say what they mean."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from deploy.exposed import declared
from deploy.queries import DEPLOY, PROMETHEUS_LABELS, Query, groupings, queries, uses

PROMETHEUS = DEPLOY / "prometheus"
ALERTS = [
    rule["alert"]
    for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="no promtool: install Debian's package prometheus"
)


def wrongs(query: Query) -> list[str]:
    """What a query asks for that no server has."""
    known, found, labels = declared(), [], set(PROMETHEUS_LABELS)
    for use in uses(query):
        if use.series not in known:
            found.append(f"no series {use.series}")
            continue
        labels |= known[use.series]
        lacking = use.labels - known[use.series] - PROMETHEUS_LABELS
        found += [f"{use.series} has no label {label}" for label in sorted(lacking)]
    return found + [f"no label {label}" for label in sorted(groupings(query) - labels)]


def test_there_are_queries_of_both() -> None:
    assert len(queries()) > 40
    assert all(uses(query) or "up{" in query.expression for query in queries())


@pytest.mark.parametrize("query", queries(), ids=lambda query: query.where)
def test_every_series_and_label_that_is_asked_for_exists(query: Query) -> None:
    assert wrongs(query) == []


@pytest.mark.parametrize(
    ("expression", "legend"),
    [
        ("rate(recserve_sheds_total[5m])", ""),
        ('recserve_shed_total{cause="x"}', ""),
        ("sum by (cause) (recserve_shed_total)", ""),
        ("recserve_shed_total", "{{cause}}"),
    ],
)
def test_a_query_for_what_is_not_there_is_found(expression: str, legend: str) -> None:
    assert wrongs(Query("", expression, legend)) != []


def test_no_metric_of_the_server_is_left_out_of_the_dashboard_and_the_alerts() -> None:
    asked = {use.series for query in queries() for use in uses(query)}
    families = {re.sub(r"_(bucket|count|sum)$", "", series) for series in declared()}
    assert {name for name in families if not any(use.startswith(name) for use in asked)} == set()


@needs_promtool
@pytest.mark.parametrize(
    "words",
    [
        ["check", "rules", "alerts.yml"],
        ["test", "rules", "alerts.test.yml"],
        ["check", "config", "prometheus.yml"],
    ],
    ids=" ".join,
)
def test_promtool_is_content(words: list[str]) -> None:
    done = subprocess.run(
        ["promtool", *words],  # noqa: S607 - wherever it is installed
        cwd=PROMETHEUS,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS" in done.stdout


@needs_promtool
def test_every_query_is_promql(tmp_path: Path) -> None:
    written = [
        query.expression.replace("$__rate_interval", "5m").replace("$instance", ".*")
        for query in queries()
    ]
    records = [{"record": f"n{i}", "expr": expression} for i, expression in enumerate(written)]
    rules = {"groups": [{"name": "all", "rules": records}]}
    (tmp_path / "rules.yml").write_text(json.dumps(rules))
    words = ["promtool", "check", "rules", str(tmp_path / "rules.yml")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_is_shown_to_fire_and_to_stay_silent_and_says_what_to_do(alert: str) -> None:
    checks = [
        check
        for test in yaml.safe_load((PROMETHEUS / "alerts.test.yml").read_text())["tests"]
        for check in test["alert_rule_test"]
        if check["alertname"] == alert
    ]
    assert {bool(check.get("exp_alerts")) for check in checks} == {True, False}
    assert f"`{alert}`" in (DEPLOY.parent / "docs" / "operations.md").read_text()


def test_the_dashboards_panels_have_ids_of_their_own_and_a_place() -> None:
    panels = json.loads((DEPLOY / "grafana" / "recserve.json").read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(places)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)
