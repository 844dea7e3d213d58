"""`recserve status --watch`: how a server stands, shown again and again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recserve.client.command.metrics_page import (
    MetricsPage,
    Traffic,
    read_page,
    shown_seconds,
    traffic_between,
)

if TYPE_CHECKING:
    from rich.console import RenderableType

    from recserve.client import Client, ModelVersion, TrainingRunStatus


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of a server at one moment."""

    server: str
    health: str
    """As people read it; why there is no answer, if there is none."""
    model_health: str = ""
    versions: "tuple[ModelVersion, ...]" = ()
    """Those that serve or have a label, newest first."""
    run: "TrainingRunStatus | None" = None
    """The training run at work."""
    page: MetricsPage | None = None
    trouble: str = ""
    """What could not be read."""


def look(client: "Client", server: str, metrics: str, timeout: float) -> Look:
    """Looks once. What cannot be read is said, and the rest shown.

    Args:
        client: Of the server.
        server: Its address, for people.
        metrics: URL of its metrics page; empty: there is none to read.
        timeout: Seconds for each question.
    """
    from recserve.client import RecserveError

    page, troubles = None, []
    try:
        health = client.health(timeout=timeout)
        model_health = client.health("recserve.model", timeout=timeout)
    except RecserveError as error:
        return Look(server, f"no answer: {error}")
    versions: tuple[ModelVersion, ...] = ()
    run = None
    try:
        listed = client.models(timeout=timeout)
        versions = tuple(one for one in listed if one.labels or one.state == "serving")
        latest = client.training_runs(limit=1, timeout=timeout)
        run = next((one for one in latest if not one.state.has_ended), None)
    except RecserveError as error:
        troubles.append(str(error))
    if metrics:
        try:
            page = read_page(metrics, timeout)
        except OSError as error:
            troubles.append(f"no rates: {metrics}: {error} (--metrics says where the page is)")
    words = (str(health).replace("_", " "), str(model_health).replace("_", " "))
    return Look(server, *words, versions, run, page, "; ".join(troubles))


def watch(client: "Client", server: str, metrics: str, seconds: float, timeout: float) -> None:
    """Shows a live table until Ctrl-C.

    Args:
        client: Of the server.
        server: Its address, for people.
        metrics: URL of its metrics page; empty: there is none to read.
        seconds: Between two looks.
        timeout: Seconds for each question.
    """
    import time

    from rich.console import Console
    from rich.live import Live

    before: MetricsPage | None = None
    console = Console()
    with Live(console=console, auto_refresh=False, screen=console.is_terminal) as live:
        while True:
            seen = look(client, server, metrics, timeout)
            traffic = traffic_between(before, seen.page) if before and seen.page else None
            live.update(rendered(seen, traffic), refresh=True)
            before = seen.page or before
            try:
                time.sleep(seconds)
            except KeyboardInterrupt:
                return


def rendered(seen: Look, traffic: Traffic | None) -> "RenderableType":
    """The tables of one look."""
    from rich.console import Group
    from rich.text import Text

    style = "green" if seen.health == "serving" else "bold red"
    head = Text.assemble("server  ", (f"{seen.server}: {seen.health}", style))
    if not seen.model_health:
        return head
    model_style = "green" if seen.model_health == "serving" else "yellow"
    parts: list[RenderableType] = [
        head,
        Text.assemble("model   ", (seen.model_health, model_style)),
        Text(f"train   {_run(seen.run)}"),
        _versions(seen.versions),
    ]
    if traffic is not None:
        parts += [_methods(traffic), Text(_engine(traffic))]
    elif seen.page is not None:
        parts.append(Text("rates from the next look on"))
    if seen.trouble:
        parts.append(Text(seen.trouble, style="yellow"))
    return Group(*parts)


def _run(run: "TrainingRunStatus | None") -> str:
    if run is None:
        return "no run at work"
    words = [run.name, str(run.state)]
    if run.progress is not None:
        progress = run.progress
        words.append(progress.stage)
        if progress.max_epochs:
            words.append(f"epoch {progress.epoch}/{progress.max_epochs}")
        if progress.max_steps:
            words.append(f"{progress.step / progress.max_steps:.0%}")
        if progress.seconds_left is not None:
            words.append(f"{progress.seconds_left:.0f} s left")
    return ", ".join(words)


def _versions(versions: "tuple[ModelVersion, ...]") -> "RenderableType":
    rows = [
        (str(one.version), str(one.state), ", ".join(one.labels) or "-", one.error)
        for one in versions
    ]
    return _table(["version", "state", "labels", "error"], rows)


def _methods(traffic: Traffic) -> "RenderableType":
    rows = [
        (
            each.method,
            f"{each.per_second:.1f}",
            f"{each.failed_share:.1%}",
            shown_seconds(each.p50),
            shown_seconds(each.p99),
        )
        for each in traffic.methods
    ]
    return _table(["method", "calls/s>", "not OK>", "p50 <=>", "p99 <=>"], rows)


def _engine(traffic: Traffic) -> str:
    batch = "-" if traffic.batch_requests is None else f"{traffic.batch_requests:.1f}"
    return (
        f"engine  {traffic.queued:.0f} waiting, {batch} requests a batch; per second: "
        f"{traffic.events_per_second:.1f} events stored, {traffic.fallbacks_per_second:.1f} "
        f"fallbacks, {traffic.shed_per_second:.1f} refused"
    )


def _table(columns: list[str], rows: Sequence[tuple[str, ...]]) -> "RenderableType":
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column.rstrip(">"), justify="right" if column.endswith(">") else "left")
    for row in rows:
        table.add_row(*map(escape, row))
    return table


def metrics_url(given: str | None, server: str) -> str:
    """Where the metrics page is: as given, or where a server on this machine has it by default."""
    from recserve.client.address import is_this_machine
    from recserve.client.command.metrics_page import METRICS_PORT

    if given is not None:
        return given
    here = f"http://127.0.0.1:{METRICS_PORT}/metrics"
    return here if is_this_machine(server) else ""
