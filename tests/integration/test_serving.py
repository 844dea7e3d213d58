"""Answers of a real server with a real engine."""

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy.queries import PROMETHEUS_LABELS, queries, uses
from integration.conftest import ITEM_COUNT
from recserve.client import Client, Fallback, InvalidArgument, NotFound, Reason, Shortfall

pytestmark = pytest.mark.integration

ONLY_AFTER_TROUBLE = {
    "recserve_shed_total",
    "recserve_engine_dropped_total",
    "recserve_fallback_total",
    *(f"recserve_shadow_overlap_{part}" for part in ("sum", "count")),
    "recserve_shadow_total",
    "recserve_online_events_total",
}
"""Series with labels that are there when something has gone wrong, a shadow was asked, or an event
has named its answer."""


@pytest.fixture(scope="module")
def client(warm_server):
    with Client(warm_server.address) as client:
        yield client


def new_user(client, *items):
    user = f"user-{uuid.uuid4()}"
    for item in items:
        client.feedback(user, item, "click")
    return user


def ids(answer):
    return [result.item_id for result in answer]


def test_a_known_user_gets_the_model_s_ranking(client):
    answer = client.recommend(new_user(client, "i30"), num_results=4)
    assert answer.fallback is None
    assert answer.model_version == 1
    assert {"i29", "i31", "i28", "i32"} == set(ids(answer))
    assert all(result.reason is Reason.PERSONAL for result in answer)
    assert [r.score for r in answer] == sorted((r.score for r in answer), reverse=True)


def test_an_unknown_user_gets_popular_items_and_the_reason(client):
    answer = client.recommend(new_user(client), num_results=3)
    assert answer.fallback is Fallback.UNKNOWN_USER
    assert ids(answer) == ["i0", "i1", "i2"]


def test_feedback_changes_the_next_answer_at_once(client):
    user = new_user(client, "i50")
    for _ in range(5):
        shown = client.recommend(user, num_results=1)[0].item_id
        client.feedback(user, shown, "click")
        assert shown not in ids(client.recommend(user, num_results=ITEM_COUNT))


def test_seen_and_excluded_items_stay_out_and_seen_ones_come_back_when_asked(client):
    user = new_user(client, "i10", "i12")
    answer = client.recommend(user, num_results=ITEM_COUNT, exclude_item_ids=["i11"])
    assert not {"i10", "i11", "i12"} & set(ids(answer))
    assert len(answer) == ITEM_COUNT - 3
    assert answer.shortfall is Shortfall.CATALOGUE
    everything = client.recommend(user, num_results=ITEM_COUNT, include_seen=True)
    assert len(everything) == ITEM_COUNT
    assert everything.shortfall is None


def test_candidates_are_ranked_with_their_features(client):
    user = new_user(client, "i100")
    candidates = ["i101", "nowhere", "i150", "i100"]
    plain = client.recommend(user, candidate_item_ids=candidates)
    assert ids(plain) == ["i101", "i150"]
    assert plain.missing_item_ids == ("nowhere",)
    assert plain.shortfall is Shortfall.CANDIDATES
    features = [[0.0, 0.0], [9.0, 9.0], [30.0, 0.0], [0.0, 0.0]]
    moved = client.recommend(user, candidate_item_ids=candidates, candidate_features=features)
    assert ids(moved) == ["i150", "i101"]


def test_a_session_without_a_user_is_answered_from_its_recent_items(client):
    answer = client.recommend("", num_results=2, recent_item_ids=["i70"])
    assert set(ids(answer)) == {"i69", "i71"}


def test_a_filter_holds_for_the_model_for_popularity_and_for_similar_items(client):
    user = new_user(client, "i30")
    answer = client.recommend(user, num_results=3, filter="number < 5 OR number = 90")
    assert answer.fallback is None
    assert ids(answer) == ["i4", "i3", "i2"]
    answer = client.recommend(user, num_results=3, filter="number > 197")
    assert (set(ids(answer)), answer.shortfall) == ({"i198", "i199"}, Shortfall.CATALOGUE)
    answer = client.recommend(new_user(client), num_results=2, filter="number >= 50")
    assert (ids(answer), answer.fallback) == (["i50", "i51"], Fallback.UNKNOWN_USER)
    assert ids(client.similar_items("i30", num_results=2, filter="number > 35")) == ["i36", "i37"]
    with pytest.raises(InvalidArgument, match="items have no feature 'price'"):
        client.recommend(user, filter="price < 5")


def test_requests_with_other_filters_at_the_same_time_do_not_meet(client):
    user = new_user(client, "i100")

    def ask(place):
        wanted = f"number >= {place * 10} AND number < {place * 10 + 10}" if place else ""
        return client.recommend(user, num_results=5, filter=wanted)

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(ask, [*range(12)] * 8))
    for number, answer in enumerate(answers):
        place = number % 12
        got = {int(item[1:]) for item in ids(answer)}
        assert len(got) == 5
        if place:
            assert got <= set(range(place * 10, place * 10 + 10))
        else:
            assert got <= set(range(90, 111))


