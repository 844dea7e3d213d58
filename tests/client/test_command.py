import json
import struct

import grpc
import pytest
from click.testing import CliRunner
from grpc_health.v1.health_pb2 import HealthCheckResponse

from client.fake_server import Failure, bad_request, error_info, retry_info
from recserve.client.command import main
from recserve.v1 import recommender_pb2

NOT_SERVING = HealthCheckResponse(status=HealthCheckResponse.NOT_SERVING)


@pytest.fixture
def run(server):
    def run(*arguments, server=server.address):
        return CliRunner().invoke(main, ["--server", server, *arguments])

    return run


def test_recommend_prints_a_table(run):
    done = run("recommend", "user-42", "-n", "2")
    assert done.exit_code == 0
    assert "item-1" in done.stdout
    assert "0.9996" in done.stdout
    assert "recommendation answer-for-user-42" in done.stdout


def test_recommend_prints_json(run):
    done = run("recommend", "user-42", "-n", "1", "--json")
    answer = json.loads(done.stdout)
    assert answer["recommendation_id"] == "answer-for-user-42"
    assert answer["fallback"] is None
    (result,) = answer["results"]
    assert result == {
        "item_id": "item-1",
        "score": pytest.approx(0.9996),
        "propensity": 1.0,
        "reason": "personal",
        "because_of_item_id": "",
    }


def test_every_option_of_recommend_reaches_the_server(run, script):
    done = run(
        *("--timeout", "30", "recommend", "u", "--num-results", "3"),
        *("--exclude", "a", "--exclude", "b", "--candidate", "c", "--recent", "d"),
        *("--filter", "kind = a", "--diversity", "0.5", "--exploration", "0.25", "--explain"),
        *("--include-seen", "--label", "canary", "--scenario", "home", "--model", "default"),
        *("--context", "hour=14", "--context", "device=phone", "--context", 'zip="8001"'),
        *("--context", 'tags=["a","b"]', "--context", "flag=true", "--context", "eq=a=b"),
    )
    assert done.exit_code == 0, done.output
    (request,) = script.requests["Recommend"]
    assert request.num_results == 3
    assert list(request.exclude_item_ids) == ["a", "b"]
    assert list(request.candidate_item_ids) == ["c"]
    assert list(request.recent_item_ids) == ["d"]
    assert request.include_seen
    assert (request.filter, request.explain) == ("kind = a", True)
    assert (request.diversity, request.exploration) == (0.5, 0.25)
    assert (request.model_label, request.scenario, request.model) == ("canary", "home", "default")
    assert request.context["hour"].number == 14
    assert request.context["device"].text == "phone"
    assert request.context["zip"].text == "8001"
    assert list(request.context["tags"].strings.values) == ["a", "b"]
    assert request.context["flag"].text == "true"
    assert request.context["eq"].text == "a=b"
    assert script.seconds_left["Recommend"][0] == pytest.approx(30, abs=10)


def test_recommend_shows_what_was_asked_for_of_each_result(run, script):
    response = recommender_pb2.RecommendResponse(recommendation_id="r")
    response.results.add(item_id="a", propensity=0.125, because_of_item_id="liked")
    response.results.add(item_id="b", propensity=0.25)
    script.then("Recommend", response, response)
    shown = run("recommend", "u", "--exploration", "0.5", "--explain").stdout
    assert "because of" in shown
    assert "liked" in shown
    assert "0.1250" in shown
    plain = run("recommend", "u").stdout
    assert "propensity" not in plain
    assert "liked" not in plain


def test_similar_prints_a_table_and_json(run, script):
    done = run(
        *("similar", "item-7", "-n", "2", "--exclude", "x", "--user", "u"),
        *("--filter", "kind = a", "--version", "2", "--model", "default"),
    )
    assert done.exit_code == 0, done.output
    assert "item-8" in done.stdout
    assert "similar" in done.stdout
    (request,) = script.requests["SimilarItems"]
    assert (request.item_id, request.num_results, request.user_id) == ("item-7", 2, "u")
    assert (list(request.exclude_item_ids), request.filter) == (["x"], "kind = a")
    assert (request.model_version, request.model) == (2, "default")
    answer = json.loads(run("similar", "item-7", "-n", "1", "--json").stdout)
    assert [result["item_id"] for result in answer["results"]] == ["item-8"]


