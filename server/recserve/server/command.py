"""The command `recserve-server`. What it runs is imported when it runs, so that help is quick."""

import asyncio
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recserve.server.compacting_command import compact_command
from recserve.server.exporting_command import export_command
from recserve.server.importing_command import import_command

if TYPE_CHECKING:
    from recserve.server.settings import Settings


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("recserve"), prog_name="recserve-server")
def main() -> None:
    """Serve recommendations over gRPC, and fill the event log.

    \b
    A first server on a dataset:
      recserve-trainer fit DATASET --store models
      recserve-server import DATASET --events sqlite:///recserve.db
      recserve-server serve --store models --events sqlite:///recserve.db
    """


def _settings_options(command: Any) -> Any:
    """Add an option for every setting; one that is not given keeps the file's or the default."""
    path = click.Path(path_type=Path)
    options = [
        click.option("--config", type=path, help="TOML file of settings; options here win."),
        click.option("--store", help="Folder of the model store, or URL, as s3://… [models]"),
        click.option(
            "--store-cache", type=path, help="Folder for versions from a URL. [model-cache]"
        ),
        click.option(
            "--store-cache-bytes",
            type=int,
            help="Most bytes of versions in it. [42949672960]",
        ),
        click.option(
            "--store-look-seconds",
            type=float,
            help="How often a URL is looked at. [5]",
        ),
        click.option(
            "--max-version-bytes",
            type=int,
            help="Most bytes of a version. [21474836480]",
        ),
        click.option("--max-version-files", type=int, help="Most files of a version. [10000]"),
        click.option(
            "--max-version-items",
            type=int,
            help="Most items of a version. [10000000]",
        ),
        click.option("--model", help="Name of the model to serve. [default]"),
        click.option(
            "--events", metavar="URL", help="URL of the event log. [sqlite:///recserve.db]"
        ),
        click.option(
            "--schema",
            "schema_file",
            type=path,
            help="schema.toml with the event types and features. [the version's own]",
        ),
        click.option("--listen", metavar="HOST:PORT", help="gRPC address. [127.0.0.1:50051]"),
        click.option("--metrics", metavar="HOST:PORT", help="Prometheus address. [127.0.0.1:9464]"),
        click.option(
            "--transport",
            type=click.Choice(["auto", "grpcio", "native"]),
            help="gRPC stack; auto: native if installed and without TLS. [auto]",
        ),
        click.option(
            "--insecure/--no-insecure",
            default=None,
            help="Allow plaintext beyond loopback. [no-insecure]",
        ),
        click.option("--tls-certificate", type=path, help="PEM certificate chain for TLS."),
        click.option("--tls-key", type=path, help="PEM private key for TLS."),
        click.option(
            "--reflection/--no-reflection",
            default=None,
            help="Answer gRPC server reflection. [reflection]",
        ),
        click.option("--canary-share", type=float, help="Users whom a canary answers. [0.05]"),
        click.option(
            "--canary-hours",
            type=float,
            help="Hours until a canary becomes stable by itself; 0: by hand. [0]",
        ),
        click.option("--shadow-share", type=float, help="Answers compared with a shadow's. [0.1]"),
        click.option("--max-batch-requests", type=int, help="Requests per batch. [64]"),
        click.option("--engine-threads", type=int, help="Engine threads; 0: one per two CPUs. [0]"),
        click.option(
            "--device",
            type=click.Choice(["auto", "cpu", "gpu"]),
            help="What engines compute on; auto: a GPU if there is one. [auto]",
        ),
        click.option(
            "--spare-engine/--no-spare-engine",
            default=None,
            help="Keep an engine process ready for the next version. [spare-engine]",
        ),
        click.option(
            "--keep-versions",
            type=int,
            help="Newest versions that stay in the store without a label; 0: all. [0]",
        ),
        click.option(
            "--rollback-minutes",
            type=float,
            help="How long a new stable version can be rolled back by itself; 0: never. [60]",
        ),
        click.option(
            "--rollback-error-share",
            type=float,
            help="Share of requests that its engine may fail to answer; 0: any. [0.05]",
        ),
        click.option(
            "--rollback-latency-factor",
            type=float,
            help="How many times slower than before it may be, at p99; 0: any. [10]",
        ),
        click.option(
            "--rollback-success-drop",
            type=float,
            help="Share by which a canary's success rate may be below the stable version's; "
            "0: any. [0.1]",
        ),
        click.option(
            "--promotion-margin",
            type=float,
            help="Share by which a new version must beat the stable one. [0]",
        ),
        click.option(
            "--baseline-margin", type=float, help="Share by which it must beat popularity. [0]"
        ),
        click.option(
            "--train-every-events", type=int, help="Train by itself after new events; 0: off. [0]"
        ),
        click.option(
            "--train-every-hours", type=float, help="Train by itself after hours; 0: off. [0]"
        ),
        click.option(
            "--train-on-drift",
            type=float,
            help="Train by itself when new events are so far, 0 to 1, from the old; 0: off. [0]",
        ),
        click.option(
            "--train-mode",
            type=click.Choice(["auto", "full", "warm-start"]),
            help="How it trains by itself; auto: warm start from a stable version. [auto]",
        ),
        click.option(
            "--train-promotion",
            type=click.Choice(["if-better", "always", "never", "canary"]),
            help="What becomes of versions that it trained by itself. [if-better]",
        ),
        click.option(
            "--max-waiting-requests", type=int, help="Requests that may wait for it. [1024]"
        ),
        click.option("--max-wait-seconds", type=float, help="Longest wait for the engine. [1]"),
        click.option(
            "--max-waiting-events", type=int, help="Events that may wait for the disk. [100000]"
        ),
        click.option(
            "--answer-log-share", type=float, help="Answers logged, for comparing versions. [1]"
        ),
        click.option(
            "--answer-log-days", type=float, help="Days that they are kept; 0: for ever. [30]"
        ),
        click.option(
            "--event-days", type=float, help="Days after which events are compacted; 0: never. [0]"
        ),
        click.option("--cached-profiles", type=int, help="User profiles in memory. [100000]"),
        click.option("--drain-seconds", type=float, help="Time to finish calls at stop. [10]"),
        click.option(
            "--log-level",
            type=click.Choice(["debug", "info", "warning", "error"]),
            help="Least severity logged. [info]",
        ),
        click.option(
            "--log-format",
            type=click.Choice(["auto", "json", "text"]),
            help="Log lines; auto: text on a terminal. [auto]",
        ),
        click.option(
            "--traces/--no-traces",
            default=None,
            help="Send OpenTelemetry traces. [if OTEL_EXPORTER_OTLP_ENDPOINT is set]",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@main.command()
@_settings_options
def serve(**options: Any) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish the calls in flight.

    Without a model version the server takes events and answers by their counts; a version that
    appears in the store goes live by itself. Health, metrics and reflection are on. Logs go to
    standard error; the line "listening" says where.
    """
    from recserve.server import logs
    from recserve.server.errors import ConfigurationError
    from recserve.server.preflight import check
    from recserve.server.supervisor.front_end_host import FrontEndFailed
    from recserve.server.supervisor.supervisor import supervise

    settings = _settings(options)
    logs.configure(process="supervisor", level=settings.log_level, log_format=settings.log_format)
    try:
        check(settings, with_events=False)
        asyncio.run(supervise(settings))
    except (ConfigurationError, FrontEndFailed) as error:
        _fail(str(error))


@main.command("check-config")
@_settings_options
def check_config(**options: Any) -> None:
    """Check settings without serving, and print them as JSON, defaults filled in.

    Checked are the values, and what they name: the schema, the TLS files, the store, the URL.
    """
    from recserve.server import logs
    from recserve.server.errors import ConfigurationError
    from recserve.server.preflight import check

    settings = _settings(options)
    logs.configure(process="check-config", level="warning", log_format=settings.log_format)
    try:
        check(settings)
    except ConfigurationError as error:
        _fail(error.message)
    click.echo(settings.model_dump_json(indent=2, by_alias=True))


main.add_command(import_command)
main.add_command(export_command)
main.add_command(compact_command)


def _settings(options: dict[str, Any]) -> "Settings":
    from recserve.server.settings import SettingsError, load_settings

    config = options.pop("config")
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return load_settings(config, given)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error


def _fail(message: str) -> None:
    click.echo(f"Error: {message}", err=True)
    sys.exit(1)
