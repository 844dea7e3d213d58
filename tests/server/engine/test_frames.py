"""The bytes between front end and engine survive anything, and read anything safely."""

import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recserve.server.engine.contract import RankingRequest, Reranking, RowMask, Shaping
from recserve.server.engine.frames import (
    AVAILABLE,
    CANCEL,
    EXPIRED,
    FAILED,
    FORGET,
    LENGTH,
    MASK,
    MAX_FRAME_BYTES,
    OK,
    RANK,
    SHAPED,
    FrameBuffer,
    FrameError,
    decode_answer,
    decode_arrival,
    encode_available,
    encode_cancel,
    encode_failure,
    encode_forget,
    encode_mask,
    encode_rank,
    encode_ranking,
    encode_request,
    encode_shaped_ranking,
)
from recserve.server.engine.user_inputs import UserLayout
from recserve.server.feature_widths import FeatureWidths
from recserve.server.shaping import Shaped

LENGTHS = st.integers(0, 20)
IDS = st.integers(0, 2**64 - 1)


def of(dtype: type, length: int) -> st.SearchStrategy[np.ndarray]:
    return arrays(dtype, length)


LAYOUT = UserLayout(FeatureWidths(history=3, multi_valued_length=2, user_numeric=1))
NOBODY = RankingRequest(LAYOUT.empty, result_count=1)


@st.composite
def requests(draw: st.DrawFn) -> RankingRequest:
    history = draw(st.integers(0, 3))
    candidates = draw(st.none() | LENGTHS)
    texts = st.lists(st.text(), max_size=4).map(tuple)
    return RankingRequest(
        user=LAYOUT.inputs(
            rows=draw(of(np.int32, history)).tolist(),
            types=draw(of(np.int32, history)).tolist(),
            values=draw(of(np.float32, history)),
            times=draw(of(np.float64, history)).tolist(),
            strings=draw(texts),
        ),
        result_count=draw(st.integers(1, 1000)),
        deadline=draw(st.floats(allow_nan=False)),
        now=draw(st.floats(allow_nan=False)),
        context_numeric=draw(of(np.float32, draw(LENGTHS))),
        context_strings=draw(texts),
        excluded_rows=draw(of(np.int32, draw(LENGTHS))),
        candidate_rows=None if candidates is None else draw(of(np.int32, candidates)),
        candidate_features=draw(of(np.float32, draw(LENGTHS))),
    )


def body(frame: bytes) -> bytes:
    assert LENGTH.unpack_from(frame) == (len(frame) - LENGTH.size,)
    return frame[LENGTH.size :]


@given(IDS, requests())
def test_every_request_arrives_as_it_was_sent(request_id: int, request: RankingRequest) -> None:
    arrival = decode_arrival(body(encode_rank(request_id, request)))
    assert (RANK, request_id) == (arrival.kind, arrival.request_id)
    got = arrival.request
    assert got is not None
    assert (got.deadline, got.result_count) == (request.deadline, request.result_count)
    assert bytes(got.user) == struct.pack("=d", request.now) + request.user.data
    assert bytes(got.context_numeric) == request.context_numeric.tobytes()
    assert bytes(got.excluded_rows) == request.excluded_rows.tobytes()
    assert bytes(got.candidate_features) == request.candidate_features.tobytes()
    if request.candidate_rows is None:
        assert got.candidate_rows is None
    else:
        assert bytes(got.candidate_rows or b"") == request.candidate_rows.tobytes()
        assert got.candidate_count == len(request.candidate_rows)
    sent = (*request.user.strings, *request.context_strings)
    assert got.strings == tuple(text.encode() for text in sent)


def test_no_candidates_and_an_empty_list_of_them_are_told_apart() -> None:
    empty = RankingRequest(LAYOUT.empty, result_count=1, candidate_rows=np.empty(0, np.int32))
    got = [decode_arrival(body(encode_rank(1, each))).request for each in (NOBODY, empty)]
    assert [request is not None and request.candidate_rows is None for request in got] == [
        True,
        False,
    ]


