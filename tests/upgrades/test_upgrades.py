"""A store and an event log that an earlier format wrote are opened, migrated and served."""

import sqlite3
import tarfile
from pathlib import Path

import pytest

from integration.server_process import run, serving
from recserve.client import Client
from recserve.server.database.tables import FORMAT_VERSION
from recserve.server.engine.graph_check import check_graph
from recserve.server.model_store import ModelStore

pytestmark = pytest.mark.integration

HERE = Path(__file__).parent
EVENTS = 240


def unpacked(name: str, folder: Path) -> Path:
    with tarfile.open(HERE / name) as archive:
        archive.extractall(folder, filter="data")
    return folder


def database_format(folder: Path) -> int:
    with sqlite3.connect(folder / "recserve.db") as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


@pytest.mark.parametrize("number", [1, 2])
def test_an_event_log_of_an_earlier_format_is_migrated_and_whole(
    tmp_path: Path, number: int
) -> None:
    unpacked(f"format-{number}.tar.xz", tmp_path)
    assert database_format(tmp_path) == number
    url = f"sqlite:///{tmp_path}/recserve.db"
    run("recserve-server", "export", "--events", url, "--format", "csv", "out", cwd=tmp_path)
    assert database_format(tmp_path) == FORMAT_VERSION
    lines = (tmp_path / "out" / "interactions.csv").read_text().splitlines()
    assert len(lines) == EVENTS + 1


def test_a_version_and_an_event_log_of_earlier_formats_are_served(tmp_path: Path) -> None:
    folder = unpacked("format-2.tar.xz", tmp_path)
    ModelStore(folder / "models" / "default").verify(1)
    check_graph(folder / "models" / "default" / "1" / "saved_model")
    with serving(folder) as server, Client(server.address) as client:
        server.wait_until_warm()
        answer = client.recommend("user-1", num_results=5)
        assert answer.model_version == 1
        assert answer.fallback is None, "the user's history was not found"
        client.feedback("user-1", answer[0].item_id, "view")
        again = client.recommend("user-1", num_results=5)
        assert answer[0].item_id not in [result.item_id for result in again]
    assert database_format(folder) == FORMAT_VERSION
