"""The processes of `compose.yaml`, on this machine and without containers: sandbox, master and workers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import yaml

from reports.rundocs import load_run
from tests.test_cli import ROOT

WORKERS = 2


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def start(service: dict[str, Any], ports: dict[str, str], place: Path) -> subprocess.Popen[bytes]:
    values = {
        "${PLAN:-smoke}": "smoke",
        "${WORKERS:-2}": str(WORKERS),
        "${ASSAY_API_KEY:-sandbox-owner}": "sandbox-owner",
        "/runs": str(place),
        **ports,
    }

    def filled(text: str) -> str:
        for old, new in values.items():
            text = text.replace(old, new)
        return text

    words = [filled(word) for word in service["command"]]
    program = {"python": [sys.executable], "assay": [sys.executable, "-P", "-m", "assay"]}[words[0]]
    environment = {**os.environ, **{name: filled(value) for name, value in service.get("environment", {}).items()}}
    return subprocess.Popen([*program, *words[1:]], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)


def test_master_and_workers_load_the_sandbox(tmp_path: Path) -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    ports = {"8080": str(free_port()), "5557": str(free_port())}
    running = [start(services["sandbox"], ports, tmp_path)]
    try:
        until = time.monotonic() + 20
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{ports['8080']}/openapi.json", trust_env=False).raise_for_status()
                break
            except httpx.HTTPError:
                assert time.monotonic() < until, "the sandbox did not start"
                time.sleep(0.1)
        running.append(start(services["master"], ports, tmp_path))
        running += [start(services["worker"], ports, tmp_path) for _ in range(WORKERS)]
        code = running[1].wait(120)
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(20)
    document = load_run(tmp_path / "compose-load")
    assert code == document["exit_code"]
    workers = document["load"]["generator"]["workers"]
    assert [worker["state"] for worker in workers] == ["finished"] * WORKERS
    assert all(worker["requests"] for worker in workers)
    assert not document["findings"]