@given(IDS, LENGTHS.flatmap(lambda n: st.tuples(of(np.int32, n), of(np.float32, n))))
def test_every_answer_arrives_as_it_was_sent(
    request_id: int, found: tuple[np.ndarray, np.ndarray]
) -> None:
    frame = encode_ranking(
        request_id, *found, queue_seconds=0.25, inference_seconds=0.5, batch_requests=7
    )
    kind, answered_id, ranking = decode_answer(body(frame))
    assert (OK, request_id) == (kind, answered_id)
    assert ranking is not None
    np.testing.assert_array_equal(found[0], np.array(ranking.rows, np.int32))
    np.testing.assert_array_equal(found[1], np.array(ranking.scores, np.float32))
    assert (
        ranking.queue_seconds,
        ranking.inference_seconds,
        ranking.batch_requests,
    ) == (0.25, 0.5, 7)


@given(IDS, st.sampled_from([EXPIRED, FAILED]))
def test_failures_and_cancellations_carry_the_request_id(request_id: int, kind: int) -> None:
    assert (kind, request_id, None) == decode_answer(body(encode_failure(kind, request_id)))
    cancelled = decode_arrival(body(encode_cancel(request_id)))
    assert (CANCEL, request_id) == (cancelled.kind, cancelled.request_id)


@given(LENGTHS.flatmap(lambda n: of(np.bool_, n)))
def test_every_availability_mask_arrives_as_it_was_sent(mask: np.ndarray) -> None:
    arrival = decode_arrival(body(encode_available(mask)))
    assert arrival.kind == AVAILABLE
    assert arrival.available is not None
    assert np.bool_ == arrival.available.dtype
    np.testing.assert_array_equal(mask, arrival.available)


@given(LENGTHS.flatmap(lambda n: of(np.bool_, n)))
def test_every_filter_mask_arrives_as_it_was_sent(allowed: np.ndarray) -> None:
    mask = RowMask(allowed)
    arrival = decode_arrival(body(encode_mask(mask)))
    assert (arrival.kind, arrival.request_id) == (MASK, mask.number)
    assert arrival.mask is not None
    np.testing.assert_array_equal(allowed, arrival.mask.allowed(len(allowed)))
    forgotten = decode_arrival(body(encode_forget(mask.number)))
    assert (forgotten.kind, forgotten.request_id) == (FORGET, mask.number)


def test_a_request_without_shaping_has_the_bytes_of_a_plain_one() -> None:
    assert encode_request(5, NOBODY) == encode_rank(5, NOBODY)


@given(IDS, requests())
def test_shaping_arrives_with_its_request(request_id: int, request: RankingRequest) -> None:
    mask = RowMask(np.ones(3, np.bool_))
    shaped = decode_arrival(
        body(encode_request(request_id, replace(request, shaping=Shaping(mask))))
    )
    plain = decode_arrival(body(encode_rank(request_id, request)))
    assert shaped.request is not None
    assert plain.request is not None
    assert shaped.request_id == request_id
    assert shaped.request.shaping is not None
    assert shaped.request.shaping.mask_number == mask.number
    assert plain.request.shaping is None
    for name in ("user", "strings", "excluded_rows", "candidate_rows", "result_count", "deadline"):
        assert getattr(shaped.request, name) == getattr(plain.request, name)


@given(IDS, st.integers(0, 1000), LENGTHS.flatmap(lambda n: of(np.int32, n)))
def test_reranking_and_likeness_arrive_as_they_were_sent(
    request_id: int, row: int, past: np.ndarray
) -> None:
    wanted = Reranking(7, 0.25, 0.1, past, bool(row % 2))
    shaping = Shaping(similar_to=row, reranking=wanted)
    arrival = decode_arrival(body(encode_request(request_id, replace(NOBODY, shaping=shaping))))
    assert arrival.request is not None
    arrived = arrival.request.shaping
    assert arrived is not None
    assert arrived.reranking is not None
    assert (arrived.mask_number, arrived.similar_to) == (0, row)
    assert (
        arrived.reranking.result_count,
        arrived.reranking.diversity,
        arrived.reranking.exploration,
        arrived.reranking.by_clusters,
    ) == (7, 0.25, 0.1, bool(row % 2))
    np.testing.assert_array_equal(past, arrived.reranking.past_rows)


