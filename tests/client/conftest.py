"""The official client, whatever version is installed, facing a sandbox of the profile it was made for."""

import importlib.metadata
from contextlib import contextmanager

import gmt
import httpx
import pytest

from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings

VERSION = tuple(int(part) for part in importlib.metadata.version("gmt-python-sdk").split(".")[:2])

# From 0.42 on the client knows every key of 2026-05, and up to 0.30 none of them.
PROFILE = "2026-05" if VERSION >= (0, 42) else "2026-02"


class World:
    """A sandbox, and what a test needs to reach it."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.profile = PROFILE

    @contextmanager
    def client(self, key=None):
        """Give a client that checks every answer against its own types and never tries twice."""
        with httpx.Client(trust_env=False, verify=False) as transport:
            yield gmt.Gmt(
                api_key=key or self.sandbox.owner_key,
                base_url=self.sandbox.url,
                max_retries=0,
                http_client=transport,
                _strict_response_validation=True,
            )

    def do(self, operation, **members):
        response = httpx.post(
            f"{self.sandbox.url}/admin/{operation}",
            headers={"x-admin-key": self.sandbox.admin_key},
            json=members,
            trust_env=False,
            verify=False,
        )
        assert response.status_code == 200, response.text

    def ask(self, operation):
        headers = {"x-admin-key": self.sandbox.admin_key}
        response = httpx.get(f"{self.sandbox.url}/admin/{operation}", headers=headers, trust_env=False, verify=False)
        assert response.status_code == 200, response.text
        return response.json()


@pytest.fixture
def world():
    with SandboxThread(Settings(profile=PROFILE, seed=13)) as sandbox:
        yield World(sandbox)


@pytest.fixture
def client(world):
    with world.client() as client:
        yield client


@pytest.fixture
def listing():
    """The parameters that a list needs: the newer client demands an order."""
    return {"sort": "date_desc"} if PROFILE == "2026-05" else {}
