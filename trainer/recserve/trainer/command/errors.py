"""Errors as a person at a terminal is told of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec

import click

from recserve.trainer.command.hyper_parameters import as_options
from recserve.trainer.errors import HyperParameterError, TrainerError

P = ParamSpec("P")


def told(function: Callable[P, None]) -> Callable[P, None]:
    """Turns the errors that the caller can mend into a line on stderr and an exit code."""

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except HyperParameterError as error:
            raise click.UsageError(as_options(str(error))) from None
        except TrainerError as error:
            click.echo(f"Error: {error}", err=True)
            raise SystemExit(1) from None

    return wrapped
