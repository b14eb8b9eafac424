"""The gate as plain pytest: options, the fixture that its test module runs on, and one for tests of a service.

Loaded by pytest in every environment where assay is installed, so that everything else is imported only
once a test asks for the fixture.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from contracts.gate.fixture import Assay
    from contracts.gate.sessioncaps import SessionCaps
    from contracts.gate.suite import Suite

_CAPS = pytest.StashKey["SessionCaps"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of `assay gate` under the prefix ``--assay-``."""
    group = parser.getgroup("assay", "assay: hold a Purchases API to its contract")
    group.addoption("--assay-url", metavar="URL", help="base URL of the target; default: the embedded sandbox")
    group.addoption("--assay-profile", metavar="NAME", help="contract version: 2026-02 (default), 2026-05 or auto")
    group.addoption("--assay-depth", metavar="DEPTH", help="how much to try: quick (default here), full or deep")
    group.addoption("--assay-seed", metavar="N", type=int, help="seed of every random choice; default 0")
    group.addoption("--assay-time", metavar="DURATION", help="time budget, such as 90s; default by depth")
    group.addoption("--assay-max-purchases", metavar="N", type=int, help="purchases the run may make at most")
    group.addoption("--assay-max-spend", metavar="AMOUNT", help="what they may cost at most")
    group.addoption("--assay-allow-host", metavar="HOST", action="append", help="a host beside loopback to test")
    group.addoption("--assay-out", metavar="DIR", type=Path, help="run directory; default reports/runs/<time>-gate")
    group.addoption("--assay-config", metavar="FILE", type=Path, help="settings file; default assay.toml")


@pytest.fixture(scope="session")
def assay_suite(request: pytest.FixtureRequest) -> Iterator[Suite]:
    """The gate of this pytest session; its documents are written when the session ends."""
    from contracts.errors import UsageError  # noqa: PLC0415 - see the module's docstring
    from contracts.gate.suite import open_suite  # noqa: PLC0415

    def option(name: str) -> Any:
        return request.config.getoption(f"--assay-{name}")

    try:
        with open_suite(option, processes=_processes(request.config), caps=_caps(request.config)) as suite:
            yield suite
    except UsageError as error:
        pytest.exit(f"assay: {error}", returncode=2)


@pytest.fixture
def assay(request: pytest.FixtureRequest) -> Iterator[Assay]:
    """The gate and the oracle, for a service's own tests: ``assay.gate(app)``, ``assay.watch(client)``."""
    from contracts.gate.fixture import make_assay  # noqa: PLC0415 - see the module's docstring

    made = make_assay(lambda name: request.config.getoption(f"--assay-{name}"), _caps(request.config))
    yield made
    made.check()


def _processes(config: pytest.Config) -> int:
    # A pytest that another one's worker has started inherits that one's environment; only its own configuration tells.
    return int(getattr(config, "workerinput", {}).get("workercount", 1))


def _caps(config: pytest.Config) -> SessionCaps:
    """Return the caps that all gates of the session share."""
    from contracts.gate.sessioncaps import SessionCaps  # noqa: PLC0415 - see the module's docstring

    return config.stash.setdefault(_CAPS, SessionCaps(_processes(config)))
