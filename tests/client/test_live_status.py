"""The live table: what it reads, what it makes of it, and what it shows."""

import math

import grpc
import pytest
from rich.console import Console

from client.fake_server import Failure, progress_message
from recserve.client.command import live_status
from recserve.client.command.live_status import Look, look, metrics_url, rendered
from recserve.client.command.metrics_page import (
    parse_page,
    read_page,
    shown_seconds,
    traffic_between,
)
from recserve.v1 import training_pb2

SERVICE = 'grpc_method="Recommend",grpc_service="recserve.v1.RecommenderService"'


def page(seconds: float, ok: int, failed: int, fast: int):
    return parse_page(
        f"""# HELP grpc_server_handled_total Calls ended, by status code.
grpc_server_handled_total{{grpc_code="OK",{SERVICE}}} {ok}.0
grpc_server_handled_total{{grpc_code="INTERNAL",{SERVICE}}} {failed}.0
grpc_server_handling_seconds_bucket{{{SERVICE},le="0.005"}} {fast}.0
grpc_server_handling_seconds_bucket{{{SERVICE},le="0.01"}} {ok + failed}.0
grpc_server_handling_seconds_bucket{{{SERVICE},le="+Inf"}} {ok + failed}.0
recserve_batch_requests_sum {ok * 4}.0
recserve_batch_requests_count {ok}.0
recserve_engine_queue_requests 3.0
recserve_events_total{{event_type="a \\"odd\\" one"}} {ok}.0
nonsense
""",
        seconds,
    )


def shown(seen: Look, traffic=None) -> str:
    console = Console(width=100, no_color=True)
    with console.capture() as captured:
        console.print(rendered(seen, traffic))
    return captured.get()


def test_rates_and_latencies_come_from_two_looks() -> None:
    traffic = traffic_between(page(10.0, 100, 0, 100), page(12.0, 190, 10, 195))
    (method,) = traffic.methods
    assert (method.method, method.per_second) == ("Recommend", 50.0)
    assert math.isclose(method.failed_share, 0.1)
    assert (method.p50, method.p99) == (0.005, 0.01)
    assert (traffic.queued, traffic.batch_requests) == (3.0, 4.0)
    assert traffic.events_per_second == 45.0


def test_counters_that_began_anew_are_not_negative() -> None:
    (method,) = traffic_between(page(10.0, 500, 0, 500), page(11.0, 20, 0, 20)).methods
    assert method.per_second == 20.0


def test_without_calls_there_is_no_latency() -> None:
    traffic = traffic_between(page(1.0, 5, 0, 5), page(2.0, 5, 0, 5))
    assert traffic.methods == ()
    assert traffic.batch_requests is None


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, "-"), (0.005, "5 ms"), (2.5, "2.5 s"), (math.inf, "> 10 s")]
)
def test_times_are_shown_as_people_read_them(seconds, words) -> None:
    assert shown_seconds(seconds) == words


def test_a_look_shows_health_versions_and_the_run_at_work(client, script) -> None:
    running = progress_message("ranking", epoch=2, max_epochs=5)
    script.then("ListTrainingRuns", training_pb2.ListTrainingRunsResponse(training_runs=[running]))
    text = shown(look(client, "here:1", "", 1.0))
    for part in ("here:1: serving", "stable", "trainingRuns/7", "ranking", "epoch 2/5"):
        assert part in text


def test_a_server_that_is_away_is_one_line_and_the_table_goes_on(client, script) -> None:
    script.then("Check", *[Failure(grpc.StatusCode.UNAVAILABLE)] * 9)
    seen = look(client, "here:1", "", 1.0)
    assert "no answer" in shown(seen)
    assert seen.versions == ()


def test_a_page_that_cannot_be_read_is_said_and_the_rest_shown(client, script) -> None:
    text = shown(look(client, "here:1", "ftp://x/metrics", 1.0))
    assert "no rates" in text
    assert "serving" in text


def test_only_pages_of_the_web_are_read() -> None:
    with pytest.raises(OSError, match="neither"):
        read_page("file:///etc/passwd", 1.0)


def test_rates_are_shown_by_method() -> None:
    traffic = traffic_between(page(10.0, 100, 0, 100), page(12.0, 190, 10, 195))
    text = shown(Look("here:1", "serving", "serving", page=page(12.0, 1, 1, 1)), traffic)
    for part in ("Recommend", "50.0", "10.0%", "5 ms", "10 ms", "3 waiting", "4.0 requests"):
        assert part in text


def test_the_page_of_a_server_here_is_where_it_is_by_default() -> None:
    assert metrics_url(None, "localhost:50051") == "http://127.0.0.1:9464/metrics"
    assert metrics_url(None, "recserve.example:50051") == ""
    assert metrics_url("http://x:1/metrics", "localhost") == "http://x:1/metrics"


def test_watching_ends_with_ctrl_c(client, monkeypatch) -> None:
    looks = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", sleep)
    live_status.watch(client, "here:1", "", 2.0, 1.0)
    assert looks == [2.0, 2.0]
