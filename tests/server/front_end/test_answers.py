"""An answer is written as protobuf's own classes would write it."""

from hypothesis import given
from hypothesis import strategies as st

from recserve.server.front_end.servicers.answers import encode_response
from recserve.server.recommending.answer import Answer, Fallback, Reason, Shortfall, Timing
from recserve.v1 import recommender_pb2

IDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=300)
SECONDS = st.floats(0, 5000)


@given(
    st.lists(st.tuples(IDS, st.floats(0, 1)), max_size=20),
    st.sampled_from(Reason),
    st.tuples(SECONDS, SECONDS, SECONDS),
)
def test_every_field_is_read_back(
    results: list[tuple[str, float]], reason: Reason, seconds: tuple[float, float, float]
) -> None:
    queue, inference, total = seconds
    answer = Answer(
        item_ids=[item_id for item_id, _ in results],
        scores=[score for _, score in results],
        reason=reason,
        version=7,
        fallback=Fallback.DEADLINE,
        shortfall=Shortfall.CATALOGUE,
        missing_item_ids=("x", "y"),
        timing=Timing(queue, inference, 3),
        log_position=1 << 40,
    )
    read = recommender_pb2.RecommendResponse.FromString(encode_response(answer, "id", total))
    expected = recommender_pb2.RecommendResponse(
        recommendation_id="id",
        model_version=7,
        fallback=recommender_pb2.FALLBACK_DEADLINE,
        shortfall=recommender_pb2.SHORTFALL_CATALOGUE,
        missing_item_ids=["x", "y"],
        log_position=1 << 40,
    )
    for item_id, score in results:
        name = f"REASON_{reason.name}"
        expected.results.add(item_id=item_id, score=score, propensity=1, reason=name)
    timing = read.timing
    for written, wanted in zip(
        (timing.queue, timing.inference, timing.total), seconds, strict=True
    ):
        assert abs(written.ToNanoseconds() - wanted * 1e9) < 1000
        assert 0 <= written.nanos < 1_000_000_000
    assert timing.batch_rows == 3
    read.ClearField("timing")
    assert read == expected
