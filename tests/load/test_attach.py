"""A user's own locust users: every answer of theirs is judged as ours are, and their creates are held to the caps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Scenes = dict[str, Any]


class Shop(BaseHTTPRequestHandler):
    """Sells whatever is asked for but in the country ZZ."""

    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        asked = self.rfile.read(int(self.headers.get("content-length") or 0))
        sent.append((self.command, self.path))
        body = b'{"id":7}'
        self.send_response(422 if b"ZZ" in asked else 200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer  # noqa: N815 - the base class calls them so

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


sent: list[tuple[str, str]] = []


@pytest.fixture(scope="module")
def scenes() -> Iterator[Scenes]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tests.load.attached", f"http://127.0.0.1:{server.server_address[1]}"],
            capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "NO_PROXY": "127.0.0.1"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        yield json.loads(done.stdout)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def event(scenes: Scenes, name: str) -> dict[str, Any]:
    [told] = scenes["events"][name]
    assert isinstance(told, dict)
    return told


def test_an_answer_is_judged_and_counted_with_all_that_clauses_need(scenes: Scenes) -> None:
    assert event(scenes, "retrieve") == {
        "operation": "retrieve_purchase", "method": "GET", "path": "/v1/purchases/7", "body": "", "principal": "owner",
        "status": 200, "headers": [["content-type", "application/json"]], "answer": '{"id":7}', "error": None,
        "detail": "", "sent": 9.75, "ended": 10.0, "lawful": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "operation", "path"),
    [
        ("list", "list_purchases", "/v1/purchases?page=1&page_size=5"),
        ("slash", "retrieve_purchase", "/v1/purchases/7/"),
        ("create", "create_purchase", "/v1/purchases"),
    ],
)
def test_the_operation_is_known_by_its_path_below_the_base(
    scenes: Scenes, name: str, operation: str, path: str
) -> None:
    told = event(scenes, name)
    assert (told["operation"], told["path"]) == (operation, path)


def test_what_is_no_operation_of_the_api_is_none(scenes: Scenes) -> None:
    told = event(scenes, "elsewhere")
    assert told["operation"] not in {"retrieve_purchase", "list_purchases", "create_purchase"}
    assert told["path"] == "/other"


def test_a_creates_body_and_method_are_told_as_sent(scenes: Scenes) -> None:
    told = event(scenes, "create")
    assert (told["method"], told["body"]) == ("POST", '{"country_code": "US"}')


@pytest.mark.parametrize(
    ("name", "principal"),
    [("retrieve", "owner"), ("other", "other"), ("unseen key", "owner"), ("stranger", "stranger:another key")],
)
def test_whose_key_was_shown_is_told_and_never_the_key(scenes: Scenes, name: str, principal: str) -> None:
    told = event(scenes, name)
    assert told["principal"] == principal
    assert "-key" not in json.dumps(told)


def test_an_answer_that_the_judge_finds_unlawful_is_counted_so(scenes: Scenes) -> None:
    assert event(scenes, "broken")["lawful"] is False


def test_no_answer_is_counted_as_a_connection_lost_with_its_time(scenes: Scenes) -> None:
    told = event(scenes, "no answer")
    assert (told["status"], told["error"], told["detail"]) == (0, "closed", "ConnectionResetError")
    assert (told["sent"], told["ended"]) == (9.75, 10.0)


def test_events_of_another_protocol_are_left_alone_and_counted(scenes: Scenes) -> None:
    assert scenes["events"]["another protocol"] == {"told": [], "unreadable": 1}


@pytest.mark.parametrize("client", ["fast", "plain"])
def test_creates_are_held_to_the_cap_before_they_leave(scenes: Scenes, client: str) -> None:
    held = scenes["creates"][client]
    assert held["before"] == [], "only a create costs"
    assert [json.loads(body)["country_code"] for body in held["reserved"]] == ["US", "ZZ"]
    assert held["settled"] == [200, 422]
    assert held["stopped"], "the user who may not buy any more stops"
    operations = [told["operation"] for told in held["told"]]
    assert operations == ["retrieve_purchase", "request_code", "create_purchase", "create_purchase"]
    assert [told["status"] for told in held["told"]] == [200, 200, 200, 422]
    assert all(told["principal"] == "owner" for told in held["told"])


def test_a_create_beyond_the_cap_was_never_sent(scenes: Scenes) -> None:
    creates = [path for method, path in sent if (method, path.rstrip("/")) == ("POST", "/shop/v1/purchases")]
    assert len(creates) == 4, "two of each client"


@pytest.mark.parametrize("client", ["fast", "plain"])
def test_a_create_of_unknown_outcome_is_settled_as_that(scenes: Scenes, client: str) -> None:
    held = scenes["creates"][f"{client}, nobody there"]
    assert len(held["reserved"]) == 1
    assert held["settled"] == [0]
    [told] = held["told"]
    assert (told["operation"], told["status"], told["error"]) == ("create_purchase", 0, "closed")


def test_the_users_of_a_locustfile_are_those_that_are_not_abstract(scenes: Scenes) -> None:
    assert scenes["files"]["good"] == ["Buyer"]


@pytest.mark.parametrize(("name", "complaint"), [("empty", "has no user class"), ("raises", "OSError: no room")])
def test_a_locustfile_that_cannot_be_used_says_why_in_a_line(scenes: Scenes, name: str, complaint: str) -> None:
    told = scenes["files"][name]
    assert told.startswith("-f ")
    assert complaint in told
    assert "\n" not in told
