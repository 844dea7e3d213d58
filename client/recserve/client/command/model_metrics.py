"""The metrics of a version as people read them."""

from typing import TYPE_CHECKING

from recserve.client.command.output import print_table

if TYPE_CHECKING:
    from recserve.client import ModelVersion


def print_metrics(version: "ModelVersion") -> None:
    """Print a version's metrics beside popularity's and the stable version's of then.

    Prints nothing where none were measured.
    """
    if not version.metrics:
        return
    rivals = ["popularity>"]
    if version.stable_version:
        rivals.append(f"version {version.stable_version}>")
    rows = [
        (metric.name, f"{metric.value:.4f}", _shown(metric.baseline), _shown(metric.stable))
        for metric in version.metrics
    ]
    print_table(
        ["metric", f"version {version.version}>", *rivals], [row[: 2 + len(rivals)] for row in rows]
    )


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