@given(IDS, LENGTHS, st.integers(0, 99))
def test_what_is_told_of_each_result_arrives_as_it_was_sent(
    request_id: int, count: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    shaped = Shaped(
        rows=random.integers(0, 1000, count).astype(np.int32),
        scores=random.random(count).astype(np.float32),
        propensities=random.random(count),
        because_rows=random.integers(-1, 1000, count).astype(np.int32),
    )
    frame = encode_shaped_ranking(
        request_id, shaped, queue_seconds=0.25, inference_seconds=0.5, batch_requests=7
    )
    kind, answered, ranking = decode_answer(body(frame))
    assert (kind, answered) == (OK, request_id)
    assert ranking is not None
    for sent, got in zip(
        (shaped.rows, shaped.scores, shaped.propensities, shaped.because_rows),
        (ranking.rows, ranking.scores, ranking.propensities, ranking.because_rows),
        strict=True,
    ):
        assert sent.tolist() == list(got or ())
    for wrong in (body(frame)[:-1], body(frame) + b"\0"):
        with pytest.raises(FrameError):
            decode_answer(wrong)


@pytest.mark.parametrize("data", [bytes([SHAPED]), struct.pack("=BQ", SHAPED, 1)])
def test_shaping_without_a_request_is_refused(data: bytes) -> None:
    with pytest.raises(FrameError):
        decode_arrival(data)


@given(requests(), st.data())
def test_a_shortened_or_lengthened_request_is_refused(
    request: RankingRequest, data: st.DataObject
) -> None:
    whole = body(encode_rank(1, request))
    cut = data.draw(st.integers(0, len(whole) - 1))
    for wrong in (whole[:cut], whole + b"\0"):
        with pytest.raises(FrameError):
            decode_arrival(wrong)


@given(st.binary(max_size=200))
def test_random_bytes_are_read_or_refused_but_nothing_else(data: bytes) -> None:
    for read in (lambda: decode_arrival(data), lambda: decode_answer(data)):
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
        decode_arrival(bytes(changed))
    except FrameError:
        return


COUNTS_OFFSET = struct.calcsize("=BQdI")
COUNT_FORMATS = "IIiIII"


@pytest.mark.parametrize("which", range(len(COUNT_FORMATS)))
def test_a_count_that_lies_is_refused(which: int) -> None:
    frame = bytearray(body(encode_rank(1, NOBODY)))
    offset = COUNTS_OFFSET + struct.calcsize("=" + COUNT_FORMATS[:which])
    greatest = {"I": 2**32 - 1, "i": 2**31 - 1}[COUNT_FORMATS[which]]
    struct.pack_into("=" + COUNT_FORMATS[which], frame, offset, greatest)
    with pytest.raises(FrameError):
        decode_arrival(bytes(frame))


def test_a_negative_number_of_candidates_is_refused() -> None:
    frame = bytearray(body(encode_rank(1, NOBODY)))
    struct.pack_into("=i", frame, COUNTS_OFFSET + struct.calcsize("=II"), -2)
    with pytest.raises(FrameError, match="-2"):
        decode_arrival(bytes(frame))


@pytest.mark.parametrize("kind", [0, 7, 255])
def test_unknown_kinds_of_frames_are_refused(kind: int) -> None:
    data = struct.pack("=BQ", kind, 1)
    with pytest.raises(FrameError, match="kind"):
        decode_arrival(data)
    with pytest.raises(FrameError, match="kind"):
        decode_answer(data)


def test_a_string_that_runs_past_the_end_is_refused() -> None:
    frame = body(encode_rank(1, RankingRequest(LAYOUT.inputs(strings=("abc",)), result_count=1)))
    with pytest.raises(FrameError):
        decode_arrival(frame[:-1])


@given(st.lists(st.binary(max_size=40), max_size=6), st.data())
def test_a_stream_is_cut_into_frames_however_it_arrives(
    bodies: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(LENGTH.pack(len(each)) + each for each in bodies)
    buffer, got = FrameBuffer(), []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        got += buffer.feed(stream[:cut])
        stream = stream[cut:]
    assert got == bodies


def test_a_frame_that_says_it_is_huge_is_refused_before_it_has_come() -> None:
    with pytest.raises(FrameError):
        FrameBuffer().feed(LENGTH.pack(MAX_FRAME_BYTES + 1))
