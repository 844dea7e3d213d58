"""Settings are typed and checked, and a misspelt one is never silent."""

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from recserve.server.command import main
from recserve.server.settings import (
    Settings,
    SettingsError,
    is_loopback,
    load_settings,
    split_address,
)

TLS = {"tls_certificate": Path("c.pem"), "tls_key": Path("k.pem")}


def test_the_defaults_are_those_of_the_design() -> None:
    settings = load_settings(None, {})
    assert settings.store == Path("models")
    assert settings.model == "default"
    assert settings.events == "sqlite:///recserve.db"
    assert settings.listen == "127.0.0.1:50051"
    assert settings.metrics == "127.0.0.1:9464"
    assert settings.transport == "auto"
    assert settings.reflection
    assert not settings.insecure
    assert settings.model_folder == Path("models/default")


def test_a_file_changes_the_defaults_and_the_command_line_wins(tmp_path: Path) -> None:
    config = tmp_path / "recserve.toml"
    config.write_text('model = "shop"\nmax_batch_requests = 8\n')
    settings = load_settings(config, {"max_batch_requests": 16})
    assert (settings.model, settings.max_batch_requests) == ("shop", 16)


def test_an_unknown_key_is_named_together_with_those_that_exist(tmp_path: Path) -> None:
    config = tmp_path / "recserve.toml"
    config.write_text('lissten = "127.0.0.1:1"\n')
    with pytest.raises(SettingsError, match=r"unknown setting 'lissten'.*listen, .*store"):
        load_settings(config, {})


@pytest.mark.parametrize("content", [b"listen = ", b"\xff", b"[[["])
def test_a_file_that_is_not_toml_is_named(tmp_path: Path, content: bytes) -> None:
    config = tmp_path / "recserve.toml"
    config.write_bytes(content)
    with pytest.raises(SettingsError, match=r"recserve\.toml"):
        load_settings(config, {})


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml"):
        load_settings(tmp_path / "nowhere.toml", {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", "Default"),
        ("model", "../x"),
        ("model", ""),
        ("listen", "50051"),
        ("listen", ":50051"),
        ("listen", "127.0.0.1:70000"),
        ("listen", "127.0.0.1:-1"),
        ("listen", 50051),
        ("metrics", "localhost"),
        ("transport", "http"),
        ("max_batch_requests", 0),
        ("max_batch_requests", 1025),
        ("max_batch_requests", "many"),
        ("engine_threads", -1),
        ("device", "tpu"),
        ("spare_engine", "two"),
        ("keep_versions", -1),
        ("promotion_margin", -1.5),
        ("promotion_margin", float("nan")),
        ("baseline_margin", 11),
        ("canary_hours", -1),
        ("rollback_minutes", -1),
        ("rollback_error_share", 2),
        ("rollback_latency_factor", float("inf")),
        ("train_every_events", -1),
        ("train_every_events", 2.5),
        ("train_every_hours", float("inf")),
        ("train_on_drift", 1.5),
        ("train_mode", "warm"),
        ("train_promotion", "perhaps"),
        ("max_waiting_requests", 0),
        ("max_waiting_events", 0),
        ("cached_profiles", 0),
        ("drain_seconds", -1),
        ("drain_seconds", float("nan")),
        ("drain_seconds", float("inf")),
        ("log_level", "loud"),
        ("log_format", "xml"),
    ],
)
def test_a_value_out_of_range_is_refused_by_its_name(name: str, value: Any) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: "):
        load_settings(None, {name: value})


def test_every_bad_setting_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(None, {"model": "X", "engine_threads": -1, "nonsense": 1})
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize(
    "address", ["0.0.0.0:1", "[::]:1", ":::1", "192.0.2.1:1", "no-such-host.invalid:1"]
)
def test_plaintext_beyond_loopback_is_refused_unless_it_is_meant(address: str) -> None:
    with pytest.raises(SettingsError, match=r"without TLS.*--tls-certificate.*--insecure"):
        load_settings(None, {"listen": address})
    assert load_settings(None, {"listen": address, "insecure": True}).listen == address
    assert load_settings(None, {"listen": address, **TLS}).listen == address


