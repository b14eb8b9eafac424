"""`assay verify` as a user meets it: mistakes are found before anything is sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contracts.config import Settings
from contracts.errors import UsageError
from tests.test_cli import one_line, run
from tests.verify.documents import run as document
from verify.caps import Caps
from verify.commands import environment_of_parts, gate_command, load_command
from verify.part import Name
from verify.request import make_verify_request
from verify.run import rerun

KEYS = {"ASSAY_API_KEY": "sk-0123456789"}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"skip": ["laod"]}, "--skip 'laod' is not one of gate, load, drift, compare, against"),
        ({"skip": ["gate", "load", "drift"]}, "leaves nothing to verify"),
        ({"against_url": "http://127.0.0.1:1"}, "name that with --url"),
        ({"url": "http://127.0.0.1:1", "against_url": "http://shop.example"}, "shop.example is not a loopback address"),
        ({"url": "http://127.0.0.1:1", "against_url": "shop"}, "--against-url 'shop' is not an http or https URL"),
        ({"url": ""}, "--url '' is not an http or https URL"),
        ({"skip": ["against"]}, "only --against-url asks for"),
        ({"plan": "prelease"}, "prerelease"),
        ({"depth": "deeper"}, "'deeper'"),
        ({"max_spend": "lots"}, "'lots'"),
        ({"contract": "gone.yaml"}, "'gone.yaml' is no file"),
        ({"contract": "2026-05", "skip": ["drift"]}, "--skip drift leaves out"),
        ({"against": Path("r"), "skip": ["compare"]}, "--skip compare leaves out"),
        ({"url": "http://127.0.0.1:1", "environment": {}}, "ASSAY_API_KEY is not set"),
        ({"url": "http://shop.example"}, "shop.example is not a loopback address"),
        ({"url": "http://shop.example", "allow_host": ["shop.example"]}, "needs a cap"),
        ({"defects": ["phone-with-newlines"]}, "phone"),
        ({"url": "http://127.0.0.1:1", "defects": ["phone-with-newline"]}, "embedded sandbox"),
    ],
)  # fmt: skip
def test_a_mistake_is_found_before_anything_is_sent(asked: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        make_verify_request(Settings(), **{"environment": KEYS} | asked)  # type: ignore[arg-type]


def test_a_target_gets_the_plan_that_searches_and_the_sandbox_a_short_one() -> None:
    assert make_verify_request(Settings(), url="http://127.0.0.1:1", environment=KEYS).plan == "prerelease"
    assert Path(make_verify_request(Settings()).plan).name == "embedded.toml"


def test_the_parts_are_asked_what_the_user_asked() -> None:
    request = make_verify_request(
        Settings(max_purchases=50), url="http://127.0.0.1:1", seed=7, skip=["drift"], label="v2", environment=KEYS
    )
    gate = gate_command(request, Path("r/gate"))
    load = load_command(request, Path("r/load"), Caps(31))
    for command in (gate, load):
        assert command[command.index("--url") + 1] == "http://127.0.0.1:1"
        assert command[command.index("--seed") + 1] == "7"
        assert not any("sk-0123456789" in word for word in command)
    assert gate[gate.index("--max-purchases") + 1] == "50"
    assert load[load.index("--max-purchases") + 1] == "31"
    assert load[load.index("--label") + 1] == "v2"
    assert request.skip == {Name.DRIFT}
    assert rerun(request).endswith("--max-purchases 50 --skip drift")


def test_the_job_summary_is_written_once() -> None:
    assert environment_of_parts({"GITHUB_STEP_SUMMARY": "f", "PATH": "p"}) == {"PATH": "p"}


def test_bad_usage_is_one_line(tmp_path: Path) -> None:
    done = run("verify", "--skip", "gates", cwd=tmp_path)
    assert (done.returncode, list(tmp_path.iterdir())) == (2, [])
    assert "'gates'" in one_line(done)


def test_a_run_to_compare_with_that_is_not_there_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    done = run("verify", "--against", "nowhere", cwd=tmp_path)
    assert (done.returncode, list(tmp_path.iterdir())) == (2, [])
    assert "nowhere" in one_line(done)


def test_a_run_is_accepted_without_running_anything(tmp_path: Path) -> None:
    place = tmp_path / "reports" / "runs" / "one"
    place.mkdir(parents=True)
    (place / "run.json").write_text(json.dumps(document("verify")))
    done = run("verify", "--accept-run", "reports/runs/one", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    held = json.loads((tmp_path / "reports" / "runs" / "accepted.json").read_text())
    assert [entry["run"] for entry in held["accepted"]] == ["one"]
