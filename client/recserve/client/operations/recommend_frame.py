"""Recommendations for many users, as a pandas frame."""

# ruff: noqa: D417 - `session` is not of the clients' methods, which show these docstrings

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from importlib import import_module
from itertools import chain
from types import ModuleType
from typing import TYPE_CHECKING

from recserve.client.errors import MissingDependency, MixedAnswers
from recserve.client.event import FeatureValue
from recserve.client.operations.effects import Operation, Together
from recserve.client.operations.recommend import recommend
from recserve.client.recommendation import Answer, Recommendation
from recserve.client.session import Session

if TYPE_CHECKING:
    import pandas as pd

MOST_RESULTS_PER_CALL = 1000
"""The protocol's limit of `num_results`, and so of candidates that all come back."""

_TRIES_FOR_ONE_MODEL = 3


def recommend_frame(
    session: Session,
    user_ids: Iterable[str],
    item_ids: Iterable[str] | None = None,
    threshold: float | None = None,
    *,
    num_results: int | None = None,
    context: Mapping[str, FeatureValue] | None = None,
    model_label: str | None = None,
    model_version: int | None = None,
    model: str = "",
    concurrency: int = 8,
    timeout: float | None = None,
) -> "Operation[pd.DataFrame]":
    """Recommends to many users, as a pandas frame. Needs `pip install 'recserve[pandas]'`.

    Recommended is what is in the user's top `num_results`, or, where a threshold is
    given, what scores at least the threshold. Where both are given, both must hold.

    Args:
        user_ids: Whom to recommend to; each once in the frame.
        item_ids: Rank these items, any number of them, those that the user has seen
            included. Default: the catalogue, without what the user has seen.
        threshold: Lowest score that is recommended. Default: the top is.
        num_results: Most items recommended to a user, 1 to 1000. Default: 10 without
            a threshold, unlimited with one (1000 without `item_ids`).
        context: Context features, the same for every user.
        model_label: The version with this label answers. Default: "stable".
        model_version: This version answers.
        model: The model. Default: the one the server serves.
        concurrency: Most users asked for at once.
        timeout: Seconds for each call, retries included. Default: `Settings.read_timeout`.

    Returns:
        Columns `user_id`, `item_id`, `score` and `recommendation` (a bool); users in
        the given order, their items best first. With `item_ids`, each of them that the
        version knows and may return is there once per user, recommended or not;
        without, only what is recommended is.

    Raises:
        MissingDependency: pandas is not installed.
        MixedAnswers: The serving version kept changing between the calls for one user.
        RecserveError: A call failed.
        TypeError, ValueError: An argument cannot be sent.
    """
    pandas = _pandas()
    from recserve.client.wire.identifiers import many_ids

    if concurrency < 1:
        raise ValueError(f"concurrency must be at least 1, got {concurrency}")
    most = _most_recommended(num_results, threshold)
    chunks = _chunks(None if item_ids is None else many_ids("item_ids", item_ids))
    ask = partial(
        recommend,
        session,
        num_results=most or MOST_RESULTS_PER_CALL,
        context=context,
        model_label=model_label,
        model_version=model_version,
        model=model,
        timeout=session.settings.read_timeout if timeout is None else timeout,
    )
    users = list(dict.fromkeys(many_ids("user_ids", user_ids)))
    ranked = yield Together([_ranked(ask, user, chunks) for user in users], limit=concurrency)
    rows = [
        (user, result.item_id, result.score, recommended)
        for user, results in zip(users, ranked, strict=True)
        for rank, result in enumerate(results)
        for recommended in (_is_recommended(rank, result.score, most, threshold),)
        if recommended or item_ids is not None
    ]
    frame: pd.DataFrame = pandas.DataFrame(
        rows, columns=["user_id", "item_id", "score", "recommendation"]
    )
    return frame.astype({"score": "float64", "recommendation": "bool"})


def _pandas() -> ModuleType:
    try:
        return import_module("pandas")
    except ImportError as error:
        raise MissingDependency(
            "recommend_frame needs pandas: pip install 'recserve[pandas]'"
        ) from error


def _most_recommended(num_results: int | None, threshold: float | None) -> int | None:
    if num_results is not None and num_results < 1:
        raise ValueError(f"num_results must be at least 1, got {num_results}")
    return 10 if num_results is None and threshold is None else num_results


def _chunks(item_ids: list[str] | None) -> list[list[str] | None]:
    """The candidates of each call, so few that all of them come back; None: no candidates."""
    if item_ids is None:
        return [None]
    distinct = list(dict.fromkeys(item_ids))
    return [
        distinct[start : start + MOST_RESULTS_PER_CALL]
        for start in range(0, len(distinct), MOST_RESULTS_PER_CALL)
    ]


def _ranked(
    ask: Callable[..., Operation[Answer]], user_id: str, chunks: Sequence[list[str] | None]
) -> Operation[Sequence[Recommendation]]:
    """The items of all chunks, best first."""
    for _ in range(_TRIES_FOR_ONE_MODEL):
        answers: list[Answer] = []
        for chunk in chunks:
            answers += [(yield from _ask_chunk(ask, user_id, chunk))]
        if len(answers) == 1:
            return answers[0]
        # A score compares with another only if the same model, or fallback, made both.
        if len({(answer.model_version, answer.fallback) for answer in answers}) <= 1:
            return sorted(chain.from_iterable(answers), key=lambda result: -result.score)
    raise MixedAnswers(
        f"the server kept changing what answers for user {user_id!r}: give model_version, or try "
        "again when the new version is stable"
    )


def _ask_chunk(
    ask: Callable[..., Operation[Answer]], user_id: str, chunk: list[str] | None
) -> Operation[Answer]:
    if chunk is None:
        return (yield from ask(user_id))
    candidates = {"candidate_item_ids": chunk, "include_seen": True, "num_results": len(chunk)}
    return (yield from ask(user_id, **candidates))


def _is_recommended(rank: int, score: float, most: int | None, threshold: float | None) -> bool:
    return (most is None or rank < most) and (threshold is None or score >= threshold)
