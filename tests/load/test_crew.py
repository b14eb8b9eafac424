"""A master and its workers: who takes part, who is lost and why, and what nobody may do."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

Scenes = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def scenes() -> Scenes:
    done = subprocess.run(
        [sys.executable, "-m", "tests.load.crewed"], capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stderr
    found: Scenes = json.loads(done.stdout)
    return found


def test_two_workers_are_numbered_named_apart_and_finish(scenes: Scenes) -> None:
    scene = scenes["together"]
    assert scene["trouble"] == ""
    assert scene["numbers"] == [0, 1], "each has a part of the schedule of its own"
    first, second = scene["names"]
    assert second == f"{first} (2)", "one process, one name: it is told apart"
    assert (scene["running"], scene["states"]) == (["running"] * 2, ["finished"] * 2)
    assert (scene["finished"], scene["codes"]) == ([True, True], [0, 0])


def test_the_workers_of_a_run_keep_its_cap_together(scenes: Scenes) -> None:
    scene = scenes["together"]
    assert scene["spent"], "every worker told that its part of the cap is spent"
    assert scene["creates"] <= scene["purchases"] == 3, "one of unknown outcome counts as bought"
    assert scene["keys"] == ["key-of-the-owner-1"], "they send with the key of their own environment"


def test_a_worker_that_nobody_expects_takes_no_part(scenes: Scenes) -> None:
    assert scenes["together"]["left_out"]


def test_users_are_shared_among_workers(scenes: Scenes) -> None:
    assert scenes["of users"] == {"trouble": "", "users": [2, 2], "states": ["finished"] * 2, "codes": [0, 0]}


def test_nobody_arrives_in_a_search_before_the_master_asks_for_a_step(scenes: Scenes) -> None:
    assert scenes["searching"] == {"trouble": "", "before": 0, "came": True, "states": ["finished"]}


def test_a_worker_that_was_silent_is_lost_and_stays_so_when_it_speaks_again(scenes: Scenes) -> None:
    scene = scenes["silent"]
    assert (scene["before"], scene["state"]) == ("running", "lost")
    assert scene["why"].startswith("was silent for ")


@pytest.mark.parametrize(("scene", "code"), [("interrupted", 130), ("orphaned", 3)])
def test_a_worker_ends_with_who_asks_for_it_or_with_who_started_it(scene: str, code: int, scenes: Scenes) -> None:
    assert scenes[scene] == {"code": code}


def test_a_worker_of_another_version_is_named_and_sent_away(scenes: Scenes) -> None:
    scene = scenes["of another version"]
    assert f"cannot take part: the master has version {scene['version']}, this worker 0.0.1" in scene["trouble"]
    assert scene["code"] == 3


@pytest.mark.parametrize(
    ("scene", "complaint"),
    [("no orders", "no orders of a load run"), ("no plan", "rate is 'fast'"), ("no number", "'first'")],
)
def test_orders_that_cannot_be_followed_are_refused_with_the_reason(scene: str, complaint: str, scenes: Scenes) -> None:
    assert scenes[scene]["code"] == 3
    assert scenes[scene]["trouble"].startswith("the orders cannot be followed: ")
    assert complaint in scenes[scene]["trouble"]


def test_a_worker_says_in_a_line_what_it_lacks(scenes: Scenes) -> None:
    scene = scenes["unanswered"]
    assert scene["deaf"].startswith(f"the master at 127.0.0.1:{scene['port']} does not take this worker: it has all")
    assert "\n" not in scene["deaf"]
    assert scene["keyless"].startswith("ASSAY_API_KEY is not set")


def test_a_worker_that_gets_no_orders_ends(scenes: Scenes) -> None:
    assert scenes["unanswered"]["no orders"] == 3


def test_workers_that_do_not_come_are_counted(scenes: Scenes) -> None:
    assert scenes["too few"]["trouble"].startswith("0 of 2 workers came within ")


def test_a_worker_of_this_machine_gets_its_keys_by_environment_alone(scenes: Scenes) -> None:
    scene = scenes["children"]
    assert scene["keys"].split() == ["key-of-the-owner-1", "key-of-the-other-1"]
    assert scene["said"].startswith("-P -m load --worker 127.0.0.1:")
    assert "key-of" not in scene["said"]


def test_a_worker_of_this_machine_that_ends_at_once_is_not_waited_for(scenes: Scenes) -> None:
    found = scenes["children"]["ends"]
    assert found == {"trouble": "a worker process ended with code 7 before it began", "code": 7}


def test_no_worker_of_this_machine_outlives_its_master(scenes: Scenes) -> None:
    assert scenes["children"]["lingers"]["code"] == -15


def test_a_run_by_a_master_is_led_to_its_documents(scenes: Scenes) -> None:
    scene = scenes["whole"]
    assert scene["said"] == [f"the master listens on {scene['expected']}; waiting for 1 workers"]
    assert [worker["state"] for worker in scene["workers"]] == ["finished"]
    assert scene["creates"] <= scene["purchases"] == 2
    assert scene["spend"] == "1.00"
    assert "the cap of 2 purchases is reached" in scene["reasons"]
    assert (scene["exit_code"], scene["code"]) == (1, 0), "the target answers with purchases that are none"
    assert {"run.json", "report.html", "junit.xml", "locust.html"} <= set(scene["files"])
    assert scene["label"] == "release <key:owner>"


def test_the_metrics_of_a_run_are_there_before_its_first_worker_is(scenes: Scenes) -> None:
    assert "\nassay_arrivals_total 0" in scenes["whole"]["metrics"]
    assert scenes["whole"]["elsewhere"] == "metrics are at /metrics\n"


def test_no_document_of_locusts_shows_a_key_that_users_code_raised_or_logged(scenes: Scenes) -> None:
    scene = scenes["documents"]
    assert (scene["leaks"], scene["leaks on screen"]) == ([], False)
    assert scene["log"] == "a line with <key:owner>\n"
    assert "raised with <key:owner>,line 7: <key:owner>" in scene["exceptions"]
    assert "GET,look,no answer for <key:owner>" in scene["failures"]
    assert "GET,list,ValueError('no answer')" in scene["failures"], "what holds no secret is left as it was"


def test_locusts_web_ui_goes_with_the_run_and_a_port_that_is_taken_is_said_in_a_line(scenes: Scenes) -> None:
    scene = scenes["documents"]
    assert scene["taken"] == f"--web {scene['port']}: Address already in use"
    assert not scene["listens after"]
