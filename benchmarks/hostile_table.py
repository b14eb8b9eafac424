"""Every hostile target met by the gate, the doctor and a load run, and what became of it: a table.

    python benchmarks/hostile_table.py [--only NAME,…] [--modes gate,doctor,load] [--onsets start,after]
                                       [--jobs N] [--slack N] [--markdown]

Each command runs as a process of its own against a target of its own. The exit code is 1 when any of them ends
otherwise than designed, takes too long or too much memory, or leaves something behind.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import jsonschema

from fixtures.hostile.catalogue import HOSTILES, find
from fixtures.hostile.certificates import write_authority
from fixtures.hostile.model import AFTER, COMMANDS, ONSETS, START, Design, Hostile
from fixtures.hostile.serving import HostileTarget

MAX_MEGABYTES: Final = 500
MAX_DESCRIPTORS: Final = 128
PATIENCE_S: Final = {"gate": 45.0, "doctor": 30.0, "load": 60.0}
"""Wall seconds after which a command counts as hanging; on a machine that does nothing else it takes half."""

GOOD_ANSWERS: Final = {"gate": 60, "doctor": 5, "load": 60}
"""Good answers before a target misbehaves that is well at the start: past the preflight of each command."""

COUNTRIES: Final = ("US", "GB", "DE", "KZ")

SETTINGS: Final = f'countries = {json.dumps(COUNTRIES)}\ntime = "12s"\ntimeout = "2s"\n'

PLAN: Final = f"""
objectives = ["error_rate < 1%", "findings <= 0", "achieved_rate >= 50%"]
[plan]
name = "hostile"
rate = "8/s"
warmup = "0s"
duration = "5s"
arrival = "constant"
timeout = "2s"
patience = "5s"
max_wait = "5s"
max_dropped = "50%"
countries = {json.dumps(COUNTRIES)}
[journeys]
buyer = 4
browser = 2
poller = 3
"""

CLOCK_BACK: Final = "our-clock-goes-back"
"""Not a target but ourselves: the machine's clock is set back by an hour while a command runs."""

