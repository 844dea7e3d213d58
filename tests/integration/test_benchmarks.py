"""The benchmarks against a real server: a few calls, to see that they measure what they say."""

import pytest
from benchmarks.answers import OK
from benchmarks.bare_inserts import (
    per_second_in_postgresql,
    per_second_in_sqlite,
    sync_milliseconds,
)
from benchmarks.bench import Bench
from benchmarks.call import recommender_call
from benchmarks.generator import ClosedLoop, LoadFailed, generate, watched_open_loop
from benchmarks.ladder import climb
from benchmarks.measures import data, training
from benchmarks.real_call import checked
from benchmarks.result import Result
from benchmarks.rounds import sample
from benchmarks.server import NotAvailable, Server, floor, product

from integration.server_process import eventually
from recserve.client import Client
from recserve.v1 import recommender_pb2

pytestmark = pytest.mark.integration


def recommend(user_id, **fields):
    return recommender_call(
        "Recommend", recommender_pb2.RecommendRequest(user_id=user_id, **fields)
    )


@pytest.fixture(scope="module")
def server(warm_server):
    """The server, with one user whom it knows."""
    with Client(warm_server.address) as client:
        client.feedback("known", "i1", "click")
    page = warm_server.said("listening")[-1]["metrics"]
    return Server(warm_server.address, warm_server.process.pid, page)


def test_a_quick_benchmark_beside_its_floor(server, tmp_path):
    result = Result("quick")
    with floor("grpcio") as empty:
        call = recommend("known")
        calls = {"recserve": (server, call), "empty": (empty, call)}
        with checked(calls.values()):
            bench = Bench(tmp_path, tmp_path, rounds=2, quick=True)
            climb(bench, result, "quick", calls, {1: 64, 8: 64}, "empty")
    figures = {figure.name: figure for figure in result.figures}
    assert len(figures) == 2 * (4 + 5)
    assert all(len(figure.rounds) == 2 for figure in figures.values())
    for name in ("recserve", "empty"):
        for in_flight in (1, 8):
            p50, p99, rate = (figures[f"{name}, {in_flight} in flight, {what}"].median
                              for what in ("p50", "p99", "rate"))  # fmt: skip
            assert 0 < p50 <= p99
            assert rate > 0
    assert len(result.tables[0].rows) == 4
    assert {name: len(points) for name, points in result.charts[0].series.items()} == {
        "recserve": 2,
        "empty": 2,
    }


def test_processor_time_is_the_servers(server):
    found = sample(server, recommend("known"), ClosedLoop(8, 400))
    assert found.cpu_us > 50


def test_fallbacks_are_no_answers(server):
    with pytest.raises(LoadFailed, match="fallbacks=64"):
        sample(server, recommend("a stranger"), ClosedLoop(1, 64))
    with (
        pytest.raises(LoadFailed, match="did not answer from a model"),
        checked([(server, recommend("a stranger"))]),
    ):
        pass


def test_errors_are_no_answers(server):
    with pytest.raises(LoadFailed, match="INVALID_ARGUMENT"):
        sample(server, recommend("known", num_results=-1), ClosedLoop(8, 64))


def test_without_h2load_our_own_generator_calls(server, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    answers = generate(server.address, recommend("known"), ClosedLoop(8, 100))
    assert [answer.status for answer in answers] == [OK] * 100
    with pytest.raises(LoadFailed, match="INVALID_ARGUMENT"):
        sample(server, recommend("known", num_results=-1), ClosedLoop(8, 64))


def test_the_watched_generator_sees_the_status_of_grpc(server):
    invalid = recommend("known", num_results=-1)
    with watched_open_loop(server.address, invalid, 200, 1.0) as load:
        answers = eventually(load.answers, "answers")
    assert {answer.status for answer in answers} == {3}


def test_what_is_not_there_is_reported(tmp_path):
    options = ("--transport", "pigeon")
    with (
        pytest.raises(NotAvailable, match="pigeon"),
        product(tmp_path / "models", f"sqlite:///{tmp_path / 'recserve.db'}", *options),
    ):
        pass


def test_the_data_stages_are_measured_in_their_own_process(tmp_path):
    result = data.run(Bench(tmp_path, tmp_path, rounds=1, quick=True))
    figures = {figure.name: figure.median for figure in result.figures}
    assert len(figures) == 4
    assert all(value > 0 for value in figures.values())
    assert figures["10,000 events, peak memory"] < 1000
    assert result.tables[0].rows[0][0] == "10,000"


def test_bare_inserts_fill_a_table_as_the_products(tmp_path, postgresql_url):
    assert per_second_in_sqlite(tmp_path, 200, 100) > 0
    assert per_second_in_postgresql(postgresql_url, 200, 100) > 0
    assert len(sync_milliseconds(tmp_path, 3)) == 3


def test_learning_is_measured_beside_bare_keras(tmp_path):
    result = training.run(Bench(tmp_path, tmp_path, rounds=1, quick=True))
    figures = {figure.name: figure.median for figure in result.figures}
    assert 0 < figures["ours / bare Keras"] < 2
    assert figures["10,000 events, fit"] > 0
    assert float(result.tables[0].rows[0][3]) > 0
