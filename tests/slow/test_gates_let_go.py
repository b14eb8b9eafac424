"""Whole gates in one process, as a suite runs them: each is let go when it is over, whatever it came to."""

from __future__ import annotations

import gc
from pathlib import Path

import psutil
import pytest

from contracts.gate.fixture import make_assay
from contracts.gate.run import AUTO, Gate
from contracts.gate.session import Session
from fixtures.defects.catalogue import wrap
from fixtures.sandbox.app import create_app
from fixtures.sandbox.settings import Settings


def gate(out: Path, *, defects: tuple[str, ...] = (), profile: str = "2026-02", depth: str = "quick") -> str:
    """Run a gate on an application that a thread of this process serves, and return its verdict."""
    served = "2026-05" if profile == AUTO else profile
    settings = Settings(profile=served, seed=1, failure_rate=0.1, pending_rate=0.1)
    assay = make_assay({"profile": profile, "depth": depth, "time": "10m"}.get)
    try:
        document = assay.gate(
            wrap(create_app(settings), defects),
            key=settings.owner_key,
            other_key=settings.other_key,
            admin_key=settings.admin_key,
            out=out,
        )
    except pytest.fail.Exception:
        return "failed"
    return str(document["verdict"])


def alive() -> int:
    gc.collect()
    return sum(type(each) in {Session, Gate} for each in gc.get_objects())


def test_gates_leave_no_session_descriptor_or_thread(tmp_path: Path) -> None:
    here = psutil.Process()
    assert gate(tmp_path / "first") == "kept"
    before = here.num_fds(), here.num_threads()
    assert gate(tmp_path / "broken", defects=("key-in-cookie",)) == "failed"
    assert gate(tmp_path / "newer", profile="2026-05") == "kept"
    assert gate(tmp_path / "detected", profile=AUTO) == "kept"
    assert gate(tmp_path / "full", depth="full") == "kept"
    assert alive() == 0
    assert (here.num_fds(), here.num_threads()) == before
