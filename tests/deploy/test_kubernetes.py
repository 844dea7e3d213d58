"""The manifests are what Kubernetes takes, fit together, and start the server."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from deploy.queries import DEPLOY
from docs.usage import misuse, our_command
from recserve.server.settings import load_settings, split_address

FOLDER = DEPLOY / "kubernetes"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
VERSIONS = ("1.31", "1.34")


def manifest(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((FOLDER / name).read_text()))


POD = manifest("deployment.yaml")["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]


def test_every_file_is_part_of_the_kustomization() -> None:
    others = {"kustomization.yaml", *KUSTOMIZATION["configMapGenerator"][0]["files"]}
    files = {path.name for path in FOLDER.iterdir()}
    assert set(KUSTOMIZATION["resources"]) == files - others


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", KUSTOMIZATION["resources"])
def test_each_manifest_fits_the_schema_of_kubernetes(name: str, version: str) -> None:
    kubernetes_validate.validate(manifest(name), version, strict=True)


def test_a_field_that_kubernetes_does_not_know_is_found() -> None:
    wrong = manifest("deployment.yaml")
    wrong["spec"]["replica"] = 2
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[0], strict=True)


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl: install it")
def test_kustomize_builds_them(tmp_path: Path) -> None:
    done = subprocess.run(
        ["kubectl", "kustomize", str(FOLDER)],  # noqa: S607 - wherever it is installed
        capture_output=True,
        text=True,
        check=True,
    )
    built = list(yaml.safe_load_all(done.stdout))
    kinds = {each["kind"] for each in built}
    assert {"Deployment", "Service", "Secret", "ConfigMap", "NetworkPolicy"} <= kinds
    for each in built:
        kubernetes_validate.validate(each, VERSIONS[-1], strict=True)
    (deployment,) = (each for each in built if each["kind"] == "Deployment")
    volumes = deployment["spec"]["template"]["spec"]["volumes"]
    (settings,) = (each for each in built if each["kind"] == "ConfigMap")
    assert settings["metadata"]["name"] in [
        each["configMap"]["name"] for each in volumes if "configMap" in each
    ]


def test_the_server_takes_its_words_and_its_settings() -> None:
    assert misuse(our_command("recserve-server"), CONTAINER["args"]) is None
    settings = load_settings(FOLDER / "server.toml", {})
    ports = {each["name"]: each["containerPort"] for each in CONTAINER["ports"]}
    assert split_address(settings.listen)[1] == ports["grpc"]
    assert split_address(settings.metrics)[1] == ports["metrics"]
    mounts = {each["mountPath"]: each["name"] for each in CONTAINER["volumeMounts"]}
    assert mounts[str(settings.store)] == "store"
    wait = int(CONTAINER["lifecycle"]["preStop"]["exec"]["command"][1])
    assert POD["terminationGracePeriodSeconds"] > wait + settings.drain_seconds + 5


def test_every_mount_has_its_volume_and_every_reference_its_manifest() -> None:
    volumes = {each["name"] for each in POD["volumes"]}
    assert {each["name"] for each in CONTAINER["volumeMounts"]} == volumes
    claims = [
        each["persistentVolumeClaim"]["claimName"]
        for each in POD["volumes"]
        if "persistentVolumeClaim" in each
    ]
    assert claims == [manifest("store.yaml")["metadata"]["name"]]
    labels = manifest("deployment.yaml")["spec"]["template"]["metadata"]["labels"].items()
    chosen = [
        manifest("service.yaml")["spec"]["selector"],
        manifest("disruptionbudget.yaml")["spec"]["selector"]["matchLabels"],
        manifest("networkpolicy.yaml")["spec"]["podSelector"]["matchLabels"],
    ]
    assert all(each.items() <= labels for each in chosen)
    secret = CONTAINER["env"][0]["valueFrom"]["secretKeyRef"]
    (generated,) = KUSTOMIZATION["secretGenerator"]
    assert secret["name"] == generated["name"]
    assert [each.partition("=")[0] for each in generated["literals"]] == [secret["key"]]


def test_the_container_can_do_nothing_that_it_need_not() -> None:
    security = CONTAINER["securityContext"]
    assert security["readOnlyRootFilesystem"] is True
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert (
        f"USER {POD['securityContext']['runAsUser']}:" in (DEPLOY.parent / "Dockerfile").read_text()
    )
    assert POD["automountServiceAccountToken"] is False


def test_callers_find_every_server_by_one_name() -> None:
    assert manifest("service.yaml")["spec"]["clusterIP"] == "None"


def test_the_probes_ask_grpc_health_and_the_autoscaler_a_metric_that_exists() -> None:
    from deploy.exposed import declared

    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert CONTAINER[probe]["grpc"] == {"port": 50051}
    metrics = manifest("autoscaler.yaml")["spec"]["metrics"]
    (asked,) = [each["pods"]["metric"]["name"] for each in metrics if each["type"] == "Pods"]
    assert asked in declared()
