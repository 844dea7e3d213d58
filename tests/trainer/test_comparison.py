"""The model beside baselines, from the command to the figures."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recserve.trainer.comparison.contenders import contenders
from recserve.trainer.comparison.protocols import Round
from recserve.trainer.evaluation.item_facts import ItemFacts
from trainer import handmade


def test_the_runs_of_a_method_are_pooled_and_compared_on_the_same_users() -> None:
    """Each of 40 users had item 0 and wants item 1; a method has it first, second or not."""
    users = np.repeat(np.arange(40), 2)
    tables = handmade.tables(handmade.events(users.tolist(), [0, 1] * 40), 15)
    about = Round.of("leave-last-out", tables, 0.2)
    facts = ItemFacts.of(about.tables, about.train)
    (wanted,) = set((about.questions.relevant.keys % 15).tolist())
    rest = [item for item in range(15) if item not in (wanted, *about.questions.log.item)]
    first, second = [wanted, *rest[:9]], [rest[0], wanted, *rest[1:9]]
    never = np.tile(rest[:10], (40, 1))
    half = np.where(np.arange(40)[:, None] % 2, np.array(first), np.array(second))

    model, popularity, same = contenders(
        about.questions,
        {
            "model": [np.tile(first, (40, 1)), np.tile(second, (40, 1))],
            "popularity": [never],
            "same": [half],
        },
        facts,
        seed=1,
    )

    mean = (1 + 1 / np.log2(3)) / 2
    ndcg = {metric.name: metric for metric in model.metrics}["ndcg@10"]
    assert ndcg.value == pytest.approx(mean)
    # Every user got the mean of both runs, so no draw of users is different.
    assert (ndcg.interval.low, ndcg.interval.high) == pytest.approx((mean, mean))
    assert not model.HasField("model_ratio")
    assert not popularity.HasField("model_ratio"), "nothing to divide by"
    assert same.model_ratio == pytest.approx(1.0)
    assert same.model_ratio_interval.low < 1.0 < same.model_ratio_interval.high
    assert [part.name for part in model.segments] == [
        "known_users",
        "cold_users",
        "after_1_event",
        "new_items",
    ]


@pytest.mark.integration
def test_one_command_compares_the_model_with_tuned_baselines(chains: Path) -> None:
    options = ["--seeds", "3", "--baselines", "item_knn,ials,blend", "--json"]
    options += ["--embedding-width", "16", "--max-epochs", "1", "--candidate-count", "20"]
    program = [sys.executable, "-c", "from recserve.trainer.command import main; main()"]
    done = subprocess.run(
        [*program, "compare", str(chains), *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    names = ["model", "popularity", "item_knn", "ials", "blend"]
    assert [contender["name"] for contender in found["contenders"]] == names
    assert found["protocol"] == "HOLDOUT_KIND_LEAVE_LAST_OUT"
    assert found["seeds"] == ["3"]
    assert found["question_count"] == "120"
    by_name = {contender["name"]: contender for contender in found["contenders"]}
    figures = {
        name: next(m["value"] for m in one["metrics"] if m["name"] == "ndcg@10")
        for name, one in by_name.items()
    }
    assert figures["blend"] > figures["item_knn"] > 2 * figures["popularity"]
    assert figures["model"] > 2 * figures["popularity"]
    assert by_name["popularity"]["model_ratio_interval"]["low"] > 1.0
    assert set(by_name["ials"]["settings"]) == {"factors", "alpha", "regularization"}
    assert "tune: ease 1/5" in done.stderr, "the blend is with it"
    assert "Comparison: leave_last_out, 120 questions" in done.stderr


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (("--seeds", "one"), "--seeds: 'one' is no seed"),
        (("--baselines", "itemknn"), "there is no 'itemknn'; there are item_knn"),
        (("--seed", "3"), "--seed: a comparison has --seeds"),
    ],
)
def test_a_wrong_choice_is_wrong_usage(
    chains: Path, option: tuple[str, str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from recserve.trainer.command import cli

    with pytest.raises(SystemExit) as ended:
        cli.main(["compare", str(chains), *option], prog_name="recserve-trainer")

    assert ended.value.code == 2
    assert told in capsys.readouterr().err
