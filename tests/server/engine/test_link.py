"""The front end's end of the line, against a small engine on a real Unix socket."""

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from recserve.server.engine.admission import Admission
from recserve.server.engine.contract import (
    EngineDeadlineExceeded,
    EngineFailed,
    EngineOverloaded,
    EngineUnavailable,
    RankingRequest,
    RowMask,
    Shaping,
)
from recserve.server.engine.frames import (
    AVAILABLE,
    CANCEL,
    EXPIRED,
    FAILED,
    FORGET,
    LENGTH,
    MASK,
    MAX_FRAME_BYTES,
    RANK,
    Arrival,
    decode_arrival,
    encode_failure,
    encode_ranking,
)
from recserve.server.engine.link import EngineLink
from recserve.server.engine.user_inputs import UserLayout
from recserve.server.feature_widths import FeatureWidths

NOBODY = UserLayout(FeatureWidths(history=1, multi_valued_length=1)).empty
ASK = RankingRequest(NOBODY, result_count=1)


def answer(request_id: int, row: int, seconds: float = 0.0) -> bytes:
    return encode_ranking(
        request_id,
        np.array([row], np.int32),
        np.array([0.5], np.float32),
        queue_seconds=0.0,
        inference_seconds=seconds,
        batch_requests=1,
    )


