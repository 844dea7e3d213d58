"""From text cells to arrays, with every dropped or changed row counted and described."""

from recserve.trainer.cleaning.clean import Cleaned, clean

__all__ = ["Cleaned", "clean"]