_CLOCK: Final = """
import time, datetime
_time, _start = time.time, time.monotonic()
def _off():
    return -3600.0 if time.monotonic() - _start > 2.0 else 0.0
class _Datetime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(time.time(), tz)
time.time = lambda: _time() + _off()
datetime.datetime = _Datetime
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """One command against one target.

    Attributes:
        name: of the target.
        command: gate, doctor or load.
        onset: when the target misbehaves.
    """

    name: str
    command: str
    onset: str

    @property
    def hostile(self) -> Hostile:
        """The target."""
        return find("well-behaved" if self.name == CLOCK_BACK else self.name)

    @property
    def design(self) -> Design:
        """What is to come of it."""
        return self.hostile.designs[self.command, self.onset]


@dataclass(slots=True)
class Outcome:
    """What came of a trial.

    Attributes:
        exit_code: of the command; None when it had to be ended.
        seconds: wall time.
        megabytes: most memory it ever had, its children included.
        descriptors: most descriptors seen open.
        line: its own words for what happened.
        clauses: named by findings of severity error.
        departures: in what it departs from the design.
    """

    exit_code: int | None = None
    seconds: float = 0.0
    megabytes: float = 0.0
    descriptors: int = 0
    line: str = ""
    clauses: tuple[str, ...] = ()
    departures: list[str] = field(default_factory=list)


def attempt(trial: Trial, *, keep: Path | None = None, slack: float = 1.0) -> Outcome:
    """Run one command against one target, and look at everything it left.

    Args:
        trial: which.
        keep: directory to copy what it wrote to.
        slack: how many times longer it may take, on a machine that has other things to do.
    """
    after = GOOD_ANSWERS[trial.command] if trial.onset == AFTER else 0
    with tempfile.TemporaryDirectory(prefix="hostile-") as name:
        home = Path(name)
        (home / "assay.toml").write_text(SETTINGS)
        (home / "plan.toml").write_text(PLAN)
        with HostileTarget(trial.hostile, after) as target:
            outcome = _run(trial, target, home, PATIENCE_S[trial.command] * slack)
            if target.front.strayed:
                outcome.departures.append(f"{len(target.front.strayed)} requests went to another origin")
        secrets = [value.encode() for value in target.keys.values()]
        _examine(trial, outcome, home, secrets)
        if keep is not None:
            shutil.copytree(home, keep / f"{trial.name}-{trial.command}-{trial.onset}", dirs_exist_ok=True)
    return outcome


def _run(trial: Trial, target: HostileTarget, home: Path, patience: float) -> Outcome:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        **target.keys,
    }
    if trial.hostile.secure is not None:
        write_authority(home / "ca.pem")
        environment["SSL_CERT_FILE"] = str(home / "ca.pem")
    if trial.name == CLOCK_BACK:
        (home / "sitecustomize.py").write_text(_CLOCK)
        environment["PYTHONPATH"] = f"{home}{os.pathsep}{ROOT}"
    command = [sys.executable, str(ROOT / "assay.py"), *_arguments(trial.command, target.url)]
    outcome = Outcome()
    began = time.perf_counter()
    with (home / "stdout").open("wb") as out, (home / "stderr").open("wb") as err:
        child = subprocess.Popen(
            command, cwd=home, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
        )
        _watch(child, outcome, patience)
    outcome.seconds = time.perf_counter() - began
    return outcome


def _arguments(command: str, url: str) -> list[str]:
    if command == "gate":
        return ["gate", "--url", url, "--depth", "quick", "--out", "run"]
    if command == "doctor":
        return ["doctor", "--url", url, "--json"]
    return ["load", "plan.toml", "--url", url, "--out", "run"]


def _watch(child: subprocess.Popen[bytes], outcome: Outcome, patience: float) -> None:
    """Wait for a command, counting its descriptors, and end it where it hangs."""
    deadline = time.monotonic() + patience
    while True:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            break
        outcome.descriptors = max(outcome.descriptors, _descriptors(child.pid))
        if time.monotonic() > deadline:
            outcome.departures.append(f"still ran after {patience:.0f} s")
            os.killpg(child.pid, signal.SIGKILL)
            _, status, usage = os.wait4(child.pid, 0)
            break
        time.sleep(0.1)
    child.returncode = os.waitstatus_to_exitcode(status)
    outcome.exit_code = child.returncode
    outcome.megabytes = usage.ru_maxrss / 1024
    left = _of_session(child.pid)
    if left:
        outcome.departures.append(f"left {len(left)} processes behind")
        for orphan in left:
            os.kill(orphan, signal.SIGKILL)


def _descriptors(pid: int) -> int:
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return 0


def _of_session(session: int) -> list[int]:
    """Return the processes of a session."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def _examine(trial: Trial, outcome: Outcome, home: Path, secrets: Sequence[bytes]) -> None:
    """Note in what a command and its documents depart from the design."""
    out, err = (home / "stdout").read_text("utf-8", "replace"), (home / "stderr").read_text("utf-8", "replace")
    departures = outcome.departures
    if outcome.exit_code not in trial.design.exits:
        departures.append(f"exit {outcome.exit_code}, not {_listed(trial.design.exits)}")
    if "Traceback (most recent call last)" in out + err:
        departures.append("a traceback")
    if outcome.megabytes > MAX_MEGABYTES:
        departures.append(f"{outcome.megabytes:.0f} MB")
    if outcome.descriptors > MAX_DESCRIPTORS:
        departures.append(f"{outcome.descriptors} descriptors")
    departures += [f"a key in {path}" for path in _leaks(home, secrets)]
    if trial.command == "doctor":
        _examine_diagnosis(outcome, out)
    else:
        _examine_documents(trial, outcome, home / "run")


def _examine_diagnosis(outcome: Outcome, out: str) -> None:
    try:
        found = json.loads(out)
    except ValueError:
        outcome.departures.append("no diagnosis")
        return
    outcome.line = found["trouble"] or "reachable"
    if (outcome.exit_code == 0) is not found["reachable"]:
        outcome.departures.append("the diagnosis contradicts the exit code")
    if not found["reachable"] and (not found["trouble"] or "\n" in found["trouble"]):
        outcome.departures.append("no clear line")


