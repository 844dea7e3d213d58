"""The lines that are kept of a training run."""

from recserve.server.training import run_log
from recserve.server.training.run_log import RunLog


def texts(log: RunLog) -> list[tuple[str, str]]:
    return [(line["stage"], line["text"]) for line in log.lines]


def test_a_stage_has_a_line_where_it_begins_and_one_for_each_pass() -> None:
    log = RunLog(clock=lambda: 5.0)
    log.progress({"stage": "export", "step": 10})
    log.progress({"stage": "retrieval"})
    for epoch in (1, 2):
        log.progress({"stage": "retrieval", "epoch": epoch, "max_epochs": 9, "loss": 4.0})
        log.progress(
            {
                "stage": "retrieval",
                "epoch": epoch,
                "max_epochs": 9,
                "loss": 3.5 - epoch,
                "holdout_metrics": [{"name": "validation_ndcg@10", "value": 0.25}],
            }
        )
    log.note("ranking", "it was undone")
    log.end("succeeded: made version 3")
    assert texts(log) == [
        ("export", "begins"),
        ("retrieval", "begins"),
        ("retrieval", "epoch 1/9, loss 2.5000, validation_ndcg@10 0.2500"),
        ("ranking", "it was undone"),
        ("retrieval", "epoch 2/9, loss 1.5000, validation_ndcg@10 0.2500"),
        ("retrieval", "succeeded: made version 3"),
    ]
    assert {line["time"] for line in log.lines} == {5.0}


def test_a_loss_that_is_no_number_is_told_as_such() -> None:
    log = RunLog()
    log.progress({"stage": "ranking", "epoch": 1, "max_epochs": 2, "loss": "NaN"})
    log.end("failed: the loss is not a number")
    assert texts(log)[1] == ("ranking", "epoch 1/2, loss nan")


def test_a_log_stays_small_and_says_that_it_was_cut() -> None:
    log = RunLog()
    for number in range(run_log.MAX_ENTRIES + 10):
        log.note("clean", f"{number} " + "x" * 5000)
    assert len(log.lines) == run_log.MAX_ENTRIES
    assert log.lines[-1]["text"] == "further lines are left out"
    assert max(len(line["text"]) for line in log.lines) == run_log.MAX_TEXT_CHARACTERS


def test_a_run_that_never_began_has_one_line() -> None:
    log = RunLog()
    log.end("failed: the disk is full")
    assert texts(log) == [("", "failed: the disk is full")]
