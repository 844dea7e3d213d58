"""New and changed versions are noticed, and a store that cannot be read is looked at again."""

import asyncio
from pathlib import Path

import pytest

from recserve.server.labels import CANARY, STABLE
from recserve.server.model_store import InvalidPins, InvalidVersion, ModelStore, Pin, Rollback
from recserve.server.supervisor import store_watch
from recserve.server.supervisor.store_watch import StoreView, StoreWatch
from recserve.v1 import model_pb2, promotion_pb2
from server.artefact import manifest, write_manifest, write_version

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

    def manifest(self, _version: int) -> model_pb2.ModelVersion:
        raise InvalidVersion("there are no files")

    def pins(self) -> dict[str, Pin]:
        return {}

    def rollbacks(self) -> dict[int, Rollback]:
        return {}

    async def answered_all(self) -> None:
        """All answers have been heard: the last one was given twice."""
        for _ in range(2):
            await asyncio.wait_for(self._looks.get(), 10)


async def watched(*answers: Prints | OSError) -> Heard:
    store, heard = ScriptedStore(*answers), Heard()

    def on_change(view: StoreView) -> None:
        heard.append((view.versions, set(view.changed)))

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


async def test_a_look_tells_where_each_version_is_bound_for(tmp_path: Path) -> None:
    folder, store = tmp_path / "default", ModelStore(tmp_path / "default")
    for number, promotion in enumerate(promotion_pb2.Promotion.values(), 1):
        message = manifest(write_version(folder, number))
        message.promotion = promotion
        write_manifest(folder / str(number), message)
    (write_version(folder, 6) / "manifest.json").write_text("damaged")
    view = await StoreWatch(store, lambda _view: None).look()
    bound = {version: destination.label for version, destination in view.bound.items()}
    assert bound == {1: STABLE, 2: STABLE, 3: STABLE, 4: None, 5: CANARY}
    assert view.versions == (6, 5, 4, 3, 2, 1)


async def test_a_manifest_that_is_replaced_is_read_again(tmp_path: Path) -> None:
    folder, store = tmp_path / "default", ModelStore(tmp_path / "default")
    message = manifest(write_version(folder, 1))
    watch = StoreWatch(store, lambda _view: None)
    assert (await watch.look()).bound[1].label == STABLE
    message.promotion = promotion_pb2.PROMOTION_NEVER
    write_manifest(folder / "1", message)
    view = await watch.look()
    assert view.bound[1].label is None
    assert view.changed == {1}


async def test_labels_that_were_spoilt_stay_as_they_were(tmp_path: Path) -> None:
    folder, store = tmp_path / "default", ModelStore(tmp_path / "default")
    write_version(folder, 1)
    store.pin(STABLE, 1, seen=1)
    watch = StoreWatch(store, lambda _view: None)
    before = (await watch.look()).pins
    assert before == {STABLE: Pin(1, seen=1)}
    (folder / "labels.json").write_text('{"stable": {"version": "one"}}')
    with pytest.raises(InvalidPins):
        store.pins()
    assert (await watch.look()).pins == before


async def test_a_manifest_that_could_not_be_read_once_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, store = tmp_path / "default", ModelStore(tmp_path / "default")
    message = manifest(write_version(folder, 1))
    message.promotion = promotion_pb2.PROMOTION_NEVER
    write_manifest(folder / "1", message)
    watch = StoreWatch(store, lambda _view: None)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", lambda _path: (_ for _ in ()).throw(OSError(5, "EIO")))
        assert (await watch.look()).bound == {}
    assert (await watch.look()).bound[1].label is None
