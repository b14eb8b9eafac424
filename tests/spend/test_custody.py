"""Users' own locust clients buy within the caps and send to the target alone, by whichever of their doors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

Scene = Mapping[str, Any]

CLIENTS = pytest.mark.parametrize("client", ["plain", "fast"])


@pytest.fixture(scope="module")
def scenes() -> dict[str, Scene]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.spend.held"],
        capture_output=True, text=True, timeout=120, check=False, env={**os.environ, "no_proxy": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


@CLIENTS
@pytest.mark.parametrize("how", ["creates", "a forgiving path", "another method", "a method in a field"])
def test_a_create_in_any_form_leaves_only_as_long_as_the_cap_allows(
    scenes: dict[str, Scene], client: str, how: str
) -> None:
    scene = scenes[f"{client}: {how}"]
    assert (len(scene["arrived"]), scene["purchases"], scene["ended"]) == (2, 2, "StopUser")


@CLIENTS
def test_no_door_of_a_client_leads_round_the_cap(scenes: dict[str, Scene], client: str) -> None:
    scene = scenes[f"{client}: below the session"]
    assert (len(scene["arrived"]), scene["purchases"], scene["ended"]) == (2, 2, "StopUser")


@CLIENTS
@pytest.mark.parametrize("how", ["several in one", "a quantity"])
def test_a_create_of_more_than_is_left_does_not_leave(scenes: dict[str, Scene], client: str, how: str) -> None:
    scene = scenes[f"{client}: {how}"]
    assert (scene["arrived"], scene["purchases"], scene["ended"]) == ([], 0, "StopUser")


@CLIENTS
@pytest.mark.parametrize(
    "how", ["lost answers", "lost answers to those who expect", "a client told to try again"]
)  # fmt: skip
def test_a_create_whose_answer_is_lost_is_sent_once_and_counts(scenes: dict[str, Scene], client: str, how: str) -> None:
    scene = scenes[f"{client}: {how}"]
    assert (len(scene["arrived"]), scene["purchases"], scene["ended"]) == (2, 2, "StopUser")


@CLIENTS
@pytest.mark.parametrize(("how", "arrived", "spend"), [("dearer", 1, "4.00"), ("cheaper", 2, "0.80")])
def test_a_price_answered_counts_where_it_is_higher_than_the_one_shown(
    scenes: dict[str, Scene], client: str, how: str, arrived: int, spend: str
) -> None:
    scene = scenes[f"{client}: {how} than shown"]
    assert (len(scene["arrived"]), scene["spend"], scene["ended"]) == (arrived, spend, "StopUser")


@CLIENTS
@pytest.mark.parametrize(
    "how",
    ["elsewhere below the session", "user-info", "another host", "another port", "what follows the base URL"],
)  # fmt: skip
def test_a_request_that_leads_elsewhere_is_refused(scenes: dict[str, Scene], client: str, how: str) -> None:
    scene = scenes[f"{client}: {how}"]
    assert (scene["arrived"], scene["astray"], scene["ended"]) == ([], [], "UsageError")


def test_a_backslash_is_read_as_the_client_that_connects_reads_it(scenes: dict[str, Scene]) -> None:
    # One library ends the host at the backslash (WHATWG URL, 4.4), the other takes what stands before it for user-info.
    assert (scenes["plain: a backslash"]["arrived"], scenes["plain: a backslash"]["ended"]) == ([], "UsageError")
    assert len(scenes["fast: a backslash"]["arrived"]) == 4
    assert [scenes[f"{client}: a backslash"]["astray"] for client in ("plain", "fast")] == [[], []]


@CLIENTS
@pytest.mark.parametrize(
    "how", ["a redirect elsewhere", "a create redirected elsewhere", "proxies", "a name that has moved"]
)  # fmt: skip
def test_neither_redirects_nor_proxies_nor_resolvers_lead_a_key_astray(
    scenes: dict[str, Scene], client: str, how: str
) -> None:
    scene = scenes[f"{client}: {how}"]
    assert (len(scene["arrived"]), scene["astray"], scene["ended"]) == (4, [], "")


@CLIENTS
def test_a_url_within_a_query_is_no_other_place(scenes: dict[str, Scene], client: str) -> None:
    scene = scenes[f"{client}: a URL in a query"]
    assert (len(scene["arrived"]), scene["ended"]) == (4, "")


def test_certificates_are_checked_unless_a_users_class_says_otherwise(scenes: dict[str, Scene]) -> None:
    assert scenes["trust"] == {"nothing": [True, True], "insecure": [False, False]}
