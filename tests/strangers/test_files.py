"""What lies in a run directory, or is named on the command line, is read only where it is a file."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

import assay
from contracts.baseline import Baseline, check_writable, load_baseline, write_baseline
from contracts.config import load_settings
from contracts.drift.command import drift
from contracts.drift.load import load_api
from contracts.errors import UsageError
from contracts.gate.replay.record import load_recorded
from contracts.profiles import openapi_document
from contracts.prove.kept import load_shown
from contracts.prove.record import RESULTS
from contracts.record.historyfile import read_history
from contracts.record.rundir import HISTORY, RESULT
from reports.compare.seconds import SECONDS, read_seconds
from reports.errors import DocumentError
from reports.partial import recorded
from reports.proof import PROOF, holds_proof, load_proof
from reports.rundocs import build, load_run, write_run
from reports.trend.nights import find_nights
from tests.record import scene
from tests.reports import runs
from verify.accepted import FILE, read_accepted

TODAY = date(2026, 2, 23)
REFUSED = (UsageError, DocumentError, OSError)

IN_A_RUN: tuple[tuple[str, Callable[[Path], object]], ...] = (
    (RESULT, load_run),
    (RESULT, load_recorded),
    (RESULT, lambda place: drift(observed=place)),
    (HISTORY, lambda place: list(read_history(place / HISTORY))),
    (HISTORY, load_recorded),
    (SECONDS, read_seconds),
    (PROOF, load_proof),
    (RESULTS, lambda place: load_shown(place / RESULTS)),
)
"""Files of a run directory, and who reads them."""

NAMED: tuple[tuple[str, Callable[[Path], object]], ...] = (
    ("assay.toml", lambda place: load_settings(place / "assay.toml", place)),
    ("baseline.toml", lambda place: load_baseline(place / "baseline.toml", TODAY, must_exist=True)),
    (FILE, read_accepted),
)
"""Files that a user names, which may be links."""


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def bound(path: Path) -> None:
    place = os.open(path.parent, os.O_RDONLY)
    # A socket's address is short; the directory of a test is not.
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"/proc/self/fd/{place}/{path.name}")
    os.close(place)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, device, bound], ids=["pipe", "directory", "device", "socket"])
@pytest.mark.parametrize(("name", "read"), [*IN_A_RUN, *NAMED])
def test_what_is_no_file_is_refused_without_waiting(
    name: str, read: Callable[[Path], object], make: Callable[[Path], None], tmp_path: Path
) -> None:
    place = runs.broken(tmp_path / "run")
    (place / name).unlink(missing_ok=True)
    make(place / name)
    with pytest.raises(REFUSED) as caught:
        read(place)
    if not isinstance(caught.value, OSError):
        assert name in str(caught.value)


@pytest.mark.parametrize(("name", "read"), IN_A_RUN)
def test_a_link_in_a_run_directory_leads_nowhere(name: str, read: Callable[[Path], object], tmp_path: Path) -> None:
    place = runs.broken(tmp_path / "run")
    secret = tmp_path / "secret"
    secret.write_bytes((place / name).read_bytes() if (place / name).exists() else b"{}\n")
    (place / name).unlink(missing_ok=True)
    (place / name).symlink_to(secret)
    with pytest.raises(REFUSED, match="symbolic link"):
        read(place)


@pytest.mark.parametrize(("name", "read"), NAMED)
def test_a_file_that_the_user_named_may_be_a_link(name: str, read: Callable[[Path], object], tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b'{"schema": 1, "accepted": []}' if name == FILE else b"")
    (tmp_path / name).symlink_to("kept")
    read(tmp_path)


def test_a_linked_run_directory_is_one(tmp_path: Path) -> None:
    runs.broken(tmp_path / "run")
    (tmp_path / "latest").symlink_to("run")
    assert load_run(tmp_path / "latest")["command"] == "gate"


def test_a_trend_leaves_linked_results_out(tmp_path: Path) -> None:
    runs.broken(tmp_path / "elsewhere")
    (tmp_path / "nights" / "one").mkdir(parents=True)
    (tmp_path / "nights" / "one" / RESULT).symlink_to(tmp_path / "elsewhere" / RESULT)
    found = find_nights(tmp_path / "nights")
    assert [("symbolic link" in night.reason) for night in found.left_out] == [True]


def test_a_report_writes_through_no_link(tmp_path: Path) -> None:
    place = runs.broken(tmp_path / "run")
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    for name in ("report.html", "report.md", "junit.xml", "findings.sarif", "exchanges.har"):
        (place / name).symlink_to(victim)
        (place / f".{name}.{os.getpid()}.tmp").symlink_to(victim)
    build(place)
    assert victim.read_text() == "untouched"
    assert not (place / "report.html").is_symlink()


def test_a_baseline_is_written_through_no_link_that_lies_beside_it(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    beside = tmp_path / f".accepted.toml.{os.getpid()}.tmp"
    accepted = tmp_path / "accepted.toml"
    steps: tuple[Callable[[], None], ...] = (
        lambda: check_writable(accepted),
        lambda: write_baseline(accepted, Baseline((), TODAY)),
    )
    for step in steps:
        beside.symlink_to(victim)
        step()
        assert victim.read_text() == "untouched"
        assert not beside.is_symlink()
    assert not accepted.is_symlink()
    assert load_baseline(accepted, TODAY, must_exist=True).entries == ()


def test_a_run_judged_again_is_not_written_through_a_link(tmp_path: Path) -> None:
    place = runs.broken(tmp_path / "run")
    (tmp_path / "elsewhere").mkdir()
    (place / "recheck").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DocumentError, match="symbolic link"):
        write_run(place / "recheck", scene.document())
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_history_that_cannot_be_read_counts_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / HISTORY)
    assert recorded(tmp_path) is None


def test_names_too_long_for_a_file_system_are_one_line(tmp_path: Path) -> None:
    name = tmp_path / ("a" * 5000)
    assert not holds_proof(name)
    for read in (load_run, lambda path: load_settings(path, tmp_path), lambda path: load_api(str(path))):
        with pytest.raises((UsageError, DocumentError), match="File name too long"):
            read(name)
    with pytest.raises(UsageError, match="File name too long"):
        load_baseline(name, TODAY, must_exist=False)


def test_a_contract_comes_out_of_a_pipe_as_a_shell_makes_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    content = json.dumps(openapi_document("2026-02")).encode()
    filler = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(content))
    filler.start()
    try:
        assert load_api(str(tmp_path / "pipe")).calls
    finally:
        filler.join()


def test_a_pipe_that_nobody_fills_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.drift.load.PIPE_S", 0.05)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="the pipe did not end"):
        load_api(str(tmp_path / "pipe"))


def test_a_pipe_that_does_not_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.drift.load.PIPE_S", 0.05)
    os.mkfifo(tmp_path / "pipe")
    held = os.open(tmp_path / "pipe", os.O_RDWR)
    try:
        with pytest.raises(UsageError, match="the pipe did not end"):
            load_api(str(tmp_path / "pipe"))
    finally:
        os.close(held)


LONG = "x" * 300


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", LONG), ("replay", LONG, "f"), ("compare", LONG, LONG), ("trend", LONG), ("drift", LONG, LONG),
        ("gate", "--config", LONG), ("gate", "--baseline", LONG), ("gate", "--out", LONG), ("load", LONG),
        ("load", f"{LONG}.toml"), ("load", "-f", LONG), ("prove", "none", "--out", LONG), ("verify", "--plan", LONG),
        ("verify", "--accept-run", LONG), ("report", ".", "--allure", LONG),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_name_longer_than_the_system_has_any_is_bad_usage(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    came = CliRunner().invoke(assay.app, arguments)
    assert came.exit_code == 2 or isinstance(came.exception, REFUSED[:2])
    assert list(tmp_path.iterdir()) == []
