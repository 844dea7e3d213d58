"""Lists of ids on the command line: a file, or how many made-up ones."""

from pathlib import Path

import click


def ids_from(text: str, kind: str, option: str) -> list[str]:
    """The ids that an option names.

    Args:
        text: A file of ids, one per line, or a number N for KIND-1 to KIND-N.
        kind: What they are ids of, such as "user".
        option: The option, for errors.

    Raises:
        click.BadParameter: It is neither, or there is no id.
    """
    if text.isdecimal():
        ids = [f"{kind}-{number}" for number in range(1, int(text) + 1)]
    else:
        ids = _lines(text, option)
    if not ids:
        raise click.BadParameter(f"{text} gives no {kind} id", param_hint=option)
    return ids


def _lines(text: str, option: str) -> list[str]:
    try:
        lines = Path(text).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        what = f"{text!r} is neither a number nor a file of ids, one per line: {error}"
        raise click.BadParameter(what, param_hint=option) from error
    return [line.strip() for line in lines if line.strip()]
