"""The command as users run it: exit codes, documents, signals, workers."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.load.runs import assay, await_, result, rows

QUICK = ["--users", "2", "--duration", "2s", "--warmup", "1s"]


def test_a_lawful_target_is_kept_and_every_document_is_there(tmp_path: Path) -> None:
    done = assay("load", *QUICK, "--out", str(tmp_path / "r"), "--label", "abc123")
    # A busy machine makes the generator late; that is the truth, too.
    assert done.returncode in {0, 3}, done.stderr
    document = result(tmp_path / "r")
    load = document["load"]
    assert document["label"] == "abc123"
    assert load["requests"] > 0
    assert load["failures"] == 0
    assert not [finding for finding in document["findings"] if finding["severity"] == "error"]
    exercised = {clause["id"]: clause["exercised"] for clause in document["clauses"]}
    assert exercised["LOAD-1"] == document["requests"]
    names = {path.name for path in (tmp_path / "r").iterdir()}
    assert {"run.json", "timeline.csv", "seconds.jsonl", "latency.hlog", "junit.xml", "locust.html"} <= names
    assert "locust_stats.csv" in names
    counted = [line.split(",") for line in (tmp_path / "r" / "locust_stats.csv").read_text().splitlines()]
    total = next(row for row in counted if row[1] == "Aggregated")
    assert int(total[2]) == document["requests"], "locust counts what we count"
    assert sum(operation["requests"] for operation in load["operations"][1:]) == load["requests"]


@pytest.mark.parametrize(
    ("defect", "clause"), [("phone-with-newline", "SHAPE-6"), ("code-changes-after-two-readings", "LIFE-3")]
)
def test_a_broken_promise_is_found_at_speed(defect: str, clause: str, tmp_path: Path) -> None:
    done = assay("load", *QUICK, "--defect", defect, "--out", str(tmp_path / "r"), "--quiet")
    assert done.returncode == 1, done.stdout + done.stderr
    document = result(tmp_path / "r")
    found = {finding["clause"] for finding in document["findings"]}
    assert {clause, "LOAD-1"} <= found
    first = next(finding for finding in document["findings"] if finding["clause"] == clause)
    assert first["evidence"]
    assert first["curl"]


def test_an_objective_that_is_missed_is_broken_and_named(tmp_path: Path) -> None:
    plan = tmp_path / "p.toml"
    plan.write_text('objectives = ["max < 1ms", "requests >= 1"]\n[plan]\nrate = "20/s"\nduration = "2s"\n')
    done = assay("load", str(plan), "--defect", "slow-answers", "--out", str(tmp_path / "r"), "--quiet")
    assert done.returncode == 1, done.stdout + done.stderr
    document = result(tmp_path / "r")
    assert [finding["clause"] for finding in document["findings"] if finding["severity"] == "error"] == ["LOAD-2"]
    assert [objective["ok"] for objective in document["load"]["objectives"]] == [False, True, True]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_gracefully_with_its_report(number: int, tmp_path: Path) -> None:
    out = tmp_path / "r"
    running = subprocess.Popen(
        [sys.executable, "-m", "assay", "load", "--rate", "10/s", "--duration", "60s", "--quiet", "--out", str(out)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # A test runner in the background may ignore interrupts, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )  # fmt: skip
    try:
        await_(lambda: rows(out) >= 1)
        running.send_signal(number)
        running.wait(30)
    finally:
        running.kill()
        running.communicate()
    assert running.returncode == 130
    document = result(out)
    assert document["load"]["timeline"]
    assert (out / "locust.html").exists()


def test_a_target_that_is_not_there_is_inconclusive(tmp_path: Path) -> None:
    done = assay("load", "--url", "http://127.0.0.1:9", "--out", str(tmp_path / "r"), "--quiet", ASSAY_API_KEY="k" * 12)
    assert done.returncode == 3
    assert "does not answer" in result(tmp_path / "r")["reasons"][0]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--rate", "fast"], "'fast'"),
        (["--users", "0"], "0"),
        (["nihgtly"], "did you mean 'nightly'"),
        (["--url", "http://example.com"], "not a loopback address"),
        (["--defect", "no-such-defect"], "no-such-defect"),
        (["--worker", "nowhere"], "HOST:PORT"),
        (["--expect-workers", "2"], "--master"),
    ],
)
def test_bad_usage_is_one_line_and_exit_2(arguments: list[str], complaint: str, tmp_path: Path) -> None:
    done = assay("load", *arguments, "--out", str(tmp_path / "r"), ASSAY_API_KEY="k" * 12)
    assert done.returncode == 2, done.stdout
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
