"""Locust's HttpUser trusts over TLS whom all of assay trusts, unless its own code says otherwise."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.trust import FILE_VARIABLE, trust, trusted
from fixtures.hostile.catalogue import find
from fixtures.hostile.certificates import write_authority
from fixtures.hostile.serving import HostileTarget

ASKING = """
import gevent.monkey
gevent.monkey.patch_all()
import sys
from locust.clients import HttpSession
from locust.env import Environment
from load.clock import Clock
from load.custody import Custody
url = sys.argv[1]
Custody(url, None, None, Clock())
client = HttpSession(url, Environment().events.request, None)
print(client.get("/v1/profile", timeout=20).status_code, client.get("/v1/profile", verify=False).status_code)
"""


def answered(url: str, **environment: str) -> list[str]:
    """Return the statuses that a session got, 0 for no connection: as assay has it, and as its own code wants it."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASKING, url],
        capture_output=True, text=True, timeout=100, check=False, env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_file_that_is_named_is_trusted_and_nothing_else_is(tmp_path: Path) -> None:
    file, named = tmp_path / "ca.pem", dict[str, str]()
    write_authority(file)
    trust(file, named)
    with HostileTarget(find("tls-right")) as target:
        assert answered(target.url, **named, REQUESTS_CA_BUNDLE=str(tmp_path)) == ["401", "401"]
        assert answered(target.url) == ["0", "401"]


@pytest.mark.parametrize("own", [False, "/etc/own.pem"])
def test_what_the_users_own_code_says_stands(own: object) -> None:
    assert trusted(own, {FILE_VARIABLE: "/etc/named.pem", "REQUESTS_CA_BUNDLE": "/etc/ambient.pem"}) == own


def test_a_list_named_for_the_library_alone_stands_where_assay_was_given_none() -> None:
    assert trusted("/etc/ambient.pem", {"REQUESTS_CA_BUNDLE": "/etc/ambient.pem"}) == "/etc/ambient.pem"