def test_similar_items_are_the_neighbours(client):
    user = new_user(client, "i61")
    assert set(ids(client.similar_items("i60", num_results=2))) == {"i59", "i61"}
    answer = client.similar_items("i60", num_results=2, user_id=user, exclude_item_ids=["i59"])
    assert all(result.reason is Reason.SIMILAR for result in answer)
    assert ids(answer)[0] == "i62" or ids(answer)[0] == "i58"
    assert answer[0].score == pytest.approx(0.9982, abs=1e-4)  # the cosine of 0.06
    with pytest.raises(NotFound, match="does not know this item"):
        client.similar_items("nowhere")


def test_variety_chance_and_reasons_come_from_the_engine(client):
    user = new_user(client, "i30", "i90")
    plain = client.recommend(user, num_results=5)
    varied = client.recommend(user, num_results=5, diversity=0.9, explain=True)
    spread = [max(numbers) - min(numbers) for numbers in map(numbers_of, (plain, varied))]
    assert spread[1] > spread[0]
    near = {"i30": range(61), "i90": range(60, 200)}
    for result in varied:
        assert int(result.item_id[1:]) in near[result.because_of_item_id]
    drawn = [client.recommend(user, num_results=5, exploration=1.0) for _ in range(5)]
    assert len({tuple(ids(answer)) for answer in drawn}) > 1
    assert all(0 < result.propensity < 1 for answer in drawn for result in answer)


def numbers_of(answer):
    return [int(item[1:]) for item in ids(answer)]


def test_answers_do_not_depend_on_the_company_in_the_batch(client):
    users = [new_user(client, f"i{10 * n + 5}") for n in range(16)]
    sizes = [1 + 7 * n % 40 for n in range(16)]

    def ask(place):
        return client.recommend(users[place], num_results=sizes[place])

    alone = [ask(place) for place in range(16)]
    with ThreadPoolExecutor(16) as pool:
        together = [list(pool.map(ask, range(16))) for _ in range(10)]
    assert max(answer.timing.batch_rows for answers in together for answer in answers) > 1
    for answers in together:
        for one, other in zip(alone, answers, strict=True):
            assert len(one) == len(other)
            for a, b in zip(one, other, strict=True):
                assert a.score == pytest.approx(b.score, abs=1e-5)


def test_bad_requests_are_refused_and_the_server_lives_on(client):
    for bad in (
        {"user_id": ""},
        {"user_id": "u", "num_results": 0},
        {"user_id": "u", "num_results": 1_000_000},
        {"user_id": "u" * 5_000_000},
        {"user_id": "u", "diversity": float("nan")},
        {"user_id": "u", "candidate_item_ids": ["i1"], "candidate_features": [[float("nan"), 0]]},
    ):
        with pytest.raises(InvalidArgument) as refused:
            client.recommend(**bad)
        assert refused.value.violations
    with pytest.raises(NotFound):
        client.recommend("u", model_version=99)
    with pytest.raises(InvalidArgument) as refused:
        client.feedback("u", "i1", "no_such_type")
    assert [violation.field for violation in refused.value.violations] == ["events[0].event_type"]
    assert client.recommend("u")


def test_the_front_end_process_holds_no_tensorflow(warm_server):
    children = warm_server.children()
    assert set(children) == {"front_end", "engine"}
    maps = {name: Path(f"/proc/{pid}/maps").read_text() for name, pid in children.items()}
    assert "tensorflow" in maps["engine"]
    assert "tensorflow" not in maps["front_end"]


def test_the_metrics_page_tells_of_calls_stages_batches_and_versions(client, warm_server):
    client.recommend(new_user(client, "i3"))
    samples = warm_server.metrics()
    service = 'grpc_method="Recommend",grpc_service="recserve.v1.RecommenderService"'
    assert samples[f"grpc_server_started_total{{{service}}}"] >= 1
    assert samples[f'grpc_server_handled_total{{grpc_code="OK",{service}}}'] >= 1
    assert samples[f"grpc_server_handling_seconds_count{{{service}}}"] >= 1
    assert samples['recserve_stage_seconds_count{model_version="1",stage="inference"}'] >= 1
    assert samples["recserve_batch_requests_count"] >= 1
    assert samples['recserve_events_total{event_type="click"}'] >= 1
    assert samples['recserve_model_version_info{label="stable",state="serving",version="1"}'] == 1
    assert not [name for name in samples if "user-" in name or '"i3"' in name]


def test_the_page_has_what_dashboard_and_alerts_ask_for(client, warm_server):
    client.recommend(new_user(client, "i3"))
    page: dict[str, set[str]] = {}
    for sample in warm_server.metrics():
        name, _, labels = sample.partition("{")
        page.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    asked = {use for query in queries() for use in uses(query)}
    assert {use.series for use in asked} - set(page) <= ONLY_AFTER_TROUBLE
    known = [use for use in asked if use.series in page]
    assert [use for use in known if use.labels - PROMETHEUS_LABELS - page[use.series]] == []


def test_models_are_listed_with_state_and_label(client):
    (version,) = client.models()
    assert (version.version, version.state.value, version.labels) == (1, "serving", ("stable",))
    assert client.model("stable").version == 1
    with pytest.raises(NotFound):
        client.model(2)
