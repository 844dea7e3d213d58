"""How a client's method looks to `help` and to editors."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, get_args

Method = TypeVar("Method", bound=Callable[..., Any])


def as_method_of(method: Method, operation: Callable[..., Any]) -> Method:
    """Gives a method the operation's docstring, and its signature without the session."""
    functools.update_wrapper(method, operation)
    signature = inspect.signature(operation)
    session, *others = signature.parameters.values()
    result = signature.return_annotation
    if isinstance(result, str):
        result = result.removeprefix("Operation[").removesuffix("]")
    else:
        result = get_args(result)[-1]  # Generator[effects, outcomes, result]
    shown = signature.replace(
        parameters=[session.replace(name="self", annotation=inspect.Parameter.empty), *others],
        return_annotation=result,
    )
    method.__signature__ = shown  # type: ignore[attr-defined] # inspect reads it
    return method
