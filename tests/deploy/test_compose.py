"""The compose file fits its schema, and what it mounts and starts is there."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from deploy.queries import DEPLOY
from docs.usage import misuse, our_command
from recserve.server.settings import load_settings, split_address

COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]


def check(path: Path) -> subprocess.CompletedProcess[str]:
    words = [str(Path(sys.executable).with_name("check-jsonschema"))]
    words += ["--builtin-schema", "vendor.compose-spec", str(path)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_it_fits_the_schema_of_compose_files(tmp_path: Path) -> None:
    assert check(DEPLOY / "compose.yaml").returncode == 0
    wrong = {**COMPOSE, "services": {"recserve": {"imagee": "x"}}}
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(wrong))
    assert check(tmp_path / "wrong.yaml").returncode != 0


def test_every_file_and_volume_that_is_mounted_is_there() -> None:
    mounts = [mount for each in SERVICES.values() for mount in each.get("volumes", ())]
    sources = [mount.partition(":")[0] for mount in mounts]
    files = [source for source in sources if source.startswith("./")]
    assert len(files) == 3
    assert [source for source in files if not (DEPLOY / source).exists()] == []
    assert set(sources) - set(files) == set(COMPOSE["volumes"])


def test_no_port_is_open_beyond_this_machine() -> None:
    ports = [port for each in SERVICES.values() for port in each.get("ports", ())]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_the_server_takes_its_words_and_its_settings() -> None:
    assert misuse(our_command("recserve-server"), SERVICES["recserve"]["command"]) is None
    settings = load_settings(DEPLOY / "server.toml", {})
    port = split_address(settings.listen)[1]
    assert SERVICES["recserve"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    scraped = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    (job,) = scraped["scrape_configs"]
    assert job["job_name"] == "recserve"
    (found,) = job["dns_sd_configs"]
    assert (found["names"], found["port"]) == (["recserve"], split_address(settings.metrics)[1])


def test_grafana_finds_prometheus_and_the_dashboard() -> None:
    grafana = DEPLOY / "grafana" / "provisioning"
    source = yaml.safe_load((grafana / "datasources" / "prometheus.yaml").read_text())
    assert source["datasources"][0]["url"] == "http://prometheus:9090"
    provider = yaml.safe_load((grafana / "dashboards" / "recserve.yaml").read_text())
    folder = provider["providers"][0]["options"]["path"]
    mounted = [mount.split(":")[1] for mount in SERVICES["grafana"]["volumes"]]
    assert f"{folder}/recserve.json" in mounted


@pytest.mark.parametrize(
    "path", sorted(DEPLOY.rglob("*.y*ml")), ids=lambda path: str(path.relative_to(DEPLOY))
)
def test_yaml_is_well_written(path: Path) -> None:
    rules = "{extends: default, rules: {document-start: disable, line-length: disable, "
    rules += "comments: {min-spaces-from-content: 1}, comments-indentation: disable}}"
    words = [str(Path(sys.executable).with_name("yamllint")), "--strict", "-d", rules, str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
