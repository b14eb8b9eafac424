"""The command line as a user meets it: verdicts, exit codes, one line for every mistake."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

import assay
from contracts.errors import UsageError
from contracts.options import within
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings
from load.version import own_version
from reports.rundocs import run_schema
from tests.gate.rawserver import answer, raw_server, read_request

ROOT = Path(__file__).resolve().parent.parent
KEYS = ("ASSAY_API_KEY", "ASSAY_OTHER_API_KEY", "ASSAY_ADMIN_KEY")


def run(*arguments: str, cwd: Path, **keys: str) -> subprocess.CompletedProcess[str]:
    """Run assay in a directory of its own, with no keys but those given."""
    environment = {name: value for name, value in os.environ.items() if name not in KEYS}
    environment |= {"PYTHONPATH": str(ROOT), "COLUMNS": "100", **keys}
    command = [sys.executable, "-m", "assay", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=110, check=False)


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("assay: ")
    return lines[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["gate", "--dept", "quick"], "--depth"),
        (["gaet"], "gate"),
        (["gate", "--depth", "deeper"], "'deeper' is not one of quick, full, deep"),
        (["gate", "--profile", ""], "'' is not one of 2026-02, 2026-05, auto"),
        (["gate", "--profile", "2027-01"], "'2027-01' is not one of 2026-02, 2026-05, auto"),
        (["gate", "--seed", "x"], "x"),
        (["gate", "--time", "50 parsecs"], "50 parsecs"),
        (["gate", "--max-spend", "lots"], "lots"),
        (["gate", "--max-purchases", "-1"], "-1"),
        (["gate", "--url", "http://127.0.0.1:1"], "ASSAY_API_KEY is not set"),
        (["gate", "--defect", "phone-with-newlines"], "phone"),
        (["gate", "--config", "missing.toml"], "missing.toml"),
        (["explain", "LIFE-33"], "LIFE-3"),
        (["prove", "no-such-defect"], "no-such-defect"),
        (["prove", "--seeds", "a,b"], "a,b"),
        (["report", "nowhere"], "nowhere"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_line_and_exit_2(arguments: list[str], words: str, tmp_path: Path) -> None:
    result = run(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    text = result.stderr.strip()
    assert words in text
    assert len(text.splitlines()) == 1
    assert "Traceback" not in text


def test_without_a_command_the_help_is_all_that_is_said(tmp_path: Path) -> None:
    result = run(cwd=tmp_path)
    assert (result.returncode, result.stderr) == (2, "")
    assert "Start with: assay gate" in result.stdout


def test_a_host_that_is_not_loopback_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    result = run("gate", "--url", "http://192.0.2.1", cwd=tmp_path, ASSAY_API_KEY="some-key-1234")
    assert result.returncode == 2
    assert "--allow-host 192.0.2.1" in one_line(result)
    assert not (tmp_path / "reports").exists()


def test_an_unknown_setting_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "assay.toml").write_text("max_purchase = 4\n")
    result = run("gate", cwd=tmp_path)
    assert result.returncode == 2
    assert "max_purchases" in one_line(result)


def test_every_command_has_help_with_an_example() -> None:
    names = [command.name for command in assay.app.registered_commands]
    assert {"gate", "load", "prove", "report", "compare", "trend", "drift", "sandbox", "replay", "doctor"} <= set(names)
    for name in names:
        result = CliRunner().invoke(assay.app, [str(name), "--help"])
        assert result.exit_code == 0
        assert f"assay {name}" in result.output, name


@pytest.mark.parametrize("name", [str(command.name) for command in assay.app.registered_commands])
def test_help_breaks_its_lines_where_the_terminal_does(name: str) -> None:
    text = CliRunner(env={"COLUMNS": "80"}).invoke(assay.app, [name, "--help"]).output
    prose = text[: text.index("╭")].split(" " * 80)
    for paragraph in prose:
        lines = [line.strip() for line in paragraph.splitlines() if line.strip()]
        for line, following in itertools.pairwise(lines):
            # The first word of a line had no room in the one before.
            assert len(line) + 1 + len(following.split()[0]) > 78, (line, following)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["replay", "run", "LIFE-3-1f0c9a", "--tries", "0"], "'0' is not between 1 and 100"),
        (["replay", "run", "LIFE-3-1f0c9a", "--tries", "many"], "'many' is not a whole number"),
        (["prove", "--jobs", "65"], "'65' is not between 1 and 64"),
        (["prove", "--jobs", "1.5"], "'1.5' is not a whole number"),
        (["sandbox", "--port", "65536"], "'65536' is not between 0 and 65535"),
        (["sandbox", "--port", "http"], "'http' is not a whole number"),
        (["sandbox", "--workers", "0"], "'0' is not between 1 and 64"),
        (["sandbox", "--seed", "1e3"], "'1e3' is not a whole number"),
        (["sandbox", "--failure-rate", "10%"], "'10%' is not a number"),
        (["gate", "--seed", "１２"], "'１２' is not a whole number"),
        (["load", "--users", "1_000"], "'1_000' is not a whole number"),
    ],
)
def test_a_wrong_number_is_shown(arguments: list[str], complaint: str) -> None:
    result = CliRunner().invoke(assay.app, arguments, standalone_mode=False)
    assert complaint in str(result.exception)


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("64", 64), ("+7", 7), ("007", 7)])
def test_a_number_within_its_bounds_is_read(text: str, number: int) -> None:
    assert within(1, 64)(text) == number


def test_the_version_is_told() -> None:
    result = CliRunner().invoke(assay.app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"assay {own_version()}\n")


@pytest.mark.parametrize("name", ["gate", "doctor", "init", "verify"])
def test_an_empty_address_is_a_mistake_and_not_the_sandbox(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipeline whose variable for the address is not set must not be told that its service keeps the contract."""
    monkeypatch.chdir(tmp_path)
    runner = CliRunner(env={"ASSAY_API_KEY": "some-key-1234"})
    result = runner.invoke(assay.app, [name, "--url", ""], standalone_mode=False)
    assert isinstance(result.exception, UsageError)
    assert str(result.exception).startswith("--url '' is not an http or https URL")


