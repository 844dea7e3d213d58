"""What h2load prints and logs, read; and what is sent."""

import pytest
from benchmarks.answers import Answer, milliseconds, parse_log, per_second, percentile
from benchmarks.call import Call, framed
from benchmarks.generator import ClosedLoop, LoadFailed, divides, parse_body_bytes, parse_failures

SUMMARY = """starting benchmark...
progress: 100% done

finished in 638.86ms, 6261.17 req/s, 1.62MB/s
requests: 4000 total, 4000 started, 4000 done, {succeeded} succeeded, {failed} failed, 0 errored
status codes: {good} 2xx, 0 3xx, 0 4xx, {bad} 5xx
traffic: 1.04MB (1085849) total, 12.30KB (12600) headers (space savings 96%), 3MB (3440000) data
"""


def test_a_summary_without_failures_has_none():
    assert parse_failures(SUMMARY.format(succeeded=4000, failed=0, good=4000, bad=0)) == 0


def test_broken_streams_and_other_statuses_are_failures():
    assert parse_failures(SUMMARY.format(succeeded=3990, failed=10, good=3990, bad=0)) == 10
    assert parse_failures(SUMMARY.format(succeeded=4000, failed=0, good=3995, bad=5)) == 5


def test_answers_of_one_size_divide_among_the_calls():
    body = parse_body_bytes(SUMMARY.format(succeeded=4000, failed=0, good=4000, bad=0))
    assert body == 3_440_000
    assert divides(body, 16_000)
    assert not divides(body - 215, 16_000)
    assert not divides(0, 16_000)


def test_output_without_a_summary_is_an_error():
    with pytest.raises(LoadFailed, match="no summary"):
        parse_failures("unrecognized option")


def test_a_log_is_read_in_seconds():
    log = "1795532218641469\t200\t2641\n1795532218641500\t-1\t400\n"
    assert parse_log(log) == [
        Answer(1795532218.641469, 200, 0.002641),
        Answer(1795532218.6415, -1, 0.0004),
    ]


def test_a_line_that_was_cut_off_is_left_out():
    whole = "1795532218641469\t200\t2641\n"
    assert parse_log(whole + "17955322186") == parse_log(whole)
    assert parse_log("") == []


def test_percentiles_are_values_that_were_seen():
    values = [float(number) for number in range(1, 101)]
    assert percentile(values, 0.5) == 50
    assert percentile(values, 0.99) == 99
    assert percentile([3.0], 0.99) == 3
    assert percentile([], 0.5) != percentile([], 0.5)  # NaN


def test_rate_and_duration_come_from_the_log():
    answers = [Answer(10.0, 200, 0.5), Answer(10.5, 200, 1.5)]
    assert per_second(answers) == 1
    assert milliseconds(answers, 0.99) == 1500


def test_a_grpc_message_is_framed_and_a_post_is_not():
    assert framed(b"ab") == b"\0\0\0\0\2ab"
    assert Call("/s/m", b"ab").body == framed(b"ab")
    assert Call("/s/m", b"ab", is_grpc=False).body == b"ab"


def test_http_1_needs_a_connection_for_each_call_in_flight():
    grpc, post = Call("/", b""), Call("/", b"", is_grpc=False)
    steps = (1, 8, 64)
    assert [ClosedLoop(step, 100).connections(grpc) for step in steps] == [1, 1, 8]
    assert [ClosedLoop(step, 100).connections(post) for step in steps] == [1, 8, 64]
