"""ExperimentService."""

from typing import Any

from recserve.server.experiments.comparer import Comparer
from recserve.server.experiments.comparison import Standing
from recserve.server.experiments.estimate import Estimate
from recserve.server.experiments.off_policy import DR, IPS, SNIPS
from recserve.server.front_end.current_schema import CurrentSchema
from recserve.server.front_end.requests.compare import to_comparison_order
from recserve.server.front_end.servicers.model_names import check_model
from recserve.server.recommending.versions import ServedVersions
from recserve.v1 import experiment_pb2, experiment_pb2_grpc

_METHODS = {
    IPS: experiment_pb2.OFF_POLICY_METHOD_IPS,
    SNIPS: experiment_pb2.OFF_POLICY_METHOD_SNIPS,
    DR: experiment_pb2.OFF_POLICY_METHOD_DR,
}


class ExperimentServicer(experiment_pb2_grpc.ExperimentServiceServicer):
    """What users did with the answers of each version.

    Args:
        model: The name of the model served.
        comparer: Compares.
        versions: Where the stable version is found.
        schema: Says which events are positive.
    """

    def __init__(
        self, *, model: str, comparer: Comparer, versions: ServedVersions, schema: CurrentSchema
    ) -> None:
        self._model = model
        self._comparer = comparer
        self._versions = versions
        self._schema = schema

    async def CompareVersions(
        self, request: experiment_pb2.CompareVersionsRequest, context: Any
    ) -> experiment_pb2.CompareVersionsResponse:
        """Compare versions by the answer log."""
        check_model(request.model, self._model)
        stable = self._versions.stable
        number = None if stable is None else stable.number
        order = to_comparison_order(request, self._schema.current, number)
        compared = await self._comparer.compare(order)
        return experiment_pb2.CompareVersionsResponse(
            versions=[_standing(each) for each in compared.standings],
            baseline_version=compared.baseline or 0,
        )


def _standing(standing: Standing) -> experiment_pb2.VersionStanding:
    return experiment_pb2.VersionStanding(
        model_version=standing.version,
        answer_count=standing.answer_count,
        user_count=standing.user_count,
        success_count=standing.success_count,
        success_rate=_estimate(standing.success_rate),
        value=_estimate(standing.value),
        difference=_estimate(standing.difference),
        p_value=standing.p_value,
        off_policy=[
            experiment_pb2.OffPolicyEstimate(
                method=_METHODS[each.method],
                value=_estimate(each.value),
                answer_count=standing.off_policy_answer_count,
                effective_answer_count=each.effective_count,
            )
            for each in standing.off_policy
        ],
    )


def _estimate(estimate: Estimate | None) -> experiment_pb2.Estimate | None:
    if estimate is None:
        return None
    return experiment_pb2.Estimate(value=estimate.value, low=estimate.low, high=estimate.high)