def test_what_buys_nothing_asks_for_no_cap() -> None:
    for name in ("doctor", "init", "drift"):
        assert "needs a cap" not in " ".join(CliRunner().invoke(assay.app, [name, "--help"]).output.split())


def test_a_dead_port_is_inconclusive(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    result = run("gate", "--url", url, "--out", "run", cwd=tmp_path, ASSAY_API_KEY="some-key-1234")
    assert result.returncode == 3
    assert "does not answer" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr
    document = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))
    assert (document["verdict"], document["exit_code"]) == ("inconclusive", 3)


def test_what_is_no_purchases_api_is_inconclusive(tmp_path: Path) -> None:
    def website(sock: socket.socket) -> None:
        read_request(sock)
        page = b"<html>Welcome</html>"
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\nConnection: close\r\n\r\n"
        sock.sendall(head.encode() + page)

    with raw_server(website) as url:
        result = run("gate", "--url", url, "--quiet", cwd=tmp_path, ASSAY_API_KEY="some-key-1234")
    assert result.returncode == 3
    assert "is no Purchases API" in result.stdout


def test_another_kind_of_api_is_inconclusive(tmp_path: Path) -> None:
    def other(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(answer(b'{"detail": "Not Found"}', "404 Not Found", "connection: close"))

    with raw_server(other) as url:
        result = run("gate", "--url", url, "--quiet", cwd=tmp_path, ASSAY_API_KEY="some-key-1234")
    assert result.returncode == 3
    assert "is no Purchases API" in result.stdout


def test_a_wrong_key_is_inconclusive_and_not_shown(tmp_path: Path) -> None:
    with SandboxThread(Settings()) as sandbox:
        result = run("gate", "--url", sandbox.url, "--quiet", cwd=tmp_path, ASSAY_API_KEY="wrong-key-98765")
    assert result.returncode == 3
    assert "refuses the key" in result.stdout
    written = "".join(path.read_text("utf-8") for path in tmp_path.rglob("*") if path.is_file())
    assert "wrong-key-98765" not in result.stdout + result.stderr + written


@pytest.mark.parametrize("profile", ["2026-02", "2026-05"])
def test_the_gate_keeps_the_sandbox_in_both_profiles(profile: str, tmp_path: Path) -> None:
    result = run(
        "gate", "--depth", "quick", "--time", "100s", "--profile", profile, "--out", "run", "--json", cwd=tmp_path
    )
    document = json.loads(result.stdout)
    jsonschema.validate(document, run_schema())
    assert (result.returncode, document["verdict"], document["findings"]) == (0, "kept", [])
    unexercised = {clause["id"] for clause in document["clauses"] if clause["verdict"] != "kept"}
    # The sandbox has no rate limit unless it is asked for one.
    assert unexercised <= {"LOAD-3"}
    assert document["purchases"] <= 60
    derived = {"report.html", "report.md", "junit.xml", "findings.sarif", "exchanges.har"}
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"run.json", "history.jsonl", *derived}
    assert json.loads((tmp_path / "run" / "run.json").read_text("utf-8")) == document


