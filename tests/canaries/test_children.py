"""A process that assay starts is given the keys it needs and nobody else's; keys of both releases are hidden."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import cast

import pytest

from contracts.target import without_keys
from fixtures.sandbox.server import child_environment
from fixtures.sandbox.settings import Settings
from load.interleave import _environment
from reports.compare.interleave import BASELINE
from verify.beside import environment_of_old
from verify.commands import environment_of_parts
from verify.request import VerifyRequest
from verify.run import _masked, _masker

OWN = {"ASSAY_API_KEY": "mine-0001", "ASSAY_OTHER_API_KEY": "mine-0002", "ASSAY_ADMIN_KEY": "mine-0003"}
THERE = {"ASSAY_AGAINST_API_KEY": "past-0001", "ASSAY_AGAINST_OTHER_API_KEY": "past-0002"}
ALL = {**OWN, **THERE, "ASSAY_CANDIDATE_API_KEY": "candidate", "PATH": "/bin", "ASSAY_PARENT": "7"}


def keys_in(environment: dict[str, str]) -> set[str]:
    return set(environment.values()) & {value for name, value in ALL.items() if name.endswith("KEY")}


def test_a_child_without_use_for_keys_gets_none_and_all_else() -> None:
    assert without_keys(ALL) == {"PATH": "/bin", "ASSAY_PARENT": "7"}


def test_a_sandbox_gets_its_own_keys_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ALL.items():
        monkeypatch.setenv(name, value)
    settings = Settings(seed=1)
    environment = child_environment(settings)
    assert keys_in(environment) == set()
    assert environment["ASSAY_SANDBOX_OWNER_KEY"] == settings.owner_key
    assert environment["PATH"] == "/bin"


def test_the_parts_of_a_verification_get_the_keys_of_their_release() -> None:
    assert keys_in(environment_of_parts(ALL)) == set(OWN.values())
    assert keys_in(environment_of_parts(environment_of_old(ALL))) == {"past-0001", "past-0002", "mine-0003"}


def test_the_two_loads_that_are_compared_get_one_owner_each() -> None:
    assert _environment(ALL, BASELINE)["ASSAY_API_KEY"] == "mine-0001"
    assert _environment(ALL, "candidate")["ASSAY_API_KEY"] == "candidate"
    for turn in (BASELINE, "candidate"):
        assert "ASSAY_CANDIDATE_API_KEY" not in _environment(ALL, turn)
        assert not keys_in(_environment(ALL, turn)) & set(THERE.values())


def test_the_document_of_a_verification_shows_no_key_of_either_release_and_stays_what_it_is() -> None:
    keys = {**OWN, **THERE, "ASSAY_API_KEY": "verdict-1"}
    request = cast("VerifyRequest", SimpleNamespace(environment=keys))
    document = {"verdict": "kept", "exit_code": 0, "parts": [{"sentence": " ".join(keys.values()), "note": None}]}
    masked = _masked(document, _masker(request))
    assert [key for key in keys.values() if key in json.dumps(masked)] == []
    assert (masked["verdict"], masked["exit_code"]) == ("kept", 0)
    assert masked["parts"][0]["sentence"].split()[-1] == "<key:old-other>"
