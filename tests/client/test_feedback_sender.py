import logging
import subprocess
import sys
import threading
from itertools import chain

import grpc
import pytest

from client.fake_server import Failure, bad_request
from recserve.client import (
    BufferFull,
    Client,
    ClientClosed,
    DeadlineExceeded,
    Event,
    FeedbackReceipt,
    FeedbackSender,
    InvalidArgument,
    SenderCounts,
    Unavailable,
)

LONG = 3600.0


class Log:
    """Takes batches like a server; a test can make it hold, or fail."""

    def __init__(self):
        self.batches = []
        self.errors = []
        self.is_open = threading.Event()
        self.is_open.set()
        self.has_batch = threading.Event()

    def send(self, events, timeout):
        assert timeout > 0
        self.has_batch.set()
        assert self.is_open.wait(10)
        if self.errors:
            raise self.errors.pop(0)
        self.batches.append([event.item_id for event in events])
        return FeedbackReceipt(len(events), 0, 0)


@pytest.fixture
def log():
    return Log()


def add(sender, *items):
    return [sender.feedback("u", item, "click") for item in items]


def test_a_full_batch_is_sent_at_once(log):
    with FeedbackSender(log.send, batch_size=2, max_age=LONG) as sender:
        add(sender, "a", "b")
        assert log.has_batch.wait(10)


def test_an_event_does_not_wait_longer_than_its_age(log):
    with FeedbackSender(log.send, batch_size=1000, max_age=0.01) as sender:
        add(sender, "a")
        assert log.has_batch.wait(10)


def test_flush_waits_until_all_is_sent(log):
    with FeedbackSender(log.send, batch_size=2, max_age=LONG) as sender:
        add(sender, "a", "b", "c")
        sender.flush()
        assert list(chain.from_iterable(log.batches)) == ["a", "b", "c"]
        assert sender.counts == SenderCounts(sent=3)
        sender.flush()


def test_leaving_the_block_sends_what_is_left(log):
    with FeedbackSender(log.send, max_age=LONG) as sender:
        add(sender, "a", "b")
    assert log.batches == [["a", "b"]]


def test_a_sender_without_events_starts_no_thread(log):
    before = threading.active_count()
    with FeedbackSender(log.send):
        assert threading.active_count() == before
    assert log.batches == []


def test_closing_is_idempotent_and_adding_after_it_is_a_clear_error(log):
    sender = FeedbackSender(log.send)
    sender.close()
    sender.close()
    with pytest.raises(ClientClosed, match="sender is closed"):
        add(sender, "a")


def test_a_full_buffer_drops_and_counts_where_asked(log):
    log.is_open.clear()
    with FeedbackSender(log.send, max_events=2, max_age=0, when_full="drop") as sender:
        assert add(sender, "a", "b", "c", "d") == [True, True, False, False]
        log.is_open.set()
    assert sender.counts == SenderCounts(sent=2, dropped=2)
    assert list(chain.from_iterable(log.batches)) == ["a", "b"]


def test_a_full_buffer_raises_where_asked(log):
    log.is_open.clear()
    with FeedbackSender(log.send, max_events=1, when_full="raise") as sender:
        add(sender, "a")
        with pytest.raises(BufferFull, match="1 events wait"):
            add(sender, "b")
        log.is_open.set()


def test_a_full_buffer_blocks_until_there_is_room(log):
    log.is_open.clear()
    with FeedbackSender(log.send, max_events=1, max_age=0, when_full="block") as sender:
        add(sender, "a")
        assert log.has_batch.wait(10)
        blocked = threading.Thread(target=add, args=(sender, "b"))
        blocked.start()
        assert blocked.is_alive()
        log.is_open.set()
        blocked.join(10)
        assert not blocked.is_alive()
    assert log.batches == [["a"], ["b"]]


def test_closing_wakes_those_who_are_blocked(log):
    log.is_open.clear()
    sender = FeedbackSender(log.send, max_events=1, max_age=0)
    add(sender, "a")
    assert log.has_batch.wait(10)
    outcome = []

    def blocked():
        try:
            add(sender, "b")
        except ClientClosed as error:
            outcome.append(error)

    waiting = threading.Thread(target=blocked)
    waiting.start()
    closing = threading.Thread(target=sender.close)
    closing.start()
    waiting.join(10)
    log.is_open.set()
    closing.join(10)
    assert len(outcome) == 1
    assert sender.counts == SenderCounts(sent=1)


def test_a_batch_that_fails_goes_to_on_error_and_the_next_is_sent(log):
    failures = []
    log.errors = [Unavailable("gone")]
    with FeedbackSender(log.send, max_age=LONG, on_error=lambda *it: failures.append(it)) as sender:
        add(sender, "a")
        sender.flush()
        add(sender, "b")
    ((events, error),) = failures
    assert [event.item_id for event in events] == ["a"]
    assert isinstance(error, Unavailable)
    assert sender.counts == SenderCounts(sent=1, failed=1)


def test_without_on_error_lost_events_are_logged(log, caplog):
    log.errors = [Unavailable("gone")]
    with caplog.at_level(logging.ERROR, "recserve.client"), FeedbackSender(log.send) as sender:
        add(sender, "a")
    assert "1 events were not stored (UNAVAILABLE): gone" in caplog.text