def test_one_key_and_no_levers_are_enough_for_what_is_required(tmp_path: Path) -> None:
    """A target like a user's own: clauses that need more are not exercised, with the way out, and never broken."""
    with SandboxThread(Settings(seed=5, pending_rate=0.2)) as sandbox:
        result = run(
            "gate",
            "--url",
            sandbox.url,
            "--depth",
            "quick",
            "--time",
            "100s",
            "--json",
            cwd=tmp_path,
            ASSAY_API_KEY=sandbox.owner_key,
        )
    document = json.loads(result.stdout)
    assert (result.returncode, document["verdict"]) == (0, "kept")
    reasons = {clause["id"]: clause["reason"] for clause in document["clauses"] if clause["verdict"] == "not_exercised"}
    assert {"AUTH-4", "AUTH-5", "AUTH-6"} & set(reasons) >= {"AUTH-4", "AUTH-5"}
    assert "ASSAY_OTHER_API_KEY" in reasons["AUTH-4"]


def test_a_defect_is_broken_with_evidence_and_nothing_secret(tmp_path: Path) -> None:
    result = run("gate", "--depth", "quick", "--defect", "phone-with-newline", "--out", "run", cwd=tmp_path)
    assert result.returncode == 1
    document = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))
    finding = document["findings"][0]
    assert finding["clause"] == "SHAPE-6"
    assert finding["count"] > 1
    assert sum(finding["clause"] == "SHAPE-6" for finding in document["findings"]) == 1
    assert finding["curl"]
    assert "$ASSAY_API_KEY" in finding["curl"][0]
    assert document["rerun"] == "assay gate --profile 2026-02 --depth quick --seed 0 --defect phone-with-newline"
    assert finding["replay"] == f"assay replay run {finding['id']}"
    keys = Settings(seed=0)
    written = result.stdout + "".join(path.read_text("utf-8") for path in (tmp_path / "run").iterdir())
    assert keys.owner_key not in written
    assert keys.other_key not in written
    again = run("report", "run", cwd=tmp_path)
    assert again.returncode == 0
    assert "SHAPE-6" in again.stdout


def test_an_interrupted_gate_writes_what_it_has(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "assay", "gate", "--depth", "deep", "--out", "run"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        history = tmp_path / "run" / "history.jsonl"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not (history.exists() and history.stat().st_size > 200_000):
            time.sleep(0.05)
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=60)
    assert child.returncode == 130
    document = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))
    assert (document["verdict"], document["exit_code"], document["partial"]) == ("inconclusive", 130, False)
    assert document["requests"] == len(history.read_text("utf-8").splitlines())


def test_a_cap_on_purchases_holds(tmp_path: Path) -> None:
    with SandboxThread(Settings()) as sandbox:
        result = run(
            "gate", "--url", sandbox.url, "--max-purchases", "5", "--depth", "quick", "--json", cwd=tmp_path,
            ASSAY_API_KEY=sandbox.owner_key,
        )  # fmt: skip
    document = json.loads(result.stdout)
    assert document["purchases"] <= 5
    assert result.returncode in {0, 3}
    assert any("cap of 5 purchases" in note for note in document["notes"])


def test_doctor_tells_what_could_be_tested(tmp_path: Path) -> None:
    with SandboxThread(Settings()) as sandbox:
        result = run("doctor", "--url", sandbox.url, "--json", cwd=tmp_path, ASSAY_API_KEY=sandbox.owner_key)
    found = json.loads(result.stdout)
    assert (result.returncode, found["reachable"]) == (0, True)
    assert "US" in found["in_stock"]
    assert "LIFE-3" in found["exercisable"]
    assert "ASSAY_OTHER_API_KEY" in found["not_exercisable"]["AUTH-4"]