def test_recommend_says_why_an_answer_is_simpler_or_shorter(run, script):
    response = recommender_pb2.RecommendResponse(
        fallback=recommender_pb2.FALLBACK_UNKNOWN_USER,
        shortfall=recommender_pb2.SHORTFALL_CATALOGUE,
        missing_item_ids=["x"],
    )
    script.then("Recommend", response)
    done = run("recommend", "u")
    assert "Note: nothing is known of this user" in done.stdout
    assert "Note: there are no more items" in done.stdout
    assert "Unknown candidates: x" in done.stdout


def test_ids_with_brackets_are_printed_as_they_are(run, script):
    response = recommender_pb2.RecommendResponse()
    response.results.add(item_id="[red]item[/red]")
    script.then("Recommend", response)
    assert "[red]item[/red]" in run("recommend", "u").stdout


def test_feedback_stores_an_event(run, server):
    done = run(
        *("feedback", "user-42", "item-7", "rating", "--value", "4.5", "--event-id", "e1"),
        *("--recommendation", "abc", "--time", "2026-01-31T13:00:00+01:00"),
        *("--context", "hour=3"),
    )
    assert (done.exit_code, done.stdout) == (0, "Stored; the event log is at position 1.\n")
    (event,) = server.recommender.log.values()
    assert (event.event_id, event.value, event.recommendation_id) == ("e1", 4.5, "abc")
    assert event.event_time.ToJsonString() == "2026-01-31T12:00:00Z"
    assert event.context["hour"].number == 3
    again = run("feedback", "user-42", "item-7", "rating", "--event-id", "e1")
    assert again.stdout.startswith("Already stored")


def test_feedback_prints_json(run, server):
    done = run("feedback", "u", "i", "click", "--json", "--time", "1700000000")
    assert json.loads(done.stdout) == {
        "accepted_count": 1,
        "duplicate_count": 0,
        "log_position": 1,
    }
    (event,) = server.recommender.log.values()
    assert event.event_time.seconds == 1_700_000_000


def test_models_list_prints_a_table_and_json(run):
    table = run("models", "list")
    assert table.exit_code == 0
    assert "stable" in table.stdout
    versions = json.loads(run("models", "list", "--json").stdout)
    assert [version["version"] for version in versions] == [2, 1]
    assert versions[0]["state"] == "serving"
    assert versions[0]["create_time"] == "2026-01-31T12:00:00+00:00"
    assert versions[0]["metrics"][0] == {
        "name": "ndcg@10",
        "value": 0.31,
        "baseline": 0.12,
        "stable": None,
    }


def test_models_show_prints_one_version(run, script):
    shown = run("models", "show", "stable")
    assert shown.exit_code == 0
    for part in ("models/default/versions/2", "warm-start from version 1", "ndcg@10", "1.2 MB"):
        assert part in shown.stdout
    assert json.loads(run("models", "show", "2", "--json").stdout)["version"] == 2
    names = [request.name for request in script.requests["GetModelVersion"]]
    assert names == ["models/-/versions/stable", "models/-/versions/2"]


def test_status_exits_0_if_the_server_serves(run):
    done = run("status")
    assert done.exit_code == 0
    assert "serving" in done.stdout
    assert "models/default/versions/2 (stable)" in done.stdout


