"""What users did with the answers of a real server leads to the right figures."""

import json
from pathlib import Path

import pytest

from integration.server_process import eventually, run, serving
from recserve.client import Client

pytestmark = pytest.mark.integration


def test_answers_and_feedback_that_names_them_are_compared(tmp_path: Path) -> None:
    with serving(tmp_path) as server, Client(server.address) as client:

        def compared(*options: str) -> dict:
            words = ["--server", server.address, "experiments", "--json", *options]
            return json.loads(run("recserve", *words, cwd=tmp_path))

        assert compared() == {"baseline": 0, "versions": []}
        for item_id in ("tea", "cup", "jar", "pot"):
            client.feedback("a stranger", item_id, "click")
        for number in range(10):
            user_id = f"user-{number}"
            first, second = client.recommend(user_id), client.recommend(user_id)
            if number < 4:  # these like the best of their first answer
                client.feedback(user_id, first[0].item_id, "buy", recommendation=first)
            if number < 2:  # and these the last of their second one as well
                client.feedback(user_id, second[-1].item_id, "click", recommendation=second)
        client.feedback("user-9", "tea", "buy")  # names no answer

        eventually(lambda: client.compare_versions().versions[0].answer_count == 20, "the answers")
        found = compared("--positions", "1")
        (standing,) = found["versions"]
        rate = standing["success_rate"]
        assert (found["baseline"], standing["version"]) == (0, 0)
        assert (standing["answer_count"], standing["user_count"]) == (20, 10)
        assert standing["success_count"] == 6
        assert rate["value"] == pytest.approx(0.3)
        assert rate["low"] < 0.3 < rate["high"]
        assert standing["value"]["value"] == pytest.approx(0.2), "the last position does not count"
        assert standing["difference"] is standing["p_value"] is None
        assert standing["off_policy"] == []

        (bought,) = compared("--event-type", "buy")["versions"]
        assert bought["success_rate"]["value"] == pytest.approx(0.2)
        assert compared("--until", "2000-01-01")["versions"] == []
        assert compared("--version", "7")["versions"] == []
        shown = run("recserve", "--server", server.address, "experiments", cwd=tmp_path)
        assert "30.00 ±" in shown
        assert "answers that no model gave" in shown
        samples = server.metrics()
        assert samples['recserve_answers_total{label="",model_version="0"}'] == 20
        assert samples['recserve_recommended_items_total{model_version="0"}'] > 20
