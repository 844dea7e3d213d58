import math
from datetime import UTC, datetime

import grpc
import pytest

from client.fake_server import Failure, error_info
from recserve.client import (
    Aborted,
    Estimate,
    OffPolicyEstimate,
    OffPolicyMethod,
    VersionComparison,
    VersionStanding,
)
from recserve.v1 import experiment_pb2


def test_a_comparison_says_how_each_version_did(client):
    comparison = client.compare_versions()
    stable, canary, shadow = comparison.versions
    assert comparison.baseline == 1
    assert stable == VersionStanding(
        version=1,
        answer_count=19_000,
        user_count=950,
        success_count=2100,
        success_rate=Estimate(0.1, 0.09, 0.11),
        value=Estimate(0.25, 0.2, 0.3),
    )
    assert canary.difference == Estimate(0.05, 0.01, 0.09)
    assert canary.p_value == 0.03125
    assert (canary.success_rate.low, canary.success_rate.high) == (-math.inf, math.inf)
    assert (shadow.answer_count, shadow.success_rate, shadow.value) == (0, None, None)
    assert shadow.off_policy[0] == OffPolicyEstimate(
        method=OffPolicyMethod.IPS,
        value=Estimate(0.5, 0.25, 0.75),
        answer_count=5000,
        effective_answer_count=42.5,
    )
    assert [each.method for each in shadow.off_policy] == ["ips", "snips", "dr"]
    assert hash(comparison)


def test_what_is_asked_for_is_sent(client, script):
    client.compare_versions(
        datetime(1970, 1, 2, tzinfo=UTC),
        90_000.5,
        versions=[1, 3],
        baseline=3,
        event_types=("buy", "click"),
        positions=7,
        model="default",
    )
    assert script.requests["CompareVersions"] == [
        experiment_pb2.CompareVersionsRequest(
            model="default",
            start_time={"seconds": 86_400},
            end_time={"seconds": 90_000, "nanos": 500_000_000},
            model_versions=[1, 3],
            baseline_version=3,
            event_types=["buy", "click"],
            positions=7,
        )
    ]


def test_nothing_but_the_number_of_positions_is_sent_unless_it_is_asked_for(client, script):
    client.compare_versions()
    assert script.requests["CompareVersions"] == [
        experiment_pb2.CompareVersionsRequest(positions=3)
    ]
    (seconds,) = script.seconds_left["CompareVersions"]
    assert 10 < seconds < 65


def test_no_answers_are_no_versions(client, script):
    script.then("CompareVersions", experiment_pb2.CompareVersionsResponse())
    assert client.compare_versions() == VersionComparison()


def test_a_p_value_of_zero_is_not_none(client, script):
    message = experiment_pb2.CompareVersionsResponse()
    message.versions.add(model_version=2, p_value=0.0)
    script.then("CompareVersions", message)
    (standing,) = client.compare_versions().versions
    assert standing.p_value == 0


def test_another_comparison_at_work_is_told(client, script):
    details = [error_info("COMPARISON_IN_PROGRESS")]
    script.then("CompareVersions", Failure(grpc.StatusCode.ABORTED, "later", details))
    with pytest.raises(Aborted, match="later") as caught:
        client.compare_versions()
    assert caught.value.reason == "COMPARISON_IN_PROGRESS"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"event_types": "buy"}, TypeError, "event_types must be a list"),
        ({"start_time": datetime(2026, 1, 1)}, ValueError, "start_time has no time zone"),
        ({"end_time": math.nan}, ValueError, "end_time must be seconds"),
        ({"positions": 2**31}, ValueError, "out of range"),
    ],
)
def test_what_cannot_be_sent_is_refused_clearly(client, script, arguments, error, message):
    with pytest.raises(error, match=message):
        client.compare_versions(**arguments)
    assert not script.requests
