"""The engine's loop over a small model, with front ends on real sockets."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from recserve.server import metrics
from recserve.server.engine.batcher import Batcher
from recserve.server.engine.connection import Connection
from recserve.server.engine.contract import RankingRequest, RowMask, Shaping
from recserve.server.engine.frames import (
    EXPIRED,
    FAILED,
    LENGTH,
    MAX_FRAME_BYTES,
    OK,
    Arrival,
    ArrivedRequest,
    decode_answer,
    decode_arrival,
    encode_available,
    encode_cancel,
    encode_forget,
    encode_mask,
    encode_rank,
    encode_request,
)
from recserve.server.engine.loop import EngineLoop
from recserve.server.engine.user_inputs import UserLayout
from recserve.server.feature_widths import FeatureWidths

POISON = 13
NOBODY = UserLayout(FeatureWidths(history=1, multi_valued_length=1)).empty


class EchoModel:
    """Answers with the rows it is asked to exclude; chokes on one row."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.masks: list[Any] = []
        self.available: list[bool] = []
        self.told = threading.Event()
        self.traces = 3

    def rank(self, requests: Sequence[ArrivedRequest]) -> list[tuple[np.ndarray, np.ndarray]]:
        rows = [np.frombuffer(request.excluded_rows, np.int32) for request in requests]
        self.batches.append(len(rows))
        self.masks += [request.shaping.mask for request in requests if request.shaping]
        if any(POISON in each for each in rows):
            raise RuntimeError("poison")
        return [(each, each.astype(np.float32)) for each in rows]

    def set_available(self, available: Any) -> None:
        if len(available) != 2:
            raise ValueError("the mask does not fit")
        self.available = available.tolist()
        self.told.set()


class FrontEndDouble:
    """The other end of one connection."""

    def __init__(self, ours: socket.socket) -> None:
        self._socket = ours
        self._stream = ours.makefile("rb")

    def send(self, *frames: bytes) -> None:
        self._socket.sendall(b"".join(frames))

    def answer(self) -> tuple[int, int, list[int] | None]:
        (length,) = LENGTH.unpack(self._stream.read(LENGTH.size))
        kind, request_id, ranking = decode_answer(self._stream.read(length))
        return kind, request_id, None if ranking is None else list(ranking.rows)

    def is_let_go(self) -> bool:
        return self._stream.read(1) == b""

    def close(self) -> None:
        self._stream.close()
        self._socket.close()


class Engine:
    """An engine's loop without its process. Nothing runs until `run`."""

    def __init__(self) -> None:
        self.model = EchoModel()
        self.batcher: Batcher[Connection] = Batcher(
            max_requests=8, max_rows=1000, rows_found=1, clock=time.monotonic
        )
        self.loop = EngineLoop(self.model, self.batcher, "1")
        self._front_ends: list[FrontEndDouble] = []
        self.arrived = threading.Semaphore(0)
        self.ended = threading.Semaphore(0)

    def connect(self) -> FrontEndDouble:
        ours, theirs = socket.socketpair()
        connection = Connection(theirs, len(self._front_ends) + 1)

        def on_arrivals(source: Connection, arrivals: list[Arrival]) -> None:
            self.loop.on_arrivals(source, arrivals)
            self.arrived.release(len(arrivals))

        def on_end(source: Connection) -> None:
            self.loop.on_end(source)
            self.ended.release()

        connection.start(on_arrivals, on_end)
        self._front_ends.append(FrontEndDouble(ours))
        return self._front_ends[-1]

    def run(self, after_arrivals: int) -> None:
        """Answer what has arrived."""
        for _ in range(after_arrivals):
            assert self.arrived.acquire(timeout=10)
        self.batcher.close()
        self.loop.run()

    def close(self) -> None:
        for front_end in self._front_ends:
            front_end.close()


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.close()


def ask(row: int, deadline: float = float("inf")) -> RankingRequest:
    excluded = np.array([row], np.int32)
    return RankingRequest(NOBODY, result_count=1, deadline=deadline, excluded_rows=excluded)


def counted(metric: Any) -> float:
    return float(metric._value.get())


def test_answers_go_to_the_caller_who_asked(engine: Engine) -> None:
    one, two = engine.connect(), engine.connect()
    one.send(encode_rank(7, ask(1)), encode_rank(8, ask(2)))
    two.send(encode_rank(7, ask(3)))
    engine.run(after_arrivals=3)
    assert engine.model.batches == [3]
    assert [one.answer(), one.answer()] == [(OK, 7, [1]), (OK, 8, [2])]
    assert two.answer() == (OK, 7, [3])


def test_one_poisoned_request_fails_alone(engine: Engine) -> None:
    caller = engine.connect()
    caller.send(encode_rank(1, ask(1)), encode_rank(2, ask(POISON)), encode_rank(3, ask(3)))
    engine.run(after_arrivals=3)
    assert engine.model.batches == [3, 1, 1, 1]
    answers = sorted(caller.answer() for _ in range(3))
    assert answers == [(OK, 1, [1]), (OK, 3, [3]), (FAILED, 2, None)]


