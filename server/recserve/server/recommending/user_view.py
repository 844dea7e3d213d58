"""What a model version makes of a profile."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TypeGuard, TypeVar

import numpy as np

from recserve.server.engine.arrays import Float32Array, Int32Array
from recserve.server.engine.user_inputs import UserInputs
from recserve.server.item_table import ItemTable
from recserve.server.profiles import Profile
from recserve.server.recommending.versions import ServedVersion
from recserve.server.schema import FeatureList
from recserve.server.schema.values import SECONDS_PER_DAY, Features, FeatureValue

_Part = TypeVar("_Part", str, float)

_GREATEST = float(np.finfo(np.float32).max)
_SESSION_EVENT_TYPE = 0  # a session's items are events of the first declared type, just now
_MAX_VIEWS = 4  # of one profile: as many versions are hardly ever served together

PastItem = tuple[int, int, float, float]
"""Row, event type, value and time of one event."""


@dataclass(frozen=True, slots=True, eq=False)
class UserView:
    """A user as a version sees it: made once for a profile, and kept with it."""

    items: ItemTable
    """The items of the version that it was made for."""
    inputs: UserInputs
    """What the model is told."""
    seen_rows: Int32Array
    """Rows of the items that the user has seen."""
    is_known: bool
    """Whether the model has anything to tell this user from any other by."""


def user_view(profile: Profile, version: ServedVersion) -> UserView:
    """The view of a version on a profile."""
    view = profile.views.get(version.number)
    if isinstance(view, UserView) and view.items is version.items:
        return view
    if len(profile.views) >= _MAX_VIEWS:
        profile.views.clear()
    past = list(_history(profile, version))
    declared = version.schema.user.features
    view = profile.views[version.number] = UserView(
        items=version.items,
        inputs=_inputs(past, profile.features, version),
        seen_rows=rows_of(version.items, profile.seen),
        is_known=bool(past) or any(each.name in profile.features for each in declared),
    )
    return view


def with_session(
    profile: Profile, version: ServedVersion, item_ids: Sequence[str], now: float
) -> UserInputs:
    """What the model is told of a user in a session: the history, then the session's items.

    Args:
        profile: The user's; that of nobody for an anonymous session.
        version: Who is asked.
        item_ids: Recent items of the session, oldest first.
        now: The time of each of these, in seconds since the Unix epoch.
    """
    time = now if version.has_clock else np.nan
    session = [(row, _SESSION_EVENT_TYPE, np.nan, time) for row in _known(version.items, item_ids)]
    return _inputs([*_history(profile, version), *session], profile.features, version)


def rows_of(items: ItemTable, item_ids: Iterable[str]) -> Int32Array:
    """The rows of items, those that the version does not know left out."""
    return np.fromiter(_known(items, item_ids), np.int32)


def numbers(declared: FeatureList, features: Features) -> Float32Array:
    """The numbers, the times in days, and the vectors, in declared order; NaN where unknown."""
    values = [features.get(name) for name in declared.numeric]
    known = [v if isinstance(v, float) else np.nan for v in values]
    for name in declared.timestamps:
        time = features.get(name)
        known.append(time / SECONDS_PER_DAY if isinstance(time, float) else np.nan)
    for name, dimension in declared.vectors:
        vector = features.get(name)
        if _is_list(vector, float) and len(vector) == dimension:
            known.extend(vector)
        else:
            known.extend(repeat(np.nan, dimension))
    return _float32(known)


def strings(declared: FeatureList, features: Features, length: int) -> Iterator[str]:
    """The categories, the texts, and then the lists, each of these padded to `length`."""
    for name in declared.strings:
        value = features.get(name)
        yield value if isinstance(value, str) else ""
    for name in declared.multi_valued:
        values = features.get(name)
        kept = values[:length] if _is_list(values, str) else ()
        yield from kept
        yield from [""] * (length - len(kept))


def _inputs(past: Sequence[PastItem], features: Features, version: ServedVersion) -> UserInputs:
    rows, types, values, times = zip(*past, strict=True) if past else ((), (), (), ())
    declared = version.schema.user
    return version.user_layout.inputs(
        rows=rows,
        types=types,
        values=_float32(values),
        times=times,
        numeric=numbers(declared, features),
        strings=tuple(strings(declared, features, version.widths.multi_valued_length)),
    )


def _history(profile: Profile, version: ServedVersion) -> Iterator[PastItem]:
    """What the version knows of the user's past, oldest first."""
    rows, has_clock = version.items.rows, version.has_clock
    for event in profile.history:
        row = rows.get(event.item_id)
        event_type = _event_type(version, event.event_type)
        if row is not None and event_type is not None:
            value = np.nan if event.value is None else event.value
            yield row, event_type, value, event.time if has_clock else np.nan


def _known(items: ItemTable, item_ids: Iterable[str]) -> Iterator[int]:
    rows = items.rows
    return (rows[item_id] for item_id in item_ids if item_id in rows)


def _event_type(version: ServedVersion, name: str) -> int | None:
    return version.schema.event_type_index(name) if version.schema.event_types else 0


def _is_list(value: FeatureValue | None, kind: type[_Part]) -> TypeGuard[tuple[_Part, ...]]:
    """Whether a value is a list of this kind: a schema may declare a name anew."""
    return isinstance(value, tuple) and len(value) > 0 and isinstance(value[0], kind)


def _float32(values: Sequence[float]) -> Float32Array:
    """Numbers beyond float32 become its greatest: as infinity they would make scores NaN."""
    return np.clip(np.array(values, np.float64), -_GREATEST, _GREATEST).astype(np.float32)
