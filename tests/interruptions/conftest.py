"""Signals as a terminal gives them: whoever starts the tests with SIGHUP ignored, as nohup does, changes nothing."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="package", autouse=True)
def _a_hang_up_is_heard() -> Iterator[None]:
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)
