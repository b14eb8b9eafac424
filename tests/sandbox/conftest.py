"""A running sandbox and the three callers it knows."""

from contextlib import ExitStack

import httpx
import pytest

from fixtures.sandbox.profiles import PROFILES
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings


class Api:
    """A sandbox with a client for each of its keys, and one without any."""

    def __init__(self, sandbox, stack):
        self.sandbox = sandbox
        self.profile = sandbox.settings.profile

        def client(**headers):
            return stack.enter_context(
                httpx.Client(base_url=sandbox.url, headers=headers, trust_env=False, verify=False, timeout=10)
            )

        self.owner = client(**{"x-api-key": sandbox.owner_key})
        self.other = client(**{"x-api-key": sandbox.other_key})
        self.admin = client(**{"x-admin-key": sandbox.admin_key})
        self.nobody = client()

    def buy(self, country_code="US", by=None):
        response = (by or self.owner).post("/v1/purchases", json={"country_code": country_code})
        assert response.status_code == 200, response.text
        return response.json()

    def code(self, purchase_id):
        return self.owner.post(f"/v1/purchases/{purchase_id}/request-code")

    def show(self, purchase_id):
        return self.owner.get(f"/v1/purchases/{purchase_id}").json()

    def list(self, **parameters):
        response = self.owner.get("/v1/purchases", params={"page": 1, "page_size": 50, **parameters})
        assert response.status_code == 200, response.text
        return response.json()

    def balance(self):
        return float(self.owner.get("/v1/profile").json()["balance"]["amount"])

    def do(self, operation, **members):
        response = self.admin.post(f"/admin/{operation}", json=members)
        assert response.status_code == 200, response.text
        return response.json()

    def script(self, *outcomes, **members):
        return self.do("provider", outcomes=outcomes, **members)

    def advance(self, seconds):
        return self.do("clock", advance_s=seconds)["now"]

    def purchases(self):
        return self.admin.get("/admin/state").json()["purchases"]


@pytest.fixture(scope="session", params=PROFILES)
def shared(request):
    """A sandbox that many tests share, of either profile; they leave its clock, stock and script alone."""
    with ExitStack() as stack:
        settings = Settings(profile=request.param, seed=11, balance="1000000")
        yield Api(stack.enter_context(SandboxThread(settings)), stack)


@pytest.fixture
def start():
    """Start a sandbox of the test's own with these settings."""
    with ExitStack() as stack:

        def start_one(**settings):
            return Api(stack.enter_context(SandboxThread(Settings(**settings))), stack)

        yield start_one


@pytest.fixture
def api(start):
    """A sandbox of the test's own, of the newer profile."""
    return start(profile="2026-05", seed=3)
