"""`recserve-trainer report`: a version as a page."""

from __future__ import annotations

from pathlib import Path

import click

from recserve.trainer.command import arguments
from recserve.trainer.command.errors import told
from recserve.trainer.errors import TrainerError


@click.command()
@arguments.store
@arguments.model
@arguments.version
@click.option(
    "--comparison",
    "comparisons",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What `compare --json` wrote, to be shown too; may be given several times.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, allow_dash=True, dir_okay=False),
    help="File to write, or - for stdout; an older one is overwritten.  [MODEL-VERSION.html]",
)
@click.option("--open", "is_opened", is_flag=True, help="Show the page in a browser.")
@told
def report(
    store: str | Path,
    model: str,
    version: int | None,
    comparisons: tuple[Path, ...],
    output: Path | None,
    is_opened: bool,
) -> None:
    """Render the report of a version anew: one HTML page that needs nothing else.

    Each version has one in its folder, report.html, as its training rendered it. This renders
    it again from the manifest, as this release does, beside the version that it started from,
    if that is still there. What the manifest lacks is left out.
    """
    from recserve.trainer import report as reports
    from recserve.trainer.location import open_store

    shop = open_store(store, model)
    manifest = shop.manifest(version)
    compared = [reports.read_comparison(path) for path in comparisons]
    page = reports.of_version(shop, manifest, compared)
    output = output or Path(f"{model}-{manifest.version}.html")
    try:
        with click.open_file(output, "w", encoding="utf-8") as stream:
            stream.write(page)
    except OSError as error:
        raise TrainerError(f"{output}: cannot be written ({error.strerror})") from None
    if str(output) == "-":
        return
    click.echo(f"wrote {output}", err=True)
    if is_opened and click.launch(str(output)):
        raise TrainerError(f"no browser could be started; open {output} yourself")