def test_status_exits_1_if_it_does_not(run, script):
    script.then("Check", NOT_SERVING, NOT_SERVING, NOT_SERVING)
    done = run("status", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["health"] == "not_serving"
    assert "is not serving" in done.stderr


def test_status_exits_by_the_service_that_is_asked_for(run, script):
    script.then("Check", NOT_SERVING)
    done = run("status", "--service", "recserve.model")
    assert done.exit_code == 1
    assert "service 'recserve.model' of the server at" in done.stderr
    assert script.requests["Check"][0].service == "recserve.model"


def test_a_service_that_the_server_does_not_know_exits_1(run, script):
    script.then("Check", Failure(grpc.StatusCode.NOT_FOUND))
    done = run("status", "--service", "nope")
    assert (done.exit_code, "service 'nope' of the server at" in done.stderr) == (1, True)
    assert "is unknown" in done.stderr


def test_what_is_wrong_with_the_list_of_versions_is_told_and_the_health_counts(run, script):
    script.then("ListModelVersions", Failure(grpc.StatusCode.INTERNAL, "the store is gone"))
    done = run("status")
    assert done.exit_code == 0
    assert "could not be listed: the store is gone" in done.stderr


def test_status_waits_for_the_server(run, script):
    script.then("Check", NOT_SERVING)
    assert run("status", "--wait", "10").exit_code == 0


def test_an_unreachable_server_is_one_clear_line_and_exit_1(run):
    done = run("status", server="localhost:1")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Error: no answer from localhost:1; is `recserve-server serve`")
    assert done.stderr.count("\n") == 1


def test_wrong_fields_are_told_with_the_reason(run, script):
    details = [
        error_info("INVALID_REQUEST"),
        bad_request(**{"events[0].event_type": "must be one of click"}),
    ]
    script.then("Feedback", Failure(grpc.StatusCode.INVALID_ARGUMENT, "1 wrong field", details))
    done = run("feedback", "u", "i", "klick")
    assert done.exit_code == 1
    assert done.stderr == (
        "Error: 1 wrong field; events[0].event_type: must be one of click [INVALID_REQUEST]\n"
    )


def test_fields_that_the_message_names_already_are_told_once(run, script):
    details = [bad_request(user_id="must not be empty")]
    message = "user_id: must not be empty"
    script.then("Recommend", Failure(grpc.StatusCode.INVALID_ARGUMENT, message, details))
    assert run("recommend", "").stderr == f"Error: {message} [INVALID_ARGUMENT]\n"


def test_an_overloaded_server_is_told_with_the_time_to_come_back(run, script):
    details = [error_info("OVER_CAPACITY"), retry_info(60)]
    script.then("Recommend", Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "full", details))
    done = run("recommend", "u")
    assert done.stderr == "Error: full; try again in 60 s [OVER_CAPACITY]\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["recommend"],
        ["recommend", "u", "-n", "0"],
        ["recommend", "u", "--context", "hour"],
        ["recommend", "u", "--label", "stable", "--version", "1"],
        ["feedback", "u", "i", "click", "--time", "yesterday"],
        ["feedback", "u", "i", "click", "--time", "2026-01-31T13:00:00"],
        ["--token", "secret", "status"],
        ["--timeout", "0", "status"],
        ["no-such-command"],
    ],
)
def test_wrong_usage_exits_2(run, script, arguments):
    done = run(*arguments)
    assert done.exit_code == 2, done.output
    assert "Error: " in done.stderr
    assert not script.requests["Recommend"]
    assert not script.requests["Feedback"]


def test_no_address_is_wrong_usage(run):
    done = run("status", server="http://localhost")
    assert (done.exit_code, "is no address" in done.stderr) == (2, True)


def test_the_server_may_come_from_the_environment(server):
    environment = {"RECSERVE_SERVER": server.address}
    assert CliRunner(env=environment).invoke(main, ["status"]).exit_code == 0


def test_version_and_help_teach():
    assert "recserve, version " in CliRunner().invoke(main, ["--version"]).stdout
    shown = CliRunner().invoke(main, ["--help"]).stdout
    for command in ("recommend", "feedback", "models", "status"):
        assert command in shown
    assert "RECSERVE_SERVER" in shown


def test_candidates_come_from_a_file_with_their_features(run, script, tmp_path):
    file = tmp_path / "pairs.csv"
    file.write_text("item_id,price,age\na,1.5,2\nb,-3,4\n")
    done = run("recommend", "user-1", "--candidates", str(file))
    assert done.exit_code == 0, done.output
    (request,) = script.requests["Recommend"]
    assert list(request.candidate_item_ids) == ["a", "b"]
    assert struct.unpack("<4f", request.candidate_features) == (1.5, 2, -3, 4)


@pytest.mark.parametrize("text", ["", "item_id,price\na,cheap\n", "item_id,price\na\n"])
def test_a_faulty_candidates_file_is_wrong_usage(run, tmp_path, text):
    file = tmp_path / "pairs.csv"
    file.write_text(text)
    done = run("recommend", "user-1", "--candidates", str(file))
    assert done.exit_code == 2
    assert "pairs.csv" in done.stderr
