"""Shows a command's `--help`, and those of its subcommands: `<!-- generated: command NAME -->`.

The text is what the command prints, so it is right to the letter.
"""

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import click

MARKER = re.compile(
    r"^<!-- generated: command (?P<module>[\w.]+):(?P<object>\w+) (?P<name>\S+) -->$", re.M
)
COLUMNS = 78


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Part of MkDocs: puts the help in."""

    def pages(match: re.Match[str]) -> str:
        command = getattr(import_module(match["module"]), match["object"])
        return "\n".join(described(command, match["name"], None))

    return MARKER.sub(pages, markdown)


def described(
    command: click.Command, name: str, parent: click.Context | None, depth: int = 1
) -> Iterator[str]:
    """Yield the help of a command, and of all below it."""
    settings = {**command.context_settings, "terminal_width": COLUMNS}
    context = click.Context(command, parent, name, **settings)
    if parent is not None:
        yield f"\n{'#' * min(depth, 4)} {context.command_path}\n"
    yield f"```text\n{command.get_help(context)}\n```"
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            if found is not None and not found.hidden:
                yield from described(found, below, context, depth + 1)
