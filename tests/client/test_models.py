from datetime import UTC, datetime

import grpc
import pytest

from client.fake_server import Failure, error_info, version_message
from recserve.client import (
    Fallback,
    HoldoutKind,
    Metric,
    ModelVersionState,
    NotFound,
    OffPolicyMethod,
    Promotion,
    Reason,
    Shortfall,
    TrainingMode,
    TrainingRunState,
)
from recserve.v1 import experiment_pb2, model_pb2, promotion_pb2, recommender_pb2, training_pb2


def test_models_lists_the_versions_of_every_page(client, script):
    versions = client.models(model="default")
    assert [version.version for version in versions] == [2, 1]
    first, second = script.requests["ListModelVersions"]
    assert (first.model, first.page_token) == ("default", "")
    assert (second.model, second.page_token) == ("default", "second")


def test_a_version_says_everything_that_matters(client):
    version, failed = client.models()
    assert version.name == "models/default/versions/2"
    assert version.state is ModelVersionState.SERVING
    assert version.labels == ("stable",)
    assert version.create_time == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert version.metrics == (Metric("ndcg@10", 0.31, 0.12), Metric("coverage@10", 0.4, None))
    assert version.holdout is HoldoutKind.TIME
    assert version.lineage.mode is TrainingMode.WARM_START
    assert version.lineage.base_version == 1
    assert version.lineage.first_event_time is None
    assert version.lineage.last_event_time == datetime(2026, 1, 30, tzinfo=UTC)
    assert version.hyper_parameters == {"hidden_layers": (100, 50), "learning_rate": 0.001}
    assert version.size_bytes == 1_250_000
    assert failed.state is ModelVersionState.FAILED
    assert failed.error == "checksum of items.npz differs"


@pytest.mark.parametrize("asked", [2, "stable"])
def test_model_asks_by_number_or_label(client, script, asked):
    assert client.model(asked).version == 2
    (request,) = script.requests["GetModelVersion"]
    assert request.name == f"models/-/versions/{asked}"


def test_an_unknown_version_is_not_found(client, script):
    details = [error_info("MODEL_VERSION_NOT_FOUND")]
    script.then("GetModelVersion", Failure(grpc.StatusCode.NOT_FOUND, "no version 9", details))
    with pytest.raises(NotFound, match="no version 9"):
        client.model(9, model="other")


def test_an_absent_mode_reads_as_full_and_absent_times_as_none(client, script):
    script.then("GetModelVersion", model_pb2.ModelVersion(version=1))
    version = client.model(1)
    assert version.lineage.mode is TrainingMode.FULL
    assert version.create_time is None
    assert version.holdout is HoldoutKind.UNSPECIFIED


def test_versions_are_hashable():
    from recserve.client.wire.model_versions import model_version_from

    assert (
        len({model_version_from(version_message(1)), model_version_from(version_message(2))}) == 2
    )


@pytest.mark.parametrize(
    ("enum", "generated", "prefix"),
    [
        (Reason, recommender_pb2.Reason, "REASON_"),
        (Fallback, recommender_pb2.Fallback, "FALLBACK_"),
        (Shortfall, recommender_pb2.Shortfall, "SHORTFALL_"),
        (ModelVersionState, model_pb2.ModelVersionState, "MODEL_VERSION_STATE_"),
        (TrainingMode, model_pb2.TrainingMode, "TRAINING_MODE_"),
        (HoldoutKind, model_pb2.HoldoutKind, "HOLDOUT_KIND_"),
        (Promotion, promotion_pb2.Promotion, "PROMOTION_"),
        (TrainingRunState, training_pb2.TrainingRunState, "TRAINING_RUN_STATE_"),
        (OffPolicyMethod, experiment_pb2.OffPolicyMethod, "OFF_POLICY_METHOD_"),
    ],
)
def test_every_enumerator_of_the_protocol_has_a_member(enum, generated, prefix):
    names = {name.removeprefix(prefix).lower() for name in generated.keys()}  # noqa: SIM118
    assert {member.value for member in enum} - {"other", "unspecified"} == names - {"unspecified"}
