"""The trainer wing: learns a model version from a dataset.

`fit` is the whole of it; the command `recserve-trainer` is a thin shell around it.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recserve.trainer.training import Fitted, fit

__all__ = ["Fitted", "fit"]


def __getattr__(name: str) -> Any:
    # The command must show its help before anything heavy is imported.
    if name in __all__:
        from recserve.trainer import training

        return getattr(training, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
