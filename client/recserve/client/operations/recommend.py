"""Recommend."""

# ruff: noqa: D417 - `session` is not of the clients' methods, which show these docstrings

from collections.abc import Iterable, Mapping

from recserve.client.event import FeatureValue
from recserve.client.operations.call import call
from recserve.client.operations.effects import Operation
from recserve.client.recommendation import Answer, DiversityBasis
from recserve.client.session import Session

_DIVERSITY_BASES = {
    DiversityBasis.VECTORS: None,  # the default, which need not be sent
    DiversityBasis.CLUSTERS: "DIVERSITY_BASIS_CLUSTERS",
}


def recommend(
    session: Session,
    user_id: str,
    *,
    num_results: int = 10,
    candidate_item_ids: Iterable[str] | None = None,
    candidate_features: object = None,
    exclude_item_ids: Iterable[str] = (),
    include_seen: bool = False,
    filter: str = "",  # noqa: A002 - the protocol's word
    context: Mapping[str, FeatureValue] | None = None,
    recent_item_ids: Iterable[str] = (),
    diversity: float = 0.0,
    diversity_by: DiversityBasis | str = "vectors",
    exploration: float = 0.0,
    explain: bool = False,
    model_label: str | None = None,
    model_version: int | None = None,
    scenario: str = "",
    min_log_position: int | None = None,
    validate_only: bool = False,
    model: str = "",
    timeout: float | None = None,
) -> Operation[Answer]:
    """Ranks items for a user.

    Args:
        user_id: Whom to recommend to. May be empty where `recent_item_ids` is given.
        num_results: Results wanted, 1 to 1000.
        candidate_item_ids: Rank only these, at most 10000. Default: the whole catalogue.
        candidate_features: Shape [candidates, features]: features of the pairs of user
            and candidate, as rows of numbers, a NumPy array or a pandas frame, in the
            order of `candidate_item_ids`.
        exclude_item_ids: Never return these, at most 10000.
        include_seen: Whether items that the user already acted on may be returned.
        filter: Condition on item features, such as `'genres:Drama AND year >= 1990'`;
            only items that it holds for are returned. docs/server.md has the language.
        context: Context features by name: numbers, strings, lists of either.
        recent_item_ids: Recent items of this session, oldest first, at most 1000.
        diversity: How much variety is wanted, 0 (none) to 1 (variety alone).
        diversity_by: What makes two items alike: "vectors" goes by the cosine of the version's
            item vectors, "clusters" by whether both are in one of its clusters.
        exploration: Share of positions that are drawn by chance, 0 to 1; `propensity` says
            how probable each result was at its position.
        explain: Name the item of the user's past that speaks most for each result.
        model_label: The version with this label answers. Default: "stable".
        model_version: This version answers.
        scenario: Where the answer is shown, such as "home"; logged.
        min_log_position: The answer should reflect the event log up to here. Default:
            the highest position that this client's feedback got, so that a user sees
            the effect of what was sent before, on any replica. 0: do not wait.
        validate_only: Only check the request; the answer is empty.
        model: The model. Default: the one the server serves.
        timeout: Seconds, retries included. Default: `Settings.recommend_timeout`.

    Returns:
        The results, best first: `num_results` of them, or `shortfall` says why not.

    Raises:
        InvalidArgument: The server refuses the request; `violations` says why.
        NotFound: There is no such version, label or model.
        FailedPrecondition: The version is not loaded.
        RecserveError: The call failed otherwise.
        TypeError, ValueError: An argument cannot be sent.
    """
    from recserve.client.wire.answers import answer_from
    from recserve.client.wire.candidate_features import packed_rows
    from recserve.client.wire.feature_values import context_messages
    from recserve.client.wire.identifiers import many_ids, one_id
    from recserve.v1 import recommender_pb2

    if model_label is not None and model_version is not None:
        raise ValueError("give model_label or model_version, not both")
    candidates = many_ids("candidate_item_ids", candidate_item_ids)
    if candidate_item_ids is not None and not candidates:
        raise ValueError("candidate_item_ids is empty: leave it out to rank the whole catalogue")
    if candidate_features is not None and not candidates:
        raise ValueError("candidate_features needs candidate_item_ids: one row for each of them")
    request = recommender_pb2.RecommendRequest(
        user_id=one_id("user_id", user_id),
        num_results=num_results,
        candidate_item_ids=candidates,
        candidate_features=(
            b"" if candidate_features is None else packed_rows(candidate_features, len(candidates))
        ),
        exclude_item_ids=many_ids("exclude_item_ids", exclude_item_ids),
        include_seen=include_seen,
        filter=filter,
        context=context_messages(context),
        recent_item_ids=many_ids("recent_item_ids", recent_item_ids),
        diversity=diversity,
        diversity_basis=_DIVERSITY_BASES[DiversityBasis(diversity_by)],
        exploration=exploration,
        explain=explain,
        model_label=model_label,
        model_version=model_version,
        scenario=scenario,
        min_log_position=session.log_position if min_log_position is None else min_log_position,
        validate_only=validate_only,
        model=model,
    )
    seconds = session.settings.recommend_timeout if timeout is None else timeout
    response = yield from call(session, lambda stubs: stubs.recommender.Recommend, request, seconds)
    return answer_from(response)
