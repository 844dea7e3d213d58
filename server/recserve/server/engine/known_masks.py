"""The masks that front ends have told an engine."""

from collections import defaultdict
from typing import Generic, TypeVar

from recserve.server.engine.frames import FrameError
from recserve.server.engine.shaping_frames import ArrivedShaping, PackedMask

Caller = TypeVar("Caller")


class KnownMasks(Generic[Caller]):
    """Masks by front end and number. What is of one front end is touched by its thread alone."""

    def __init__(self) -> None:
        self._masks: defaultdict[Caller, dict[int, PackedMask]] = defaultdict(dict)

    def put(self, caller: Caller, number: int, mask: PackedMask) -> None:
        """Take a mask."""
        self._masks[caller][number] = mask

    def look_up(self, caller: Caller, shaping: ArrivedShaping) -> None:
        """Put the mask in the place of its number.

        Raises:
            FrameError: the front end never told it.
        """
        if shaping.mask_number:
            shaping.mask = self._masks[caller].get(shaping.mask_number)
            if shaping.mask is None:
                raise FrameError(f"nobody knows the mask {shaping.mask_number}")

    def forget(self, caller: Caller, number: int) -> None:
        """No later request names it; those that did keep it."""
        self._masks[caller].pop(number, None)

    def forget_all(self, caller: Caller) -> None:
        """The front end has gone."""
        self._masks.pop(caller, None)
