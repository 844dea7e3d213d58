"""Puts the page together."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import jinja2

from recserve.trainer.errors import StoreError
from recserve.trainer.report import (
    calibration,
    clusters,
    comparisons,
    contenders,
    data,
    distributions,
    figures,
    learning,
    long_tail,
    metrics,
    segments,
    summary,
    warm_start,
)
from recserve.trainer.store import Store
from recserve.v1 import model_pb2

TEMPLATES = Path(__file__).parent / "templates"


def of_version(
    store: Store,
    manifest: model_pb2.ModelVersion,
    compared: Sequence[model_pb2.Comparison] = (),
) -> str:
    """The report of a version, beside the version that it started from, if that is there.

    Args:
        store: Where the version is, or will be.
        manifest: The version.
        compared: What `recserve-trainer compare` found.

    Returns:
        HTML.
    """
    base = None
    if manifest.lineage.base_version:
        with suppress(StoreError):
            base = store.manifest(manifest.lineage.base_version)
    return render(manifest, base, compared)


def render(
    manifest: model_pb2.ModelVersion,
    base: model_pb2.ModelVersion | None = None,
    compared: Sequence[model_pb2.Comparison] = (),
) -> str:
    """The report of a version.

    The page asks nothing of a network, has no script, and forbids both to whatever a data set
    may have smuggled into it.

    Args:
        manifest: The version; what it does not have is left out of the report.
        base: The version that it started from.
        compared: Models like it beside tuned baselines.

    Returns:
        HTML.
    """
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            version=manifest,
            base=base,
            style=style,
            style_digest=_digest(style),
            summary=summary.of(manifest, base),
            metrics=metrics.of(manifest.evaluation),
            contenders=contenders.of_evaluation(manifest.evaluation),
            comparisons=comparisons.of(compared, manifest.lineage),
            segments=segments.of(manifest.evaluation),
            calibration=calibration.of(manifest.evaluation.calibration),
            long_tail=long_tail.of(manifest.evaluation.popularity_deciles),
            clusters=clusters.of(manifest.item_clusters),
            learning=learning.of(manifest, base),
            warm_start=warm_start.of(manifest, base),
            data=data.of(manifest),
            distributions=distributions.of(manifest, base),
        )
    )


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        autoescape=True,  # data is hostile
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= figures.FILTERS | {"method": contenders.name}
    return environment


def _digest(style: str) -> str:
    """The source expression that allows this style sheet in a Content-Security-Policy."""
    digest = hashlib.sha256(style.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
