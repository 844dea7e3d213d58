"""Checks words against a click command, without running it or touching a file."""

from collections.abc import Sequence
from importlib import import_module, metadata

import click

from recserve.client.command.default_command import DefaultCommandGroup

NAMES = ("recserve", "recserve-server", "recserve-trainer")


def our_command(name: str) -> click.Command:
    """Return one of the three commands by its name."""
    (entry,) = metadata.entry_points(group="console_scripts", name=name)
    main = entry.load()
    if isinstance(main, click.Command):
        return main
    groups = [
        value
        for value in vars(import_module(entry.module)).values()
        if isinstance(value, click.Group)
    ]
    below = [command for group in groups for command in group.commands.values()]
    (top,) = [group for group in groups if group not in below]
    return top


def misuse(
    command: click.Command, words: Sequence[str], parent: click.Context | None = None
) -> str | None:
    """Say why a command would refuse these words, or None if it would accept them."""
    # Made as click makes it: a command keeps the help options of the context it first sees.
    context = click.Context(command, parent, command.name, **command.context_settings)
    words = list(words)
    if isinstance(command, DefaultCommandGroup):
        words = command.completed(context, words)
    try:
        given, rest, order = command.make_parser(context).parse_args(words)
        if any(parameter.is_eager for parameter in order):
            return None  # --help and the like end the command before anything else is asked
        if isinstance(command, click.Group):
            return _misuse_of_group(command, rest, context)
        _check_values(command, context, given)
    except click.UsageError as error:
        return error.format_message()
    return f"takes no further argument {rest[0]!r}" if rest else None


def _misuse_of_group(group: click.Group, rest: Sequence[str], context: click.Context) -> str | None:
    if not rest:
        return None if group.invoke_without_command else "names no command"
    if rest[0] not in group.commands:
        return f"there is no command {rest[0]!r}, only {sorted(group.commands)}"
    return misuse(group.commands[rest[0]], rest[1:], context)


def _check_values(command: click.Command, context: click.Context, given: dict) -> None:
    for parameter in command.params:
        value = given.get(parameter.name or "")
        if parameter.required and not isinstance(value, (str, tuple, list)):
            raise click.MissingParameter(ctx=context, param=parameter)
        if isinstance(value, str) and not isinstance(parameter.type, (click.Path, click.File)):
            parameter.type_cast_value(context, value)
