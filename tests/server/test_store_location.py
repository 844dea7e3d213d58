"""Folders and URLs of model stores, as the settings take them."""

import subprocess
import sys
from pathlib import Path

import pytest

from recserve.server.errors import ConfigurationError
from recserve.server.model_store import ModelStore, open_store
from recserve.server.model_store.location import StoreUrl
from recserve.server.model_store.mirror import MirroredModelStore
from recserve.server.preflight import check
from recserve.server.settings import Settings, SettingsError, load_settings


def test_a_folder_may_be_written_as_a_url() -> None:
    assert load_settings(None, {"store": "file:///srv/a%20b"}).store == Path("/srv/a b")
    assert load_settings(None, {"store": "models"}).store == Path("models")


def test_a_url_has_a_folder_of_its_own_in_the_cache() -> None:
    one, two = (load_settings(None, {"store": f"s3://bucket/{name}/"}) for name in ("a-b", "a/b"))
    assert one.store == StoreUrl("s3://bucket/a-b")
    assert one.model_folder != two.model_folder
    assert one.model_folder.name == "default"
    assert one.model_folder.parents[1] == Path("model-cache")
    assert isinstance(open_store(one), MirroredModelStore)
    assert type(open_store(Settings())) is ModelStore


def test_settings_with_a_url_are_handed_to_the_other_processes_as_they_are() -> None:
    settings = load_settings(None, {"store": "s3://bucket/models"})
    again = Settings.model_validate_json(settings.model_dump_json(by_alias=True))
    assert again == settings
    assert isinstance(again.store, StoreUrl)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("s3:///models", "names no bucket"),
        ("s3://key:secret@bucket/models", "give credentials in the environment"),
        ("s3://bucket/models?x=1", "give credentials in the environment"),
        ("file://host/models", "no folder of this machine"),
        ("S 3://bucket", "is no URL of a model store"),
    ],
)
def test_urls_that_cannot_be_used_are_refused_with_the_reason(url: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        load_settings(None, {"store": url})


def test_a_url_that_no_package_knows_is_refused_before_anything_starts() -> None:
    with pytest.raises(ConfigurationError, match="no package is known for the store nothing://"):
        check(load_settings(None, {"store": "nothing://bucket/models"}))


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recserve.server.model_store.objects.find_spec", lambda _name: None)
    with pytest.raises(ConfigurationError, match=r"pip install 'recserve\[s3\]'"):
        check(load_settings(None, {"store": "s3://bucket/models"}))


def test_checking_a_url_and_starting_up_imports_no_package_of_a_store() -> None:
    """The supervisor starts quickly: s3fs takes a second, and is loaded with the first look."""
    program = """
import sys
import recserve.server.supervisor.supervisor
from recserve.server.preflight import check
from recserve.server.model_store import open_store
from recserve.server.settings import load_settings
settings = load_settings(None, {"store": "s3://bucket/models"})
check(settings, with_events=False)
open_store(settings)
print([name for name in ("s3fs", "aiobotocore", "aiohttp") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
