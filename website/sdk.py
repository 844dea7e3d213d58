"""Shows the methods of the clients as what they run: a griffe extension.

The clients' methods are made by decorators, `recommend = blocking(recommend)`, which only a running
Python sees through. Importing everything to look at it would take TensorFlow, so the signature and
the docstring are taken from the operation, as the decorators do.
"""

from typing import Any

import griffe

CLIENTS = ("client.sync_client.Client", "client.async_client.AsyncClient")
DECORATORS = ("blocking", "awaitable", "following")
HANDLES = {"Client": "TrainingRun", "AsyncClient": "AsyncTrainingRun"}


class Methods(griffe.Extension):
    """Puts a function in the place of each attribute that a decorator makes one of."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Part of griffe: after all modules were read."""
        for path in CLIENTS:
            client = pkg[path]
            for name, attribute in list(client.members.items()):
                made = getattr(attribute, "value", None)
                if isinstance(made, griffe.ExprCall) and str(made.function) in DECORATORS:
                    operation = pkg.modules_collection[client.module.imports[str(*made.arguments)]]
                    method = method_of(client, name, operation)
                    if str(made.function) == "following":
                        method.returns = HANDLES[client.name]
                    client.set_member(name, method)


def method_of(client: griffe.Class, name: str, operation: griffe.Function) -> griffe.Function:
    """A client's method that runs an operation, which has a session in place of `self`."""
    _, *others = operation.parameters
    kind = griffe.ParameterKind.positional_or_keyword
    returns = operation.returns
    method = griffe.Function(
        name,
        lineno=operation.lineno,
        endlineno=operation.endlineno,
        parameters=griffe.Parameters(griffe.Parameter("self", kind=kind), *others),
        returns=returns.slice if isinstance(returns, griffe.ExprSubscript) else returns,
    )
    if client.name == "AsyncClient":
        method.labels.add("async")
    if operation.docstring is not None:
        text, parser = operation.docstring.value, operation.docstring.parser
        method.docstring = griffe.Docstring(text, parser=parser, parent=method)
    return method
