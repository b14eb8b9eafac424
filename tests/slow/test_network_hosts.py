"""Workers on other hosts: network namespaces stand for machines, joined by wires of their own."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from fixtures.sandbox.settings import Settings
from tests.load.runs import await_, result, rows

_NUMBERS = itertools.count()

ROOT = Path(__file__).resolve().parents[2]
ADDRESSES = {"master": "10.211.0.1", "one": "10.211.0.2", "two": "10.211.0.3", "target": "10.211.0.4"}
MASTER = f"{ADDRESSES['master']}:5557"
TARGET = f"http://{ADDRESSES['target']}:8080"
PLAN = """
[plan]
rate = "20/s"
[journeys]
buyer = 3
poller = 1
"""
SANDBOX = f"""
import sys
from fixtures.sandbox.server import serve
from fixtures.sandbox.settings import Settings

settings = Settings(seed=int(sys.argv[1]), balance="9999999999.00")
serve(settings, host="{ADDRESSES["target"]}", port=8080, ready=lambda url: print(url, flush=True))
"""
PROFILE = f"""
import os
import urllib.request

request = urllib.request.Request("{TARGET}/v1/profile", headers={{"x-api-key": os.environ["ASSAY_API_KEY"]}})
print(urllib.request.build_opener(urllib.request.ProxyHandler({{}})).open(request, timeout=10).read().decode())
"""


def ip(*arguments: str) -> str:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, timeout=20, check=False)
    if done.returncode:
        raise OSError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


class Network:
    """Four hosts on one switch, each a network namespace; everything is gone once it is closed."""

    def __init__(self) -> None:
        self._prefix = f"assay{os.getpid()}-{next(_NUMBERS)}-"
        self._made: list[str] = []
        self._processes: list[subprocess.Popen[str]] = []
        try:
            self._build()
        except BaseException:
            self.close()
            raise

    def _build(self) -> None:
        switch = self._add("switch")
        ip("-n", switch, "link", "add", "bridge", "type", "bridge")
        ip("-n", switch, "link", "set", "bridge", "up")
        for number, (host, address) in enumerate(ADDRESSES.items()):
            space = self._add(host)
            ip("-n", switch, "link", "add", f"port{number}", "type", "veth", "peer", "name", "eth0", "netns", space)
            ip("-n", switch, "link", "set", f"port{number}", "master", "bridge", "up")
            ip("-n", space, "address", "add", f"{address}/24", "dev", "eth0")
            ip("-n", space, "link", "set", "eth0", "up")
            ip("-n", space, "link", "set", "lo", "up")

    def _add(self, host: str) -> str:
        space = self.space(host)
        ip("netns", "add", space)
        self._made.append(space)
        return space

    def close(self) -> None:
        """End every process and remove every namespace."""
        for process in self._processes:
            process.kill()
            process.communicate()
        for space in self._made:
            for pid in ip("netns", "pids", space).split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            ip("netns", "delete", space)

    def space(self, host: str) -> str:
        """Return the name of a host's namespace."""
        return f"{self._prefix}{host}"

    def start(self, host: str, *arguments: str, key: str, within: Sequence[str] = ()) -> subprocess.Popen[str]:
        """Start Python on a host; its process id is the program's own, unless it runs within another one."""
        process = subprocess.Popen(
            ["ip", "netns", "exec", self.space(host), *within, sys.executable, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
            env={**os.environ, "ASSAY_API_KEY": key},
        )  # fmt: skip
        self._processes.append(process)
        return process


def make_network() -> Network:
    if os.geteuid() or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and iproute2")
    try:
        return Network()
    except OSError as error:
        pytest.skip(f"network namespaces cannot be made here: {error}")


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with contextlib.closing(make_network()) as network:
        yield network


class Site:
    """A target on a host of its own, and runs against it."""

    def __init__(self, network: Network, seed: int) -> None:
        self.network = network
        self.key = Settings(seed=seed).owner_key
        target = network.start("target", "-c", SANDBOX, str(seed), key="")
        self._started = [target]
        assert target.stdout is not None
        assert target.stdout.readline().strip() == TARGET

    def load(self, out: Path, *options: str) -> subprocess.Popen[str]:
        """Start the master of a run with two workers; the plan has no objectives, which a busy machine would miss."""
        plan = out.with_suffix(".toml")
        plan.write_text(PLAN)
        return self.network.start(
            "master", "-m", "assay", "load", str(plan), "--url", TARGET, "--allow-host", ADDRESSES["target"],
            "--master", MASTER, "--expect-workers", "2", "--out", str(out), "--quiet", *options, key=self.key,
        )  # fmt: skip

    def work(self, host: str, *, within: Sequence[str] = ()) -> subprocess.Popen[str]:
        """Start a worker."""
        hand = self.network.start(host, "-m", "assay", "load", "--worker", MASTER, key=self.key, within=within)
        self._started.append(hand)
        return hand

    def sold(self) -> int:
        """Return how many purchases the target itself has sold."""
        done = self.network.start("master", "-c", PROFILE, key=self.key)
        told, complaint = done.communicate(timeout=20)
        assert done.returncode == 0, complaint
        return int(json.loads(told)["statistics"]["total_purchases"])

    def close(self) -> None:
        """End the target, and workers that still look for a master: they would find the next one."""
        for process in self._started:
            process.kill()
            process.communicate()


@pytest.fixture
def site(network: Network) -> Iterator[Site]:
    with contextlib.closing(Site(network, seed=11)) as site:
        yield site


def workers_of(document: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """Return what a run says of its workers, by process id, which ends their names."""
    return {int(worker["name"].split()[-1]): worker for worker in document["load"]["generator"]["workers"]}


def test_workers_on_two_hosts_send_as_one(site: Site, tmp_path: Path) -> None:
    master = site.load(tmp_path / "r", "--rate", "20/s", "--duration", "4s", "--warmup", "1s", "--max-purchases", "500")
    hands = [site.work("one"), site.work("two")]
    _, complaint = master.communicate(timeout=80)
    # A busy machine makes the generator late; that is the truth, too.
    assert master.returncode in {0, 3}, complaint
    assert [hand.wait(20) for hand in hands] == [0, 0]
    document = result(tmp_path / "r")
    workers = workers_of(document)
    assert set(workers) == {hand.pid for hand in hands}
    assert {worker["state"] for worker in workers.values()} == {"finished"}
    assert all(worker["requests"] > 0 for worker in workers.values())
    assert sum(worker["requests"] for worker in workers.values()) == document["requests"]
    assert not [finding for finding in document["findings"] if finding["severity"] == "error"]
    exercised = {clause["id"]: clause["exercised"] for clause in document["clauses"]}
    assert exercised["LOAD-1"] == document["requests"], "every answer that any worker got is judged"
    assert document["purchases"] == site.sold() > 0


def test_a_worker_too_many_has_no_part_in_the_run(site: Site, tmp_path: Path) -> None:
    hands = [site.work("one"), site.work("two"), site.work("one")]
    master = site.load(tmp_path / "r", "--rate", "20/s", "--duration", "3s", "--max-purchases", "500")
    _, complaint = master.communicate(timeout=80)
    assert master.returncode in {0, 3}, complaint
    document = result(tmp_path / "r")
    workers = workers_of(document)
    assert len(workers) == 2
    assert all(worker["state"] == "finished" and worker["requests"] > 0 for worker in workers.values())
    begun = sum(journey["started"] for journey in document["load"]["journeys"])
    due = 20 * (3 + document["load"]["warmup_s"] / 2)
    # The last few may come due after the master's end: a worker's clock begins when it hears of it.
    assert due - 8 <= begun <= due, "nobody's part of the schedule is missing"
    [left_out] = [hand for hand in hands if hand.pid not in workers]
    assert left_out.poll() is None, "it goes on asking"


def test_workers_of_one_name_are_told_apart(site: Site, tmp_path: Path) -> None:
    """In containers on one host's network both are process 1 of one host name."""
    if shutil.which("unshare") is None:
        pytest.skip("process namespaces need util-linux")
    container = ["unshare", "--pid", "--fork", "--kill-child"]
    master = site.load(tmp_path / "r", "--rate", "20/s", "--duration", "3s", "--max-purchases", "500")
    hands = [site.work("one", within=container), site.work("two", within=container)]
    _, complaint = master.communicate(timeout=80)
    assert master.returncode in {0, 3}, complaint
    assert [hand.wait(20) for hand in hands] == [0, 0]
    document = result(tmp_path / "r")
    first, second = document["load"]["generator"]["workers"]
    assert second["name"] == f"{first['name']} (2)"
    assert first["requests"] > 0
    assert second["requests"] > 0
    assert document["purchases"] == site.sold() > 0, "what both bought adds up"


def test_a_cap_holds_over_all_hosts(site: Site, tmp_path: Path) -> None:
    master = site.load(tmp_path / "r", "--rate", "40/s", "--duration", "20s", "--max-purchases", "25")
    hands = [site.work("one"), site.work("two")]
    _, complaint = master.communicate(timeout=80)
    assert master.returncode == 3, complaint
    assert [hand.wait(20) for hand in hands] == [0, 0]
    document = result(tmp_path / "r")
    assert document["purchases"] == 25 == site.sold()
    assert any("cap of" in reason for reason in document["reasons"])
    assert all(worker["requests"] > 0 for worker in workers_of(document).values())


def test_a_worker_that_is_killed_is_named_and_the_rest_is_reported(site: Site, tmp_path: Path) -> None:
    out = tmp_path / "r"
    master = site.load(out, "--rate", "20/s", "--duration", "14s", "--max-purchases", "2000")
    killed, left = site.work("one"), site.work("two")
    await_(lambda: rows(out) >= 2)
    killed.kill()
    # An orchestrator starts another one in its place, which knows nothing of what that one had bought and seen.
    newcomer = site.work("one")
    _, complaint = master.communicate(timeout=80)
    document = result(out)
    assert master.returncode == 3, (complaint, document["findings"])
    workers = workers_of(document)
    assert workers[killed.pid]["state"] == "lost"
    assert workers[killed.pid]["requests"] > 0, "what it had told stays"
    assert workers[left.pid]["state"] == "finished"
    assert newcomer.pid not in workers
    name = workers[killed.pid]["name"]
    assert any(f"worker {name} was lost" in reason for reason in document["reasons"])
    assert left.wait(20) == 0
    assert sum(worker["requests"] for worker in workers.values()) == document["requests"]
    late = [row for row in document["load"]["timeline"] if 9 <= row["t"] < 13]
    assert all(0 < row["achieved"] < row["asked"] for row in late), "the other one goes on at its own half"


def test_nothing_is_left_behind() -> None:
    network = make_network()
    names = {network.space(host) for host in ("switch", *ADDRESSES)}
    try:
        sleeper = network.start("one", "-c", "import time; time.sleep(600)", key="")
        assert names <= spaces()
    finally:
        network.close()
    assert not names & spaces()
    assert sleeper.returncode == -signal.SIGKILL


def spaces() -> set[str]:
    return {line.split()[0] for line in ip("netns", "list").splitlines()}
