"""The bytes between front end and engine survive anything, and read anything safely."""

import struct
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recserve.server.engine.contract import Ranking, RankingRequest
from recserve.server.engine.frames import (
    AVAILABLE,
    CANCEL,
    EXPIRED,
    FAILED,
    LENGTH,
    OK,
    RANK,
    FrameError,
    decode_answer,
    decode_arrival,
    encode_available,
    encode_cancel,
    encode_failure,
    encode_rank,
    encode_ranking,
)

LENGTHS = st.integers(0, 20)
IDS = st.integers(0, 2**64 - 1)


def of(dtype: type, length: int) -> st.SearchStrategy[np.ndarray]:
    return arrays(dtype, length)


@st.composite
def requests(draw: st.DrawFn) -> RankingRequest:
    history = draw(LENGTHS)
    candidates = draw(st.none() | LENGTHS)
    return RankingRequest(
        result_count=draw(st.integers(1, 1000)),
        deadline=draw(st.floats(allow_nan=False)),
        history_rows=draw(of(np.int32, history)),
        history_types=draw(of(np.int32, history)),
        history_values=draw(of(np.float32, history)),
        history_ages=draw(of(np.float32, history)),
        user_numeric=draw(of(np.float32, draw(LENGTHS))),
        context_numeric=draw(of(np.float32, draw(LENGTHS))),
        strings=tuple(draw(st.lists(st.text(), max_size=8))),
        excluded_rows=draw(of(np.int32, draw(LENGTHS))),
        candidate_rows=None if candidates is None else draw(of(np.int32, candidates)),
        candidate_features=draw(of(np.float32, draw(LENGTHS))),
    )


def body(frame: bytes) -> memoryview:
    assert LENGTH.unpack_from(frame) == (len(frame) - LENGTH.size,)
    return memoryview(frame)[LENGTH.size :]


@given(IDS, requests())
def test_every_request_arrives_as_it_was_sent(request_id: int, request: RankingRequest) -> None:
    arrival = decode_arrival(body(encode_rank(request_id, request)))
    assert (RANK, request_id) == (arrival.kind, arrival.request_id)
    assert arrival.request is not None
    for field in fields(RankingRequest):
        sent, got = getattr(request, field.name), getattr(arrival.request, field.name)
        assert type(sent) is type(got), field.name
        if isinstance(sent, np.ndarray):
            assert sent.dtype == got.dtype
            np.testing.assert_array_equal(sent, got)
        else:
            assert sent == got


def test_no_candidates_and_an_empty_list_of_them_are_told_apart() -> None:
    none = RankingRequest(result_count=1)
    empty = RankingRequest(result_count=1, candidate_rows=np.empty(0, np.int32))
    got = [decode_arrival(body(encode_rank(1, each))).request for each in (none, empty)]
    assert got[0] is not None
    assert got[0].candidate_rows is None
    assert got[1] is not None
    assert got[1].candidate_rows is not None
    assert len(got[1].candidate_rows) == 0


@given(IDS, LENGTHS.flatmap(lambda n: st.tuples(of(np.int32, n), of(np.float32, n))))
def test_every_answer_arrives_as_it_was_sent(
    request_id: int, found: tuple[np.ndarray, np.ndarray]
) -> None:
    frame = encode_ranking(request_id, Ranking(*found, 0.25, 0.5, 7))
    kind, answered_id, ranking = decode_answer(bytes(body(frame)))
    assert (OK, request_id) == (kind, answered_id)
    assert ranking is not None
    np.testing.assert_array_equal(found[0], ranking.rows)
    np.testing.assert_array_equal(found[1], ranking.scores)
    assert (
        ranking.queue_seconds,
        ranking.inference_seconds,
        ranking.batch_requests,
    ) == (0.25, 0.5, 7)


@given(IDS, st.sampled_from([EXPIRED, FAILED]))
def test_failures_and_cancellations_carry_the_request_id(request_id: int, kind: int) -> None:
    assert (kind, request_id, None) == decode_answer(bytes(body(encode_failure(kind, request_id))))
    cancelled = decode_arrival(body(encode_cancel(request_id)))
    assert (CANCEL, request_id) == (cancelled.kind, cancelled.request_id)


@given(LENGTHS.flatmap(lambda n: of(np.bool_, n)))
def test_every_availability_mask_arrives_as_it_was_sent(mask: np.ndarray) -> None:
    arrival = decode_arrival(body(encode_available(mask)))
    assert arrival.kind == AVAILABLE
    assert arrival.available is not None
    assert np.bool_ == arrival.available.dtype
    np.testing.assert_array_equal(mask, arrival.available)


@given(requests(), st.data())
def test_a_shortened_or_lengthened_request_is_refused(
    request: RankingRequest, data: st.DataObject
) -> None:
    whole = bytes(body(encode_rank(1, request)))
    cut = data.draw(st.integers(0, len(whole) - 1))
    for wrong in (whole[:cut], whole + b"\0"):
        with pytest.raises(FrameError):
            decode_arrival(memoryview(wrong))


@given(st.binary(max_size=200))
def test_random_bytes_are_read_or_refused_but_nothing_else(data: bytes) -> None:
    for read in (lambda: decode_arrival(memoryview(data)), lambda: decode_answer(data)):
        try:
            read()
        except FrameError:
            continue


@given(requests(), st.data())
def test_a_request_with_changed_bytes_is_read_or_refused_but_nothing_else(
    request: RankingRequest, data: st.DataObject
) -> None:
    changed = bytearray(body(encode_rank(1, request)))
    for _ in range(data.draw(st.integers(1, 5))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        decode_arrival(memoryview(changed))
    except FrameError:
        return


COUNTS_OFFSET = struct.calcsize("=BQdI")
COUNT_FORMATS = "HHHIiII"


@pytest.mark.parametrize("which", range(len(COUNT_FORMATS)))
def test_a_count_that_lies_is_refused(which: int) -> None:
    frame = bytearray(body(encode_rank(1, RankingRequest(result_count=1))))
    offset = COUNTS_OFFSET + struct.calcsize("=" + COUNT_FORMATS[:which])
    greatest = {"H": 2**16 - 1, "I": 2**32 - 1, "i": 2**31 - 1}[COUNT_FORMATS[which]]
    struct.pack_into("=" + COUNT_FORMATS[which], frame, offset, greatest)
    with pytest.raises(FrameError):
        decode_arrival(memoryview(frame))


def test_a_negative_number_of_candidates_is_refused() -> None:
    frame = bytearray(body(encode_rank(1, RankingRequest(result_count=1))))
    struct.pack_into("=i", frame, COUNTS_OFFSET + struct.calcsize("=HHHI"), -2)
    with pytest.raises(FrameError, match="-2"):
        decode_arrival(memoryview(frame))


@pytest.mark.parametrize("kind", [0, 4, 255])
def test_unknown_kinds_of_frames_are_refused(kind: int) -> None:
    data = struct.pack("=BQ", kind, 1)
    with pytest.raises(FrameError, match="kind"):
        decode_arrival(memoryview(data))
    with pytest.raises(FrameError, match="kind"):
        decode_answer(data)


def test_a_string_that_is_not_utf_8_is_refused() -> None:
    frame = body(encode_rank(1, RankingRequest(result_count=1, strings=("a",))))
    with pytest.raises(FrameError):
        decode_arrival(memoryview(bytes(frame[:-1]) + b"\xff"))
