"""The lock files agree with pyproject.toml, and the recipes install from them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.packaging.lockfile import PYTHONS, Pin, pins
from tests.test_cli import ROOT

LOCKS = {name: ROOT / "requirements" / f"{name}.txt" for name in ("ci", "test")}
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
INSTALLS = (
    "install --quiet --require-hashes -r requirements/ci.txt",
    "install --quiet --no-deps --no-build-isolation .",
)


def group(name: str) -> list[str]:
    """The requirements of a dependency group and of those it includes (PEP 735)."""
    found: list[str] = []
    for entry in PROJECT["dependency-groups"][name]:
        found += group(entry["include-group"]) if isinstance(entry, dict) else [entry]
    return found


def wanted(lock: str) -> list[Requirement]:
    """What pyproject.toml asks for in the place that a lock file is for."""
    asked = [*PROJECT["project"]["dependencies"], *group("build")]
    if lock == "test":
        asked += group("test") + [
            one for extra in PROJECT["project"]["optional-dependencies"].values() for one in extra
        ]
    return [Requirement(one) for one in asked]


def disagreements(asked: list[Requirement], held: list[Pin], python: str) -> list[str]:
    """What is asked for and not pinned to exactly one version within its range."""
    found = []
    for requirement in asked:
        name = canonicalize_name(requirement.name)
        versions = [pin.version for pin in held if pin.name == name and pin.applies(python)]
        if len(versions) != 1 or not requirement.specifier.contains(versions[0]):
            found.append(f"{requirement}: {versions}")
    return found


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_every_dependency_within_its_range(lock: str, python: str) -> None:
    assert disagreements(wanted(lock), pins(LOCKS[lock]), python) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("h11==0.16.0", []),
        ("h11==0.13.0", ["h11>=0.14: ['0.13.0']"]),
        ("h12==0.16.0", ["h11>=0.14: []"]),
        ("h11==0.16.0 ; python_full_version < '3.12'", ["h11>=0.14: []"]),
        ("h11==0.16.0 ; sys_platform == 'win32'", ["h11>=0.14: []"]),
    ],
)
def test_a_lock_that_does_not_agree_is_seen(tmp_path: Path, text: str, wrong: list[str]) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(f"{text} \\\n    --hash=sha256:{'0' * 64}\n    # via assay\n")
    assert disagreements([Requirement("h11>=0.14")], pins(lock), "3.12") == wrong


def test_a_line_without_a_hash_is_no_lock(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("h11==0.16.0\n")
    with pytest.raises(ValueError, match="h11"):
        pins(lock)


@pytest.mark.parametrize("python", PYTHONS)
def test_tests_run_on_what_pipelines_run_on(python: str) -> None:
    def versions(lock: str) -> set[tuple[str, str]]:
        return {(pin.name, pin.version) for pin in pins(LOCKS[lock]) if pin.applies(python)}

    assert versions("ci") <= versions("test")


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host_and_how_it_is_made(lock: str) -> None:
    text = LOCKS[lock].read_text("utf-8")
    assert "://" not in text
    assert "tox -e lock" in text.splitlines()[1]


def test_what_builds_assay_is_locked_by_the_same_words() -> None:
    assert PROJECT["build-system"]["requires"] == group("build")


def test_workflows_install_assay_from_the_lock() -> None:
    for path in sorted((ROOT / ".github" / "workflows").glob("*.yml")):
        steps = [step for job in yaml.safe_load(path.read_text("utf-8"))["jobs"].values() for step in job["steps"]]
        scripts = "\n".join(step["run"] for step in steps if "run" in step)
        uses = {step.get("uses") for step in steps}
        installs = [line.strip() for line in scripts.splitlines() if "pip" in line]
        assert installs == [f"pip {words}" for words in INSTALLS] or ("./" in uses and not installs), path.name


def test_the_action_installs_assay_from_the_lock() -> None:
    steps = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["runs"]["steps"]
    (script,) = [step["run"] for step in steps if step.get("name") == "Install assay"]
    lines = [line for line in script.splitlines() if '"${pip[@]}"' in line]
    assert lines == [
        '"${pip[@]}" --require-hashes -r "$ACTION_PATH/requirements/ci.txt"',
        '"${pip[@]}" --no-deps --no-build-isolation "$ACTION_PATH"',
    ]


def test_the_image_installs_assay_from_the_lock() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    installs = [line.split("--no-compile ")[1] for line in lines if "pip install" in line]
    assert installs == ["--require-hashes -r requirements/ci.txt", "--no-deps --no-build-isolation ."]
