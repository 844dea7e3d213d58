"""New and changed versions are noticed, and a store that cannot be read is looked at again."""

import asyncio
from collections.abc import Collection
from pathlib import Path

import pytest

from recserve.server.model_store import ModelStore
from recserve.server.supervisor import store_watch
from recserve.server.supervisor.store_watch import StoreWatch
from server.artefact import write_version

Prints = dict[int, tuple[int, int, int]]
Heard = list[tuple[tuple[int, ...], set[int]]]
OLD, NEW = (1, 1, 1), (1, 1, 2)


class ScriptedStore:
    """Gives one answer after the other; the last one for ever."""

    def __init__(self, *answers: Prints | OSError) -> None:
        self._answers = list(answers)
        self._looks: asyncio.Queue[None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()

    def fingerprints(self) -> Prints:
        answer = self._answers[0]
        if len(self._answers) > 1:
            self._answers.pop(0)
        else:
            self._loop.call_soon_threadsafe(self._looks.put_nowait, None)
        if isinstance(answer, OSError):
            raise answer
        return answer

    async def answered_all(self) -> None:
        """All answers have been heard: the last one was given twice."""
        for _ in range(2):
            await asyncio.wait_for(self._looks.get(), 10)


async def watched(*answers: Prints | OSError) -> Heard:
    store, heard = ScriptedStore(*answers), Heard()

    def on_change(stored: tuple[int, ...], changed: Collection[int]) -> None:
        heard.append((stored, set(changed)))

    task = asyncio.create_task(StoreWatch(store, on_change).run())  # type: ignore[arg-type]
    await store.answered_all()
    assert not task.done()
    task.cancel()
    return heard


@pytest.fixture(autouse=True)
def restless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_watch, "INTERVAL_SECONDS", 0)


async def test_each_version_that_comes_or_goes_is_told_once() -> None:
    one, two = {1: OLD}, {2: OLD, 1: OLD}
    heard = await watched({}, {}, one, one, two, {2: OLD})
    assert heard == [((), set()), ((1,), set()), ((2, 1), set()), ((2,), set())]


async def test_a_version_whose_files_have_changed_is_told() -> None:
    heard = await watched({2: OLD, 1: OLD}, {2: NEW, 1: OLD})
    assert heard == [((2, 1), set()), ((2, 1), {2})]


async def test_a_version_that_went_and_came_back_otherwise_is_told() -> None:
    heard = await watched({1: OLD}, {}, {1: NEW}, {}, {1: NEW})
    assert heard == [((1,), set()), ((), set()), ((1,), {1}), ((), set()), ((1,), set())]


async def test_a_store_that_cannot_be_read_is_looked_at_again() -> None:
    gone = OSError(5, "Input/output error")
    heard = await watched({1: OLD}, gone, gone, {2: OLD, 1: OLD})
    assert heard == [((1,), set()), ((2, 1), set())]


def test_a_fingerprint_changes_with_any_file(tmp_path: Path) -> None:
    folder, store = write_version(tmp_path / "default", 1), ModelStore(tmp_path / "default")
    whole = store.fingerprints()
    assert store.fingerprints() == whole
    (folder / "saved_model" / "added").touch()
    assert store.fingerprints() != whole
    (folder / "saved_model" / "added").unlink()
    with (folder / "items.npz").open("ab") as file:
        file.write(b"more")
    assert store.fingerprints() != whole