def _examine_documents(trial: Trial, outcome: Outcome, run: Path) -> None:
    try:
        document: dict[str, Any] = json.loads((run / "run.json").read_text("utf-8"))
        jsonschema.validate(document, json.loads((ROOT / "reports" / "run.schema.json").read_text("utf-8")))
        # A load run keeps no history, only the operations of its findings.
        for line in (run / "history.jsonl").read_bytes().splitlines() if trial.command == "gate" else ():
            json.loads(line)
        whole = (run / "report.html").read_text("utf-8").rstrip().endswith("</html>")
    except (OSError, ValueError, jsonschema.ValidationError) as error:
        outcome.departures.append(f"documents: {type(error).__name__} {str(error)[:100]}")
        return
    if not whole:
        outcome.departures.append("report.html is not whole")
    if document["exit_code"] != outcome.exit_code:
        outcome.departures.append("run.json contradicts the exit code")
    errors = [finding["clause"] for finding in document["findings"] if finding["severity"] == "error"]
    outcome.clauses = tuple(dict.fromkeys(errors))
    strange = [clause for clause in outcome.clauses if not trial.design.allows(clause)]
    if strange:
        outcome.departures.append(f"blames {', '.join(strange)}")
    outcome.line = document["reasons"][0] if document["reasons"] else ""
    if not outcome.line or "\n" in outcome.line:
        outcome.departures.append("no clear line")


def _leaks(home: Path, secrets: Sequence[bytes]) -> Iterator[str]:
    for path in sorted(home.rglob("*")):
        if path.is_file() and any(secret in path.read_bytes() for secret in secrets):
            yield path.name


def _listed(exits: frozenset[int]) -> str:
    return " or ".join(map(str, sorted(exits)))


def trials(names: Sequence[str], commands: Sequence[str], onsets: Sequence[str]) -> list[Trial]:
    """Return the trials of some targets; the clock is set back once for each command."""
    found = []
    for name in names:
        for command in commands:
            found += [Trial(name, command, onset) for onset in onsets if name != CLOCK_BACK or onset == START]
    return found


def row(trial: Trial, outcome: Outcome, *, markdown: bool) -> str:
    """Return the line of the table that tells of one trial."""
    exit_code = "killed" if outcome.exit_code is None else str(outcome.exit_code)
    verdict = {"0": "kept", "1": "broken", "3": "inconclusive"}.get(exit_code, exit_code)
    cells = [
        trial.name,
        f"{trial.command}, {trial.onset}",
        verdict,
        f"{outcome.seconds:.1f} s",
        f"{outcome.megabytes:.0f} MB",
        "; ".join(outcome.departures) or "as designed",
    ]
    if markdown:
        return "| " + " | ".join(cells) + " |"
    told = f"  [{outcome.line[:110]}]" if outcome.line else ""
    return f"{cells[0]:32} {cells[1]:14} {cells[2]:13} {cells[3]:>7} {cells[4]:>7}  {cells[5]}{told}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table.

    Returns:
        The exit code: 0 when everything ended as designed, else 1.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="NAME,…", help="these targets, or whole families")
    parser.add_argument("--modes", default=",".join(COMMANDS), help="these commands")
    parser.add_argument("--onsets", default=",".join(ONSETS), help="from the start, after some good answers, or both")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="so many at a time")
    parser.add_argument("--slack", type=float, default=1.0, metavar="N", help="times longer that all may take")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep what every command wrote there")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    given = parser.parse_args(arguments)
    asked = [name for name in given.only.split(",") if name]
    names = [
        name
        for name in [*HOSTILES, CLOCK_BACK]
        if not asked or name in asked or (name in HOSTILES and HOSTILES[name].family in asked)
    ]
    chosen = trials(names, given.modes.split(","), given.onsets.split(","))
    if given.markdown:
        print("| target | mode | verdict | time | memory | outcome |\n|---|---|---|---|---|---|")
    departed = 0
    lock = threading.Lock()

    def show(trial: Trial) -> None:
        nonlocal departed
        outcome = attempt(trial, keep=given.keep, slack=given.slack)
        with lock:
            departed += bool(outcome.departures)
            print(row(trial, outcome, markdown=given.markdown), flush=True)

    with ThreadPoolExecutor(max(1, given.jobs)) as pool:
        list(pool.map(show, chosen))
    print(f"{len(chosen)} runs, {departed} not as designed", file=sys.stderr)
    return 1 if departed else 0


if __name__ == "__main__":
    raise SystemExit(main())
