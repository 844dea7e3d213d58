from datetime import UTC, datetime

import grpc
import pytest

from client.fake_server import Failure, error_info
from recserve.client import ErasureReceipt, TrainingMode, Unavailable, User
from recserve.v1 import catalog_pb2, model_pb2

READERS_LEFT = Failure(grpc.StatusCode.UNAVAILABLE, "repeat it", [error_info("READERS_LEFT")])


def test_a_receipt_says_what_was_erased_and_who_learned_from_it(client, script):
    client.upsert_users([User("ann")])
    receipt = client.delete_user("ann")
    assert receipt == ErasureReceipt(
        receipt_id="5ca1ab1e" * 4,
        deleted_event_count=1234,
        model_versions=(2, 10),
        training_runs=(12,),
        retraining_mode=TrainingMode.FULL,
        complete_time=datetime(2026, 1, 31, 12, tzinfo=UTC),
    )
    assert receipt.retraining_mode == "full"
    assert hash(receipt)
    assert [request.user_id for request in script.requests["DeleteUser"]] == ["ann"]


def test_an_unknown_user_gets_a_receipt_with_nothing_in_it(client):
    receipt = client.delete_user("nobody")
    assert receipt.receipt_id
    assert (receipt.deleted_event_count, receipt.model_versions, receipt.training_runs) == (
        0, (), (),
    )  # fmt: skip


def test_an_erasure_has_a_minute_unless_it_is_told_otherwise(client, script):
    client.delete_user("ann")
    client.delete_user("ann", timeout=300)
    usual, patient = script.seconds_left["DeleteUser"]
    assert 10 < usual < 65
    assert 65 < patient < 305


def test_an_erasure_is_repeated_while_somebody_reads_what_was_there(client, script):
    script.then("DeleteUser", READERS_LEFT, READERS_LEFT)
    assert client.delete_user("ann").receipt_id
    assert len(script.requests["DeleteUser"]) == 3


def test_readers_who_stay_are_told(client, script):
    script.then("DeleteUser", *[READERS_LEFT] * 100)
    with pytest.raises(Unavailable) as caught:
        client.delete_user("ann", timeout=1.0)
    assert caught.value.reason == "READERS_LEFT"


def test_an_id_that_is_none_is_refused_before_it_is_sent(client, script):
    with pytest.raises(TypeError, match="user_id must be a string"):
        client.delete_user(7)
    assert not script.requests


def test_what_an_older_or_newer_server_says_is_read_all_the_same(client, script):
    script.then("DeleteUser", catalog_pb2.DeleteUserResponse(receipt_id="r"))
    assert client.delete_user("ann") == ErasureReceipt(receipt_id="r")
    script.then("DeleteUser", catalog_pb2.DeleteUserResponse(retraining_mode=99))
    assert client.delete_user("ann").retraining_mode is TrainingMode.OTHER
    warm = catalog_pb2.DeleteUserResponse(retraining_mode=model_pb2.TRAINING_MODE_WARM_START)
    script.then("DeleteUser", warm)
    assert client.delete_user("ann").retraining_mode is TrainingMode.WARM_START
