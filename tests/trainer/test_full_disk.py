"""A disk that fills up while a version is written."""

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recserve.trainer import artefact, fit
from recserve.trainer.errors import StoreError
from recserve.trainer.store import Store
from recserve.v1 import model_pb2

pytestmark = pytest.mark.integration

Write = Callable[[Path], None]
Describe = Callable[[model_pb2.ModelVersion], str | None]


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """No file can grow beyond this many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_whichever_file_the_disk_does_not_take_nothing_is_left_and_it_is_told(
    tmp_path: Path, flat: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is set below each file's size in turn, the largest first."""
    really = artefact.publish
    told: list[str] = []

    def publish(
        store: Store,
        manifest: model_pb2.ModelVersion,
        write: Write,
        confirm: Callable[[], None],
        describe: Describe,
    ) -> tuple[Path, model_pb2.ModelVersion]:
        whole = model_pb2.ModelVersion.FromString(manifest.SerializeToString())
        folder, _ = really(Store(tmp_path / "whole", "default"), whole, write, confirm, describe)
        sizes = {path.stat().st_size for path in folder.rglob("*") if path.is_file()}
        for size in sorted(sizes, reverse=True):
            again = model_pb2.ModelVersion.FromString(manifest.SerializeToString())
            with pytest.raises(StoreError) as caught, files_of_at_most(size - 1):
                really(store, again, write, confirm, describe)
            told.append(str(caught.value))
            assert list(store.folder.iterdir()) == []
        return really(store, manifest, write, confirm, describe)

    monkeypatch.setattr(artefact, "publish", publish)
    quick = {"max_epochs": 1, "hidden_layers": [4]}
    fitted = fit(flat, tmp_path / "models", hyper_parameters=quick)

    assert len(told) >= 5
    where = tmp_path / "models" / "default"
    assert set(told) == {
        f"cannot write a version into {where}: File too large; nothing was published"
    }
    assert fitted.path == where / "1"
