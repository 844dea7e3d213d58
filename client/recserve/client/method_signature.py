"""How a client's method looks to `help` and to editors."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, get_args

Method = TypeVar("Method", bound=Callable[..., Any])


def as_method_of(
    method: Method, operation: Callable[..., Any], returns: type | None = None
) -> Method:
    """Gives a method the operation's docstring, and its signature without the session.

    Args:
        method: The method.
        operation: What it runs.
        returns: What it returns. Default: what the operation returns.
    """
    functools.update_wrapper(method, operation)
    signature = inspect.signature(operation)
    session, *others = signature.parameters.values()
    result = signature.return_annotation
    if returns is not None:
        result = returns
    elif isinstance(result, str):
        result = result.removeprefix("Operation[").removesuffix("]")
    else:
        result = get_args(result)[-1]  # Generator[effects, outcomes, result]
    shown = signature.replace(
        parameters=[session.replace(name="self", annotation=inspect.Parameter.empty), *others],
        return_annotation=result,
    )
    method.__signature__ = shown  # type: ignore[attr-defined] # inspect reads it
    return method