@pytest.mark.parametrize("address", ["127.0.0.1:0", "localhost:1", "[::1]:1", "127.9.9.9:1"])
def test_plaintext_on_loopback_is_fine(address: str) -> None:
    assert load_settings(None, {"listen": address}).listen == address


@pytest.mark.parametrize("given", TLS)
def test_certificate_and_key_go_together(given: str) -> None:
    with pytest.raises(SettingsError, match="both or neither"):
        load_settings(None, {given: TLS[given]})


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1:50051", ("127.0.0.1", 50051)),
        ("[::1]:0", ("::1", 0)),
        ("host.example:65535", ("host.example", 65535)),
    ],
)
def test_addresses_are_split_into_host_and_port(address: str, expected: tuple[str, int]) -> None:
    assert split_address(address) == expected


def test_a_host_of_which_one_address_is_not_loopback_is_not_loopback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [(0, 0, 0, "", (ip, 0)) for ip in ("127.0.0.1", "192.0.2.1")]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_: found)
    assert not is_loopback("both:1")


def test_settings_survive_the_way_to_a_child_process() -> None:
    settings = load_settings(None, {"listen": "0.0.0.0:1", "schema_file": Path("s.toml"), **TLS})
    assert Settings.model_validate_json(settings.model_dump_json()) == settings


def run(*arguments: str) -> Any:
    return CliRunner().invoke(main, arguments)


def test_check_config_prints_every_setting_as_json(tmp_path: Path) -> None:
    schema = tmp_path / "s.toml"
    schema.write_text('[[event_types]]\nname = "click"\n')
    result = run("check-config", "--listen", "127.0.0.1:7", "--schema", str(schema))
    assert result.exit_code == 0
    printed = json.loads(result.output)
    assert set(printed) == {field.alias or name for name, field in Settings.model_fields.items()}
    assert (printed["listen"], printed["schema"]) == ("127.0.0.1:7", str(schema))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--schema", "nofile"], "nofile"),
        (["--schema", __file__], "not valid TOML"),
        (["--events", "mysql://u:secret@h/x"], "SQLite or PostgreSQL"),
        (["--events", "postgresql://u:secret@h"], "names no database"),
        (["--tls-certificate", __file__, "--tls-key", "nofile"], "nofile is not there"),
        (["--tls-certificate", __file__, "--tls-key", __file__], "are no pair"),
        (["--store", __file__], "is a file"),
        (
            ["--transport", "native", "--tls-certificate", __file__, "--tls-key", __file__],
            "native has no TLS",
        ),
    ],
)
def test_check_config_looks_at_what_the_settings_name(options: list[str], said: str) -> None:
    result = run("check-config", *options)
    assert result.exit_code == 1
    assert said in result.output
    assert "secret" not in result.output


def test_check_config_says_how_to_get_the_native_transport(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygrpc_native", None)
    result = run("check-config", "--transport", "native")
    assert result.exit_code == 1
    assert "pip install 'recserve[fast]'" in result.output
    assert run("check-config", "--transport", "auto").exit_code == 0


def test_wrong_settings_are_wrong_usage() -> None:
    result = run("check-config", "--listen", "0.0.0.0:50051")
    assert result.exit_code == 2
    assert "--insecure" in result.output
    assert run("serve", "--engine-threads", "-1").exit_code == 2


def test_every_setting_has_an_option_that_says_its_default() -> None:
    text = " ".join(run("serve", "--help").output.split())
    for name, field in Settings.model_fields.items():
        option = "--schema" if name == "schema_file" else f"--{name.replace('_', '-')}"
        assert option in text
        if isinstance(field.default, (int, str)) and not isinstance(field.default, bool):
            assert f"[{field.default}]" in text, name


@pytest.mark.parametrize("arguments", [("--help",), ("serve", "--help"), ("check-config", "-h")])
def test_help_teaches(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 0
    assert "Usage: " in result.output


def test_a_configuration_written_by_hand_is_read(tmp_path: Path) -> None:
    config = tmp_path / "recserve.toml"
    config.write_text('listen = "127.0.0.1:7"\nlog_format = "json"\ndrain_seconds = 3\n')
    result = run("check-config", "--config", str(config))
    assert json.loads(result.output).items() >= tomllib.loads(config.read_text()).items()
