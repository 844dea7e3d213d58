"""`recserve-server compact`."""

import json
import time
from pathlib import Path

from click.testing import CliRunner

from recserve.server.command import main
from recserve.server.database import open_database
from recserve.server.event_log import SqlEventLog

from .conftest import MakeEvent


def test_the_command_compacts_and_says_how_many(tmp_path: Path, event: MakeEvent) -> None:
    url = f"sqlite:///{tmp_path}/events.db"
    log = SqlEventLog(open_database(url))
    log.append_groups([[event("old"), event("new", item_id="cup", time=time.time())]])

    done = CliRunner().invoke(main, ["compact", "--events", url, "--days", "30"])
    again = CliRunner().invoke(main, ["compact", "--events", url, "--days", "30", "--json"])

    assert (done.exit_code, again.exit_code) == (0, 0)
    assert "1 events older than 30 days are compacted" in done.stdout
    assert "compacting: 100%" in done.stderr
    expected = {"event_count": 0, "forgotten_id_count": 0, "is_complete": True}
    assert json.loads(again.stdout) == expected
    assert log.history("ann", 10).item_ids == {"tea", "cup"}
    log.close()


def test_a_log_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/none.db"

    done = CliRunner().invoke(main, ["compact", "--events", url, "--days", "30"])

    assert done.exit_code == 1
    assert not (tmp_path / "none.db").exists()
    assert CliRunner().invoke(main, ["compact", "--events", url]).exit_code == 2
