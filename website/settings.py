"""Makes the table of the server's settings, from the model that reads them."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from recserve.server import settings as source

MARKER = re.compile(r"^<!-- generated: settings -->$", re.M)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Part of MkDocs: puts the table in."""
    return MARKER.sub(lambda _: "\n".join(table()), markdown)


def table() -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| setting | option | values | default | about |\n|---|---|---|---|---|"
    said = documented()
    for name, field in source.Settings.model_fields.items():
        key = field.alias or name
        option = f"`--{key.replace('_', '-')}`"
        about = said[name].replace("|", "\\|")
        yield f"| `{key}` | {option} | {values(field)} | {default(field)} | {about} |"


def documented() -> dict[str, str]:
    """What stands under each setting, by its name."""
    (model,) = ast.parse(inspect.getsource(source.Settings)).body
    assert isinstance(model, ast.ClassDef)  # noqa: S101 - says to the reader what it is
    pairs = zip(model.body, model.body[1:], strict=False)
    return {
        field.target.id: " ".join(text.value.value.split())
        for field, text in pairs
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    }


def values(field: FieldInfo) -> str:
    """What a setting may be."""
    choices = getattr(field.annotation, "__args__", ())
    words = [str(choice) for choice in choices if isinstance(choice, str)]
    if words:
        return ", ".join(f"`{word}`" for word in words)
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    bounds = [
        f"{sign} {getattr(rule, name):,}"
        for rule in field.metadata
        for name, sign in signs.items()
        if getattr(rule, name, None) is not None
    ]
    kinds = [each for each in choices or (field.annotation,) if each is not type(None)]
    names = {bool: "yes or no", int: "whole number", float: "number", str: "text", Path: "path"}
    kind = " or ".join(names.get(each, getattr(each, "__name__", str(each))) for each in kinds)
    return f"{kind}, {' and '.join(bounds)}" if bounds else kind


def default(field: FieldInfo) -> str:
    """What a setting is where nobody says."""
    value = field.get_default(call_default_factory=True)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None or value == () else f"`{value}`"
