"""The product's counters: only calls that ended with OK, from the model, count as answered."""

import pytest
from benchmarks.generator import LoadFailed
from benchmarks.metrics_page import Counters, parse_counters
from benchmarks.rounds import check_counters

PAGE = """# HELP grpc_server_handled_total Calls ended.
# TYPE grpc_server_handled_total counter
grpc_server_handled_total{grpc_code="OK",grpc_method="Recommend",grpc_service="s"} 12.0
grpc_server_handled_total{grpc_code="OK",grpc_method="Feedback",grpc_service="s"} 5.0
grpc_server_handled_total{grpc_service="s",grpc_method="Recommend",grpc_code="INTERNAL"} 2.0
recserve_fallback_total{reason="unknown_user"} 3.0
recserve_fallback_total{reason="deadline"} 1.0
recserve_engine_queue_requests 0.0
recserve_batch_rows_bucket{le="+Inf"} 7.0
"""


def test_counters_are_those_of_one_method():
    assert parse_counters(PAGE, "Recommend") == Counters({"OK": 12, "INTERNAL": 2}, 4)
    assert parse_counters(PAGE, "Feedback").handled == {"OK": 5}


def test_a_difference_leaves_out_what_did_not_happen():
    before, after = Counters({"OK": 5, "INTERNAL": 2}, 1), Counters({"OK": 9, "INTERNAL": 2}, 1)
    assert after.since(before) == Counters({"OK": 4}, 0)
    assert Counters({"OK": 4, "ABORTED": 3}, 0).failed == 3


def test_counters_may_be_published_a_moment_later():
    found = iter([Counters({"OK": 3}, 0), Counters({"OK": 10}, 0)])
    check_counters(lambda: next(found), 10)


@pytest.mark.parametrize(
    "found",
    [Counters({"OK": 9, "INTERNAL": 1}, 0), Counters({"OK": 10}, 1), Counters({"OK": 9}, 0)],
)
def test_errors_fallbacks_and_lost_calls_are_no_success(found):
    with pytest.raises(LoadFailed, match="of 10 calls"):
        check_counters(lambda: found, 10, patience=0)