def test_expired_requests_hear_so_and_are_not_computed(engine: Engine) -> None:
    before = counted(metrics.ENGINE_DROPPED.labels("expired"))
    caller = engine.connect()
    caller.send(encode_rank(1, ask(1, deadline=0.0)), encode_rank(2, ask(2)))
    engine.run(after_arrivals=2)
    assert sorted(caller.answer() for _ in range(2)) == [(OK, 2, [2]), (EXPIRED, 1, None)]
    assert engine.model.batches == [1]
    assert counted(metrics.ENGINE_DROPPED.labels("expired")) == before + 1


def test_cancelled_requests_are_not_computed(engine: Engine) -> None:
    before = counted(metrics.ENGINE_DROPPED.labels("cancelled"))
    caller = engine.connect()
    caller.send(encode_rank(1, ask(1)), encode_rank(2, ask(2)), encode_cancel(1))
    engine.run(after_arrivals=3)
    assert engine.model.batches == [1]
    assert caller.answer() == (OK, 2, [2])
    assert counted(metrics.ENGINE_DROPPED.labels("cancelled")) == before + 1


def test_what_is_cancelled_in_the_same_breath_is_never_in_the_queue(engine: Engine) -> None:
    """Else a batch that forms between the two would compute it."""
    before = counted(metrics.ENGINE_DROPPED.labels("cancelled"))
    ours, theirs = socket.socketpair()
    connection = Connection(theirs, 1)
    request = decode_arrival(encode_rank(1, ask(1))[LENGTH.size :])
    cancel = decode_arrival(encode_cancel(1)[LENGTH.size :])
    engine.batcher.put = Mock(wraps=engine.batcher.put)  # type: ignore[method-assign]
    engine.loop.on_arrivals(connection, [request, cancel])
    engine.batcher.put.assert_not_called()
    assert counted(metrics.ENGINE_DROPPED.labels("cancelled")) == before + 1
    ours.close()
    theirs.close()


def test_tracing_after_the_start_is_counted(engine: Engine) -> None:
    before = counted(metrics.ENGINE_TRACES)
    caller = engine.connect()
    caller.send(encode_rank(1, ask(1)))
    engine.model.traces += 2
    engine.run(after_arrivals=1)
    assert counted(metrics.ENGINE_TRACES) == before + 2


def test_availability_reaches_the_model_and_a_mask_that_does_not_fit_is_survived(
    engine: Engine,
) -> None:
    caller = engine.connect()
    caller.send(encode_available(np.ones(5, np.bool_)), encode_available(np.array([True, False])))
    assert engine.model.told.wait(10)
    assert engine.model.available == [True, False]


@pytest.mark.parametrize(
    "nonsense",
    [LENGTH.pack(2) + b"xx", LENGTH.pack(MAX_FRAME_BYTES + 1)],
    ids=["body", "length"],
)
def test_a_front_end_that_talks_nonsense_loses_its_connection_and_no_one_else(
    engine: Engine, nonsense: bytes
) -> None:
    bad, good = engine.connect(), engine.connect()
    bad.send(nonsense)
    assert bad.is_let_go()
    good.send(encode_rank(1, ask(1)))
    engine.run(after_arrivals=1)
    assert good.answer() == (OK, 1, [1])


def test_a_front_end_that_has_died_does_not_disturb_the_others(engine: Engine) -> None:
    dead, good = engine.connect(), engine.connect()
    dead.send(encode_rank(1, ask(1)))
    good.send(encode_rank(1, ask(2)))
    assert engine.arrived.acquire(timeout=10)
    dead.close()
    assert engine.ended.acquire(timeout=10)
    engine.run(after_arrivals=1)
    assert good.answer() == (OK, 1, [2])
    assert engine.model.batches == [1], "nobody waits for the other answer"


def test_a_front_end_that_reads_nothing_loses_its_connection_and_the_engine_goes_on(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recserve.server.engine.connection.SEND_SECONDS", 1)
    hung, good = engine.connect(), engine.connect()
    many = np.arange(1 << 20, dtype=np.int32) + POISON + 1  # megabytes, more than a socket holds
    hung.send(encode_rank(1, RankingRequest(NOBODY, result_count=1, excluded_rows=many)))
    good.send(encode_rank(1, ask(2)))
    engine.run(after_arrivals=2)
    assert good.answer() == (OK, 1, [2])
    assert engine.ended.acquire(timeout=10)


def filtered(row: int, mask: RowMask) -> RankingRequest:
    return replace(ask(row), shaping=Shaping(mask))


def test_a_mask_is_put_in_the_place_of_its_number_for_each_front_end(engine: Engine) -> None:
    one, other = engine.connect(), engine.connect()
    mask = RowMask(np.array([True, False, True]))
    twin = RowMask(np.array([False, False, True]), mask.number)
    one.send(encode_mask(mask), encode_request(1, filtered(1, mask)), encode_forget(mask.number))
    assert engine.arrived.acquire(timeout=10)
    other.send(encode_mask(twin), encode_request(2, filtered(2, twin)))
    engine.run(after_arrivals=4)
    assert (one.answer(), other.answer()) == ((OK, 1, [1]), (OK, 2, [2]))
    got = sorted(each.allowed(3).tolist() for each in engine.model.masks)
    assert got == [[False, False, True], [True, False, True]]


def test_a_front_end_that_names_an_unknown_mask_loses_its_connection(engine: Engine) -> None:
    front_end = engine.connect()
    front_end.send(encode_request(1, filtered(1, RowMask(np.ones(1, np.bool_)))))
    assert front_end.is_let_go()