def test_an_error_in_on_error_is_logged_and_the_sender_goes_on(log, caplog):
    def broken(events, error):
        raise RuntimeError("broken callback")

    log.errors = [Unavailable("gone")]
    with FeedbackSender(log.send, on_error=broken) as sender:
        add(sender, "a")
        sender.flush()
        add(sender, "b")
    assert "broken callback" in caplog.text
    assert log.batches == [["b"]]


def test_on_error_may_add_the_events_again(log):
    log.errors = [Unavailable("gone")]

    def add_again(events, error):
        for event in events:
            sender.add(event)

    sender = FeedbackSender(log.send, on_error=add_again)
    add(sender, "a")
    sender.flush()
    sender.flush()
    sender.close()
    assert log.batches == [["a"]]


def test_flushing_in_on_error_is_a_clear_error_and_no_deadlock(log, caplog):
    log.errors = [Unavailable("gone")]
    with FeedbackSender(log.send, on_error=lambda *_: sender.flush()) as sender:
        add(sender, "a")
    assert "it would wait for itself" in caplog.text


def test_after_the_time_to_close_what_is_left_goes_to_on_error(log):
    lost = []
    log.is_open.clear()
    sender = FeedbackSender(
        log.send, batch_size=1, on_error=lambda events, error: lost.append((events, error))
    )
    add(sender, "a", "b")
    assert log.has_batch.wait(10)
    closing = threading.Thread(target=sender.close, args=(0.0,))
    closing.start()
    with sender._changed:
        assert sender._changed.wait_for(lambda: sender._close_at is not None, timeout=10)
    log.is_open.set()
    closing.join(10)
    ((events, error),) = lost
    assert [event.item_id for event in events] == ["b"]
    assert isinstance(error, DeadlineExceeded)
    assert sender.counts == SenderCounts(sent=1, failed=1)


def test_an_event_that_cannot_be_sent_is_refused_where_it_is_added(log):
    with FeedbackSender(log.send) as sender:
        with pytest.raises(TypeError, match="item_id must be a string"):
            sender.feedback("u", 7, "click")
        assert sender.counts == SenderCounts()


def test_events_of_many_threads_are_each_sent_once(log):
    with FeedbackSender(log.send, max_events=50, batch_size=7, max_age=0) as sender:
        threads = [
            threading.Thread(target=add, args=(sender, *(f"{t}-{n}" for n in range(100))))
            for t in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    sent = list(chain.from_iterable(log.batches))
    assert sorted(sent) == sorted(f"{t}-{n}" for t in range(8) for n in range(100))
    assert sender.counts == SenderCounts(sent=800)
    assert max(map(len, log.batches)) <= 7


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_events": 0},
        {"max_age": -1},
        {"batch_size": 1001},
        {"when_full": "wait"},
        {"timeout": 0},
    ],
)
def test_an_argument_out_of_range_is_refused(log, wrong):
    with pytest.raises(ValueError, match="must be"):
        FeedbackSender(log.send, **wrong)


def test_events_keep_the_time_at_which_they_were_added(server, clock):
    client = Client(server.address, clock=clock.clock())
    with client, client.feedback_sender(max_age=LONG) as sender:
        sender.feedback("u", "i", "click")
        clock.now += 60
    (event,) = server.recommender.log.values()
    assert event.event_time.seconds == 1000


def test_one_event_that_the_server_refuses_does_not_take_the_others_with_it(server):
    refusals = []
    details = [bad_request(**{"events[1].event_type": "not in the schema"})]
    server.script.then("Feedback", Failure(grpc.StatusCode.INVALID_ARGUMENT, "1 field", details))
    with Client(server.address) as client:
        sender = client.feedback_sender(
            max_age=LONG, on_error=lambda events, error: refusals.append((events, error))
        )
        add(sender, "a", "b", "c")
    ((events, error),) = refusals
    assert [event.item_id for event in events] == ["b"]
    assert isinstance(error, InvalidArgument)
    assert [event.item_id for event in server.recommender.log.values()] == ["a", "c"]
    assert sender.counts == SenderCounts(sent=2, failed=1)


def test_a_batch_is_tried_again_with_the_same_events(server, clock):
    server.script.then("Feedback", *[Failure(grpc.StatusCode.UNAVAILABLE)] * 3)
    with Client(server.address, clock=clock.clock()) as client:
        sender = client.feedback_sender(max_age=LONG)
        sender.add(Event("u", "a", "click"))
        sender.flush()
    first, *others = server.script.requests["Feedback"]
    assert others == [first] * 3
    assert sender.counts == SenderCounts(sent=1)


def test_closing_the_client_sends_what_its_senders_hold(server):
    client = Client(server.address)
    sender = client.feedback_sender(max_age=LONG)
    add(sender, "a")
    client.close()
    assert len(server.recommender.log) == 1
    with pytest.raises(ClientClosed):
        client.feedback_sender()


def test_the_interpreters_exit_sends_what_is_left(server):
    program = (
        "import sys; from recserve.client import Client\n"
        "sender = Client(sys.argv[1]).feedback_sender(max_age=3600)\n"
        "for n in range(3): sender.feedback('u', f'i{n}', 'click')\n"
    )
    subprocess.run([sys.executable, "-c", program, server.address], check=True, timeout=60)
    assert len(server.recommender.log) == 3
