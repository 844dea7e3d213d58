import pytest

from recserve.client import JoinReceipt


def test_a_visitor_is_joined_to_a_user(client, script):
    receipt = client.join_users("v7", "ann")
    assert receipt == JoinReceipt(user_id="ann", joined_event_count=7)
    assert hash(receipt)
    (request,) = script.requests["JoinUsers"]
    assert (request.visitor_id, request.user_id) == ("v7", "ann")


def test_an_id_that_is_none_is_refused_before_it_is_sent(client, script):
    with pytest.raises(TypeError, match="visitor_id must be a string"):
        client.join_users(7, "ann")
    assert not script.requests
