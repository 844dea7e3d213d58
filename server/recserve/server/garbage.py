"""How often Python looks for cyclic garbage in a process that has started."""

import gc

_THRESHOLDS = (20_000, 20, 50)


def settle() -> None:
    """Leave what is there alone for good, and look at new objects more rarely.

    Modules, item tables and functions stay; looking through them for every few hundred new objects,
    as is the default, costs a call in a hundred milliseconds. Requests make hardly any cycles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
