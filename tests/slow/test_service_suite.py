"""A service's own suite gates its application through the fixture ``assay``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from fixtures.sandbox.settings import Settings
from tests.test_cli import ROOT

SUITE = """
from fixtures.defects.catalogue import wrap
from fixtures.sandbox.app import create_app
from fixtures.sandbox.settings import Settings

SETTINGS = Settings(seed=3)
KEYS = {"key": SETTINGS.owner_key, "other_key": SETTINGS.other_key, "admin_key": SETTINGS.admin_key}


def test_contract(assay):
    document = assay.gate(create_app(SETTINGS), **KEYS)
    assert document["verdict"] == "kept"


def test_a_broken_contract(assay):
    assay.gate(wrap(create_app(SETTINGS), ["phone-with-newline"]), **KEYS)
"""


def test_an_application_is_gated_by_its_own_suite(tmp_path: Path) -> None:
    (tmp_path / "test_shop.py").write_text(SUITE)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "contracts.gate.plugin", "-p", "no:cacheprovider", "-rA"],
        cwd=tmp_path, env={"PATH": "/usr/bin", "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert "PASSED test_shop.py::test_contract\n" in done.stdout, done.stdout
    assert "FAILED test_shop.py::test_a_broken_contract" in done.stdout
    assert "SHAPE-6" in done.stdout
    assert Settings(seed=3).owner_key not in done.stdout
    assert len(list(tmp_path.rglob("run.json"))) == 2
