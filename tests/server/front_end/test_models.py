"""The versions in the store, as the server stands to them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recserve.server.testing import InMemoryServer
from recserve.v1 import model_pb2
from server.artefact import write_version
from server.front_end.wire import Wire, refusal

pb = model_pb2


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory, transport_name: Any) -> Iterator[Wire]:
    """Versions 1 (stable), 2, 3 and 10; the manifest of 3 is damaged."""
    store: Path = tmp_path_factory.mktemp("store")
    for number in (1, 2, 3, 10):
        write_version(store / "default", number)
    (store / "default" / "3" / "manifest.json").write_text("{")
    (store / "default" / ".staging-11").mkdir()
    (store / "default" / ("9" * 25)).mkdir()
    with InMemoryServer(item_ids=["a", "b"], store=store, transport=transport_name) as server:
        wire = Wire(server.address)
        yield wire
        wire.close()


def listed(wire: Wire, **fields: object) -> pb.ListModelVersionsResponse:
    request = pb.ListModelVersionsRequest(**fields)  # type: ignore[arg-type]
    return wire.models.ListModelVersions(request, timeout=10)


def get(wire: Wire, version: str, model: str = "default") -> pb.ModelVersion:
    request = pb.GetModelVersionRequest(name=f"models/{model}/versions/{version}")
    return wire.models.GetModelVersion(request, timeout=10)


def test_versions_are_listed_newest_first(wire: Wire) -> None:
    answer = listed(wire)
    assert [each.version for each in answer.model_versions] == [10, 3, 2, 1]
    assert answer.next_page_token == ""
    assert answer.model_versions[0].name == "models/default/versions/10"


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_pages_hold_every_version_once(wire: Wire, size: int) -> None:
    found, token = [], ""
    while True:
        page = listed(wire, page_size=size, page_token=token)
        assert 1 <= len(page.model_versions) <= size
        found += [each.version for each in page.model_versions]
        if not (token := page.next_page_token):
            break
    assert found == [10, 3, 2, 1]


def test_a_version_carries_its_manifest_its_state_and_its_labels(wire: Wire) -> None:
    version = get(wire, "1")
    assert version.state == pb.MODEL_VERSION_STATE_SERVING
    assert list(version.labels) == ["stable"]
    assert "items.npz" in {file.path for file in version.files}
    assert get(wire, "stable") == version
    assert get(wire, "2").state == pb.MODEL_VERSION_STATE_AVAILABLE


def test_a_damaged_version_is_shown_as_failed_with_the_reason(wire: Wire) -> None:
    version = get(wire, "3")
    assert version.state == pb.MODEL_VERSION_STATE_FAILED
    assert "manifest" in version.error


@pytest.mark.parametrize("version", ["4", "canary", "9" * 18])
def test_a_version_that_is_not_there_is_not_found(wire: Wire, version: str) -> None:
    answer = refusal(get, wire, version)
    answer.check()
    assert (answer.code, answer.reason) == ("NOT_FOUND", "VERSION_NOT_FOUND")


def test_another_model_is_not_found(wire: Wire) -> None:
    for answer in (refusal(get, wire, "1", "other"), refusal(listed, wire, model="other")):
        answer.check()
        assert (answer.code, answer.reason) == ("NOT_FOUND", "MODEL_NOT_FOUND")


def test_a_version_in_the_store_that_is_not_loaded_cannot_answer(wire: Wire) -> None:
    answer = refusal(wire.recommend, model_version=2)
    answer.check()
    assert (answer.code, answer.reason) == ("FAILED_PRECONDITION", "VERSION_NOT_LOADED")


def test_an_empty_store_lists_nothing(transport_name: Any) -> None:
    with InMemoryServer(transport=transport_name) as server:
        wire = Wire(server.address)
        assert listed(wire) == pb.ListModelVersionsResponse()
        wire.close()