class TinyEngine:
    """Hands over what arrives, and sends what it is given."""

    def __init__(self) -> None:
        self.arrivals: asyncio.Queue[Arrival] = asyncio.Queue()
        self.connected = asyncio.Event()

    async def serve(self, path: Path) -> asyncio.Server:
        return await asyncio.start_unix_server(self._on_connection, path)

    async def _on_connection(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.writer = writer
        self.connected.set()
        try:
            while True:
                (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
                body = await reader.readexactly(length)
                await self.arrivals.put(decode_arrival(body))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def next(self, kind: int) -> Arrival:
        arrival = await self.arrivals.get()
        assert kind == arrival.kind
        return arrival

    def send(self, data: bytes) -> None:
        self.writer.write(data)


Connect = Callable[..., Awaitable[EngineLink]]


@pytest.fixture
async def engine() -> TinyEngine:
    return TinyEngine()


@pytest.fixture
async def connect(engine: TinyEngine, tmp_path: Path) -> AsyncIterator[Connect]:
    server = await engine.serve(tmp_path / "engine.sock")
    links = []

    async def make(max_waiting: int = 10) -> EngineLink:
        admission = Admission(max_waiting=max_waiting)
        link = await EngineLink.connect(tmp_path / "engine.sock", admission)
        await engine.connected.wait()
        links.append(link)
        return link

    yield make
    for link in links:
        link.close()
    engine.writer.close()
    server.close()
    await server.wait_closed()


async def started(engine: TinyEngine, link: EngineLink, request: RankingRequest = ASK):
    """A call under way, and the id by which the engine knows it."""
    call = asyncio.ensure_future(link.rank(request))
    return call, (await engine.next(RANK)).request_id


async def test_answers_find_their_callers_in_any_order(
    engine: TinyEngine, connect: Connect
) -> None:
    link = await connect()
    calls = [await started(engine, link) for _ in range(3)]
    for row, (_, request_id) in reversed(list(enumerate(calls))):
        engine.send(answer(request_id, row))
    assert [int((await call).rows[0]) for call, _ in calls] == [0, 1, 2]


async def test_answers_may_come_in_pieces_and_several_in_one_piece(
    engine: TinyEngine, connect: Connect
) -> None:
    link = await connect()
    calls = [await started(engine, link) for _ in range(3)]
    data = b"".join(answer(request_id, row) for row, (_, request_id) in enumerate(calls))
    for position in range(len(data)):  # the worst that a stream can do
        link.data_received(data[position : position + 1])
    assert [int((await call).rows[0]) for call, _ in calls] == [0, 1, 2]
    again = [await started(engine, link) for _ in range(2)]
    engine.send(b"".join(answer(request_id, row) for row, (_, request_id) in enumerate(again)))
    assert [int((await call).rows[0]) for call, _ in again] == [0, 1]


@pytest.mark.parametrize(
    ("kind", "error"), [(EXPIRED, EngineDeadlineExceeded), (FAILED, EngineFailed)]
)
async def test_the_engines_failures_reach_the_caller(
    engine: TinyEngine, connect: Connect, kind: int, error: type[Exception]
) -> None:
    call, request_id = await started(engine, await connect())
    engine.send(encode_failure(kind, request_id))
    with pytest.raises(error):
        await call


async def test_a_cancelled_call_tells_the_engine_and_its_late_answer_is_ignored(
    engine: TinyEngine, connect: Connect
) -> None:
    link = await connect()
    call, request_id = await started(engine, link)
    call.cancel()
    assert request_id == (await engine.next(CANCEL)).request_id
    other, other_id = await started(engine, link)
    engine.send(answer(request_id, 1) + answer(other_id, 2))
    assert (await other).rows[0] == 2
    assert call.cancelled()


async def test_an_answer_that_comes_too_late_still_tells_how_slow_the_engine_is(
    engine: TinyEngine, connect: Connect
) -> None:
    link = await connect()
    call, request_id = await started(engine, link)
    call.cancel()
    await engine.next(CANCEL)
    link.data_received(answer(request_id, 1, seconds=0.5))
    with pytest.raises(EngineDeadlineExceeded):
        await link.rank(RankingRequest(NOBODY, result_count=1, deadline=time.monotonic() + 0.4))


async def test_the_death_of_the_engine_fails_all_who_wait_and_is_told_once(
    engine: TinyEngine, connect: Connect
) -> None:
    link = await connect()
    lost: list[EngineLink] = []
    link.on_lost = lost.append
    calls = [(await started(engine, link))[0] for _ in range(3)]
    engine.writer.close()
    for call in calls:
        with pytest.raises(EngineUnavailable):
            await call
    assert [link] == lost
    assert not link.alive
    with pytest.raises(EngineUnavailable):
        await link.rank(ASK)
    link.close()
    link.release()
    assert [link] == lost


async def test_release_waits_for_the_calls_in_flight(engine: TinyEngine, connect: Connect) -> None:
    link = await connect()
    lost = asyncio.Event()
    link.on_lost = lambda _: lost.set()
    first, first_id = await started(engine, link)
    second, second_id = await started(engine, link)
    link.release()
    engine.send(answer(first_id, 1))
    assert (await first).rows[0] == 1
    assert not lost.is_set()
    engine.send(answer(second_id, 2))
    assert (await second).rows[0] == 2
    await lost.wait()


async def test_release_without_calls_lets_go_at_once(engine: TinyEngine, connect: Connect) -> None:
    link = await connect()
    lost = asyncio.Event()
    link.on_lost = lambda _: lost.set()
    link.release()
    await lost.wait()


async def test_close_ends_the_calls_in_flight(engine: TinyEngine, connect: Connect) -> None:
    link = await connect()
    call, _ = await started(engine, link)
    link.close()
    with pytest.raises(EngineUnavailable):
        await call


async def test_too_many_waiting_requests_are_refused_until_one_is_answered(
    engine: TinyEngine, connect: Connect
) -> None:
    link = await connect(max_waiting=1)
    call, request_id = await started(engine, link)
    with pytest.raises(EngineOverloaded):
        await link.rank(ASK)
    engine.send(answer(request_id, 0))
    await call
    call, request_id = await started(engine, link)
    engine.send(answer(request_id, 0))
    await call


async def test_a_passed_deadline_never_reaches_the_engine(
    engine: TinyEngine, connect: Connect
) -> None:
    link = await connect()
    with pytest.raises(EngineDeadlineExceeded):
        await link.rank(RankingRequest(NOBODY, result_count=1, deadline=time.monotonic() - 1))
    link.set_available(np.ones(2, np.bool_))
    assert (await engine.arrivals.get()).kind == AVAILABLE


async def test_a_call_that_waits_past_its_deadline_ends_and_tells_the_engine(
    engine: TinyEngine, connect: Connect
) -> None:
    request = RankingRequest(NOBODY, result_count=1, deadline=time.monotonic() + 0.02)
    call, request_id = await started(engine, await connect(), request)
    with pytest.raises(EngineDeadlineExceeded):
        await call
    assert (await engine.next(CANCEL)).request_id == request_id


async def test_how_long_batches_take_decides_who_is_taken(
    engine: TinyEngine, connect: Connect
) -> None:
    link = await connect()
    call, request_id = await started(engine, link)
    engine.send(answer(request_id, 0, seconds=30.0))
    await call
    with pytest.raises(EngineDeadlineExceeded):
        await link.rank(RankingRequest(NOBODY, result_count=1, deadline=time.monotonic() + 10))
    with pytest.raises(EngineOverloaded) as refused:
        await link.rank(ASK)
    assert refused.value.retry_seconds == pytest.approx(15.0, rel=0.1)


def filtered(mask: RowMask) -> RankingRequest:
    return RankingRequest(NOBODY, result_count=1, shaping=Shaping(mask))


async def test_a_mask_is_told_once_and_before_the_first_request_that_names_it(
    engine: TinyEngine, connect: Connect
) -> None:
    link, mask = await connect(), RowMask(np.array([True, False]))
    calls = [asyncio.ensure_future(link.rank(filtered(mask))) for _ in range(2)]
    assert (await engine.next(MASK)).request_id == mask.number
    for call in calls:
        arrival = await engine.next(RANK)
        assert arrival.request is not None
        assert arrival.request.shaping is not None
        assert arrival.request.shaping.mask_number == mask.number
        engine.send(answer(arrival.request_id, 0))
        await call


async def test_an_engine_is_not_told_masks_for_ever(
    engine: TinyEngine, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recserve.server.engine.link.MAX_MASKS", 1)
    link = await connect()
    first, second = (RowMask(np.ones(2, np.bool_)) for _ in range(2))
    calls = [asyncio.ensure_future(link.rank(filtered(each))) for each in (first, second, first)]
    told = [(await engine.arrivals.get()) for _ in range(8)]
    forgetting = [MASK, FORGET, RANK]
    assert [arrival.kind for arrival in told] == [MASK, RANK, *forgetting, *forgetting]
    assert [told[3].request_id, told[6].request_id] == [first.number, second.number]
    for arrival in told:
        if arrival.request is not None:
            engine.send(answer(arrival.request_id, 0))
    await asyncio.gather(*calls)


async def test_availability_reaches_the_engine(engine: TinyEngine, connect: Connect) -> None:
    (await connect()).set_available(np.array([True, False]))
    arrival = await engine.next(AVAILABLE)
    assert arrival.available is not None
    assert arrival.available.tolist() == [True, False]


@pytest.mark.parametrize(
    "nonsense", [LENGTH.pack(3) + b"abc", LENGTH.pack(MAX_FRAME_BYTES + 1)], ids=["body", "length"]
)
async def test_an_engine_that_talks_nonsense_counts_as_dead(
    engine: TinyEngine, connect: Connect, nonsense: bytes
) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    call, _ = await started(engine, await connect())
    engine.send(nonsense)
    with pytest.raises(EngineUnavailable):
        await call


async def test_an_engine_that_reads_nothing_is_not_fed_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recserve.server.engine.link.MAX_UNREAD_BYTES", 1 << 20)
    large = RankingRequest(NOBODY, result_count=1, excluded_rows=np.zeros(100_000, np.int32))
    with socket.socket(socket.AF_UNIX) as hung:
        hung.bind(str(tmp_path / "hung.sock"))
        hung.listen()
        link = await EngineLink.connect(tmp_path / "hung.sock", Admission(max_waiting=10_000))
        for _ in range(100):  # callers that give up: nobody waits, but all has been sent
            call = asyncio.ensure_future(link.rank(large))
            await asyncio.sleep(0)
            call.cancel()
            with pytest.raises((asyncio.CancelledError, EngineUnavailable)):
                await call
        with pytest.raises(EngineUnavailable, match="reads nothing"):
            await link.rank(ASK)
        link.close()


async def test_a_request_that_cannot_be_sent_takes_no_place(
    engine: TinyEngine, connect: Connect
) -> None:
    link = await connect(max_waiting=1)
    for _ in range(2):
        with pytest.raises(struct.error):  # a number of results has 32 bits
            await link.rank(RankingRequest(NOBODY, result_count=1 << 40))
    call, request_id = await started(engine, link)
    engine.send(answer(request_id, 0))
    await call


async def test_connecting_to_nobody_says_so(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="no engine"):
        await EngineLink.connect(tmp_path / "nobody.sock", Admission())
