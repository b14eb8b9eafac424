"""The drift of a release."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import yaml

from contracts.profiles import openapi_document
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings
from tests.gate.rawserver import answer, raw_server, read_request
from verify.drifting import FILE, find_drift
from verify.part import Part, State


def drift(served: str, place: Path, *, named: bool = False) -> tuple[Part, list[str]]:
    part, troubles = find_drift("2026-02", served, place, allow_hosts=(), key=None, named=named)
    return part, [f"{trouble.severity} {trouble.title}" for trouble in troubles]


def test_a_target_that_serves_what_it_should_drifts_nowhere(tmp_path: Path) -> None:
    with SandboxThread(Settings()) as sandbox:
        part, troubles = drift(sandbox.url, tmp_path)
    assert (part.state, troubles) == (State.KEPT, [])
    assert json.loads((tmp_path / FILE).read_text())["verdict"] == "compatible"


def test_a_key_that_answers_lack_is_an_error_by_name(tmp_path: Path) -> None:
    document = openapi_document("2026-02")
    purchase = document["components"]["schemas"]["Purchase"]
    del purchase["properties"]["phone_number"]
    purchase["required"].remove("phone_number")
    (tmp_path / "new.yaml").write_text(yaml.safe_dump(document))
    part, troubles = drift(str(tmp_path / "new.yaml"), tmp_path, named=True)
    assert (part.state, part.exit_code) == (State.BROKEN, 1)
    assert any(trouble.startswith("error Purchase.phone_number") for trouble in troubles)


def test_a_target_that_serves_no_document_is_left_out_with_the_way_out(tmp_path: Path) -> None:
    def nothing(sock: socket.socket) -> None:
        while read_request(sock):
            sock.sendall(answer(b"{}", "404 Not Found"))

    with raw_server(nothing) as url:
        part, _ = drift(url, tmp_path)
    assert part.state is State.LEFT_OUT
    assert "serves no OpenAPI document" in part.sentence
    assert "--contract FILE" in part.sentence


def test_a_document_that_was_named_must_be_there(tmp_path: Path) -> None:
    part, _ = drift(str(tmp_path / "gone.yaml"), tmp_path, named=True)
    assert part.state is State.INCONCLUSIVE
