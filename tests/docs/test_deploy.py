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
CHART = (DEPLOY / "helm" / "vectadb-receiver" / "templates" / "receiver.yaml").read_text()
COMPOSE = [yaml.safe_load((DEPLOY / "compose" / name).read_text()) for name in ("compose.yaml", "servers.yaml")]


@pytest.mark.parametrize("each", OBJECTS, ids=lambda each: each["kind"])
def test_kubernetes_takes_the_manifests(each):
    try:
        import kubernetes_validate
    except ModuleNotFoundError:
        if os.environ.get("CI"):
            raise
        pytest.skip("kubernetes-validate is not installed: tests/install.sh")
    kubernetes_validate.validate(each, "1.31", strict=True)


def test_the_chart_makes_what_the_manifests_have():
    """Its template is compared line by line, without what is filled in."""
    kinds = re.findall(r"(?m)^kind: (\w+)", CHART)
    assert kinds == [each["kind"] for each in OBJECTS]
    plain = {line.strip() for line in (DEPLOY / "kubernetes" / "receiver.yaml").read_text().splitlines()}
    filled = [line.strip() for line in CHART.splitlines() if "{{" not in line and line.strip()]
    mine = {
        "annotations:",
        'prometheus.io/scrape: "true"',
        'prometheus.io/port: "8080"',
        "labelSelector:",
        "receiver.yaml: |",
    }
    comment = "# So that other settings start other pods."
    missing = [line for line in filled if line not in plain | mine | {comment, "metric:", "- ports:"}]
    assert missing == []


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
    chart = yaml.safe_load((DEPLOY / "helm" / "vectadb-receiver" / "values.yaml").read_text())["settings"]
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
