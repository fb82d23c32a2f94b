"""What people deploy with: read by the tools' own checkers where these are here, and compared with the program."""

import os
import plistlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from receiver.settings import table

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
OBJECTS = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "receiver.yaml").read_text()))
CHART = DEPLOY / "helm" / "vectadb-receiver"
OBJECT = {each["kind"]: each for each in OBJECTS}
COMPOSE = [yaml.safe_load((DEPLOY / "compose" / name).read_text()) for name in ("compose.yaml", "servers.yaml")]


@pytest.fixture(scope="module")
def check():
    """Check an object by Kubernetes' own schemas."""
    try:
        import kubernetes_validate
    except ModuleNotFoundError:
        if os.environ.get("CI"):
            raise
        pytest.skip("kubernetes-validate is not installed: tests/install.sh")
    return lambda each: kubernetes_validate.validate(each, "1.31", strict=True)


@pytest.fixture(scope="module")
def rendered(check):
    """Return a function that gives Helm values and returns what it makes of the chart, objects by their kinds."""
    helm = subprocess.run([ROOT / "tests/packaging/helm.sh", "--path"], capture_output=True, text=True, check=True)
    if not Path(helm.stdout.strip()).exists():
        reason = "Helm is not built: tests/packaging/helm.sh"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)

    def render(*values):
        settings = [part for value in values for part in ("--set", value)]
        made = subprocess.run(
            [helm.stdout.strip(), "template", "vectadb-receiver", CHART, *settings],
            capture_output=True,
            text=True,
            check=True,
        )
        objects = list(yaml.safe_load_all(made.stdout))
        for each in objects:
            check(each)
        return {each["kind"]: each for each in objects}

    return render


@pytest.mark.parametrize("each", OBJECTS, ids=lambda each: each["kind"])
def test_kubernetes_takes_the_manifests(each, check):
    check(each)


def test_the_chart_makes_what_the_manifests_have(rendered):
    """A release has its own name in addition, and other settings start other pods."""
    made = rendered()
    pods = made["Deployment"]["spec"]["template"]["metadata"]
    assert len(pods["annotations"].pop("checksum/settings")) == 64
    assert [kind for kind in made if without_release(made[kind]) != plain(OBJECT[kind])] == []
    assert made.keys() == OBJECT.keys()


def plain(each):
    """Return an object with the settings file as what it says."""
    if each["kind"] == "ConfigMap":
        return each | {"data": {name: yaml.safe_load(text) for name, text in each["data"].items()}}
    return each


def without_release(value):
    if isinstance(value, list):
        return [without_release(part) for part in value]
    if not isinstance(value, dict):
        return value
    kept = {key: without_release(part) for key, part in value.items() if key != "app.kubernetes.io/instance"}
    return plain(kept) if kept.get("kind") == "ConfigMap" else kept


def test_the_charts_values_are_used(rendered):
    made = rendered(
        "autoscaling.enabled=false", "networkPolicy.enabled=false", "replicas=5", "image.tag=9", "secret=mine"
    )
    assert made.keys() == OBJECT.keys() - {"HorizontalPodAutoscaler", "NetworkPolicy"}
    deployment = made["Deployment"]["spec"]
    assert deployment["replicas"] == 5
    assert deployment["template"]["spec"]["containers"][0]["image"] == "vectadb-receiver:9"
    assert {"name": "secrets", "secret": {"secretName": "mine"}} in deployment["template"]["spec"]["volumes"]
    metrics = rendered("autoscaling.indexAge=0")["HorizontalPodAutoscaler"]["spec"]["metrics"]
    assert [metric["type"] for metric in metrics] == ["Resource"]


@pytest.mark.parametrize("compose", COMPOSE, ids=["compose.yaml", "servers.yaml"])
def test_compose_files_name_settings_and_volumes_that_exist(compose):
    known = {row.env for row in table().values()} | {"VECTADB_API_KEY", "VECTADB_ENDPOINT"}
    for service in compose["services"].values():
        named = [name for name in service.get("environment", {}) if name.startswith("VECTADB_")]
        assert set(named) <= known
        for volume in service.get("volumes", []):
            name = volume.partition(":")[0]
            assert name.startswith((".", "/")) or name in compose["volumes"]
        assert set(service.get("depends_on", [])) <= set(compose["services"])


def test_the_settings_of_the_manifests_exist():
    known = {row.env for row in table().values()} | {"VECTADB_CONFIG"}
    (deployment,) = (each for each in OBJECTS if each["kind"] == "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert {entry["name"].removesuffix("_FILE") for entry in container["env"]} <= known
    settings = yaml.safe_load(OBJECTS[0]["data"]["receiver.yaml"])
    chart = yaml.safe_load((CHART / "values.yaml").read_text())["settings"]
    assert settings == chart


def test_the_image_copies_what_there_is_and_does_not_run_as_root():
    dockerfile = (ROOT / "Dockerfile").read_text()
    last = dockerfile.rpartition("\nFROM ")[2]
    assert "USER 10001" in last
    assert "HEALTHCHECK" in last
    assert "pip install" not in last
    for line in re.findall(r"(?m)^COPY (?!--from)(.*)$", dockerfile):
        for name in line.split()[:-1]:
            assert (ROOT / name).exists(), name
            assert f"!{name}\n" in (ROOT / ".dockerignore").read_text(), name


def test_systemd_takes_the_unit(tmp_path):
    unit = DEPLOY / "systemd" / "vectadb-receiver.service"
    assert "Type=notify" in unit.read_text()
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    here = tmp_path / unit.name  # with a program that exists
    here.write_text(unit.read_text().replace("/usr/local/bin/vectadb-receiver", "/bin/true"))
    verified = subprocess.run([analyze, "verify", "--man=no", here], capture_output=True, text=True, check=False)
    ours = [line for line in verified.stderr.splitlines() if unit.name in line]
    assert (verified.returncode, ours) == (0, [])


def test_launchds_list_is_one():
    (file,) = (DEPLOY / "launchd").glob("*.plist")
    assert plistlib.loads(file.read_bytes())["ProgramArguments"][-1] == "serve"
