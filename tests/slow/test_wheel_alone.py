"""The wheel is whole: installed with what it declares to need, it works outside of the checkout."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tests.slow.wheelhouse import Installation, environment, install
from tests.test_cli import ROOT

ROOMS = ("contracts", "fixtures", "load", "reports", "verify")
LEFT_OUT = {Path("reports/sample.png")}
"""Files of the rooms that nobody needs who installs assay."""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return install(tmp_path_factory.mktemp("alone"))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A repository of somebody else, whose folders happen to be called like the rooms of assay."""
    for room in ROOMS:
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").write_text("raise ImportError('somebody else lives here')\n")
    return tmp_path


@pytest.fixture(scope="module")
def gated(installed: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run directory of a gate."""
    place = tmp_path_factory.mktemp("gated")
    installed.run("assay", "gate", "--depth", "quick", "--out", "run", cwd=place)
    return place / "run"


def test_the_watcher_sees_a_file_of_the_checkout_that_is_read(installed: Installation, tmp_path: Path) -> None:
    script = f"open({str(ROOT / 'pyproject.toml')!r}).read()"
    with pytest.raises(AssertionError, match="pyproject"):
        installed.run("python", "-c", script, cwd=tmp_path)
    installed.log.write_text("")


def test_the_wheel_holds_the_rooms_with_their_data_and_nothing_else(installed: Installation) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        held = {Path(name) for name in archive.namelist()}
    assert {path.parts[0] for path in held if ".dist-info" not in path.parts[0]} == {*ROOMS, "assay.py"}
    rooms = {path.relative_to(installed.source) for room in ROOMS for path in (installed.source / room).rglob("*.*")}
    assert {path for path in rooms if path.suffix != ".pyc"} - held - LEFT_OUT == set()


def test_the_source_distribution_holds_every_test_and_recipe(installed: Installation) -> None:
    places = ("*.py", "*.toml", "*.md", "*.yaml", "*.yml", "tox.ini", "Dockerfile", "tests/**/*", "benchmarks/**/*",
              "requirements/*", ".github/**/*")  # fmt: skip
    wanted = {path.relative_to(ROOT) for pattern in places for path in ROOT.glob(pattern) if path.is_file()}
    held = {path.relative_to(installed.source) for path in installed.source.rglob("*") if path.is_file()}
    assert {path for path in wanted if "__pycache__" not in path.parts and path.suffix != ".pyc"} - held == set()


def test_the_source_distribution_passes_tests_of_its_own(installed: Installation) -> None:
    tests = ("tests/packaging", "tests/verify/test_recipes.py", "tests/test_architecture.py", "tests/linear")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", *tests],
        cwd=installed.source, env=environment(), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_gate_runs_where_folders_are_called_like_its_own(installed: Installation, elsewhere: Path) -> None:
    done = installed.run("assay", "gate", "--depth", "quick", "--json", cwd=elsewhere)
    assert json.loads(done.stdout)["verdict"] == "kept"
    (run,) = (elsewhere / "reports" / "runs").iterdir()
    documents = {
        "run.json",
        "history.jsonl",
        "report.html",
        "report.md",
        "junit.xml",
        "findings.sarif",
        "exchanges.har",
    }
    assert documents <= {path.name for path in run.iterdir()}


@pytest.mark.parametrize("options", [[], ["--processes", "2"]], ids=["one", "two"])
def test_a_load_run_is_judged(installed: Installation, elsewhere: Path, options: list[str]) -> None:
    # How fast this machine is, is not the question: objectives may be missed, promises not.
    rate = ("--rate", "4/s", "--warmup", "0s", "--duration", "3s")
    done = installed.run("assay", "load", *rate, "--json", *options, cwd=elsewhere, code=None)
    document = json.loads(done.stdout)
    assert document["findings"] == []
    assert document["requests"] > 10
    assert (next((elsewhere / "reports" / "runs").iterdir()) / "report.html").is_file()


def test_the_sandbox_serves_its_contract(installed: Installation, elsewhere: Path) -> None:
    command = [str(installed.bin / "python"), "-u", "-P", "-m", "assay", "sandbox", "--port", "0"]
    with subprocess.Popen(command, cwd=elsewhere, env=environment(), stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            url = next(word for line in child.stdout for word in line.split() if word.startswith("http://"))
            with urllib.request.urlopen(f"{url}/openapi.json", timeout=30) as answer:
                assert "/v1/purchases" in json.load(answer)["paths"]
        finally:
            child.send_signal(signal.SIGINT)
    assert installed.read() == []


def test_a_run_is_reported_anew_and_judged_anew(installed: Installation, gated: Path, elsewhere: Path) -> None:
    (gated / "report.html").unlink()
    installed.run("assay", "report", str(gated), cwd=elsewhere)
    installed.run("assay", "report", str(gated), "--recheck", cwd=elsewhere)
    assert "<html" in (gated / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (["explain", "SHAPE-6"], 0, "SHAPE-6"),
        (["drift", "2026-02", "2026-05"], 1, "breaks"),
        (["verify", "--help"], 0, "assay verify"),
        (["gate", "--config", "missing.toml"], 2, ""),
        (["prove", "phone-with-newline", "--depth", "quick", "--out", "proof"], 0, "1 of 1 defects caught"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_a_command_answers(installed: Installation, elsewhere: Path, command: list[str], code: int, words: str) -> None:
    assert words in installed.run("assay", *command, cwd=elsewhere, code=code).stdout


def test_init_writes_settings_and_a_workflow(installed: Installation, tmp_path: Path) -> None:
    installed.run("assay", "init", cwd=tmp_path)
    assert (tmp_path / "assay.toml").is_file()
    assert list((tmp_path / ".github" / "workflows").iterdir())


def test_the_gate_is_plain_pytest(installed: Installation, elsewhere: Path) -> None:
    command = ("python", "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--pyargs", "contracts.gate")
    done = installed.run(*command, cwd=elsewhere)
    assert "passed" in done.stdout
    assert list((elsewhere / "reports" / "runs").glob("*/run.json"))
