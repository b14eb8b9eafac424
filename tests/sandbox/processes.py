"""Several server processes on one database, as tests call them."""

from fixtures.sandbox.server import SandboxProcess
from fixtures.sandbox.settings import Settings
from tests.sandbox.conftest import Api


def apis(database, stack, count=2, **changes):
    """Start processes on one database; give a caller of each."""
    values = Settings(profile="2026-05", seed=3, store=database, **changes)
    return [Api(stack.enter_context(SandboxProcess(values)), stack) for _ in range(count)]
