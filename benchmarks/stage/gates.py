"""Runs gate after gate in one process, each by what a test of a service has as its fixture `assay`.

    python benchmarks/stage/gates.py FOLDER

For every line of standard input, such as ``{"url": "http://127.0.0.1:1", "keys": {...}, "depth": "quick"}``, it runs
one gate and answers with one line: ``{"verdict": "kept", "requests": 1990, "purchases": 43, "cpu": 3.9}``, processor
time in seconds. Run directories are made in the folder and deleted again.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from contracts.gate.fixture import make_assay

PATIENT = "10m"
"""Time budget of a gate: far more than it takes, so that a busy machine leaves nothing out."""


def run_gate(asked: dict[str, object], out: Path) -> dict[str, object]:
    """Run one gate and return what came of it.

    Args:
        asked: one line of standard input, decoded.
        out: its run directory.
    """
    keys = asked["keys"]
    assert isinstance(keys, dict)
    began = time.process_time()
    assay = make_assay({"url": asked["url"], "depth": asked["depth"], "time": PATIENT}.get)
    try:
        document = assay.gate(key=keys["owner"], other_key=keys["other"], admin_key=keys["admin"], out=out)
    except pytest.fail.Exception:
        document = json.loads((out / "run.json").read_text())
    assay.check()
    told = {name: document[name] for name in ("verdict", "requests", "purchases")}
    return {**told, "cpu": time.process_time() - began}


def main() -> None:
    """Run gates until standard input ends."""
    folder = Path(sys.argv[1])
    for number, line in enumerate(sys.stdin):
        out = folder / f"gate-{number}"
        told = run_gate(json.loads(line), out)
        shutil.rmtree(out)
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
