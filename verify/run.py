"""A verification from request to documents: whatever happens, what was found is written."""

from __future__ import annotations

import contextlib
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from contracts.errors import UsageError
from contracts.history import OWNER
from contracts.interruption import interruption
from contracts.record.masking import Masker
from contracts.record.rundir import RunDirectory
from contracts.target import KEY_VARIABLES
from fixtures.sandbox.server import SandboxProcess
from fixtures.sandbox.settings import Settings
from reports.errors import DocumentError
from reports.rundocs import build, load_run
from verify.accepted import RUNS, accept, newest, read_accepted
from verify.beside import KEYS as KEYS_THERE
from verify.beside import compare_answers, environment_of_old
from verify.caps import Caps
from verify.child import Relay
from verify.commands import environment_of_parts, gate_command, load_command, quick_command
from verify.comparing import compare_with
from verify.drifting import find_drift
from verify.merge import Facts, Trouble, merged
from verify.part import Name, Part, State, left_out
from verify.reading import USAGE, read_part
from verify.request import PLAN, VerifyRequest, profile_of
from verify.verdict import Decision, decide

EMBEDDED = "the embedded sandbox"
"""What the target is called where every part has a sandbox of its own."""

AS_ASKED = "as asked"
"""Why a part was left out that the user did not want."""


class Verification:
    """One verification.

    Args:
        request: what the user asks.
        say: shows a line about its progress.

    Attributes:
        document: its ``run.json``, once it is over.
        directory: its run directory.
        decision: what it came to, once it is over.
    """

    document: dict[str, Any]
    decision: Decision

    def __init__(self, request: VerifyRequest, say: Callable[[str], None]) -> None:
        self._request = request
        self._say = say
        started = datetime.now(UTC)
        if request.against is not None:
            load_run(request.against)
        self.directory = RunDirectory.create("verify", request.out, started)
        self._facts = Facts(
            target=request.url or EMBEDDED,
            profile=profile_of(request, None),
            seed=request.seed,
            started=started,
            rerun=rerun(request),
            label=request.label,
        )
        self._parts: dict[Name, Part] = {}
        self._runs: dict[Name, dict[str, Any]] = {}
        self._troubles: dict[Name, list[Trouble]] = {}
        self._beside: list[dict[str, Any]] = []
        self._relay = Relay()
        self._began = time.monotonic()
        self._wanted: dict[Name, Callable[[], Part]] = {
            Name.GATE: self._gate,
            Name.LOAD: self._load,
            Name.DRIFT: self._drift,
            Name.COMPARE: self._compare,
        }
        if request.against_url is not None:
            self._wanted[Name.AGAINST] = self._against

    def run(self) -> int:
        """Run every part that is wanted, write the documents, and return the exit code.

        Raises:
            DocumentError: a document cannot be written.
        """
        with interruption.shielded():
            return self._whole()

    def _whole(self) -> int:
        self.directory.claim(self._unfinished())
        interrupted = False
        with self._relay.listening():
            try:
                interruption.check()
                for name, part in self._wanted.items():
                    self._take(name, part)
                    # Whoever is killed in the next part has not lost this one.
                    self.directory.write_result(self._unfinished())
            except KeyboardInterrupt:
                interrupted = True
        for name in self._wanted:
            self._parts.setdefault(name, left_out(name, "the verification was interrupted before"))
        self._parts = {name: self._parts[name] for name in self._wanted}
        self.decision = decide(list(self._parts.values()), interrupted=interrupted or self._relay.asked)
        self.document = self._document(self.decision)
        self.directory.write_result(self.document)
        build(self.directory.path)
        return self.decision.exit_code

    def _take(self, name: Name, part: Callable[[], Part]) -> None:
        if name in self._request.skip:
            self._parts[name] = left_out(name, AS_ASKED)
            return
        if self._relay.asked:
            return
        self._say(f"{name} …")
        began = time.monotonic()
        try:
            came = part()
        except (UsageError, DocumentError) as trouble:
            came = Part(name=name, state=State.INCONCLUSIVE, sentence=str(trouble), exit_code=2)
        except Exception as error:  # noqa: BLE001 - a part that crashes is no pass, and the others go on
            said = f"crashed: {type(error).__name__}: {str(error)[:200]}"
            came = Part(name=name, state=State.INCONCLUSIVE, sentence=said)
        self._parts[name] = replace(came, seconds=time.monotonic() - began)
        self._say(_masker(self._request).mask(f"{name}: {came.state.replace('_', ' ')}. {came.sentence}"))

    def _gate(self) -> Part:
        place = self.directory.path / Name.GATE
        return self._child(Name.GATE, gate_command(self._request, place), place)

    def _load(self) -> Part:
        caps = self._request.caps
        if Name.GATE in self._parts and Name.GATE not in self._request.skip:
            left = caps.after(self._runs.get(Name.GATE))
            if left is None:
                why = "not begun: the gate was cut short, and what it left of the caps is not known"
                return Part(name=Name.LOAD, state=State.INCONCLUSIVE, sentence=why)
            caps = left
        if caps.spent:
            why = "not begun: the caps on purchases and spend leave nothing to load with; raise them"
            return Part(name=Name.LOAD, state=State.INCONCLUSIVE, sentence=why)
        place = self.directory.path / Name.LOAD
        return self._child(Name.LOAD, load_command(self._request, place, caps), place)

    def _child(self, name: Name, command: list[str], place: Path) -> Part:
        began = time.monotonic()
        code = self._relay.run(command, environment_of_parts(self._request.environment))
        with contextlib.suppress(DocumentError):
            self._runs[name] = load_run(place)
        return read_part(name, code, self._runs.get(name), place, time.monotonic() - began, asked=self._relay.asked)

    def _drift(self) -> Part:
        request = self._request
        with self._served() as served:
            part, troubles = find_drift(
                self._profile(),
                request.contract or served,
                self.directory.path,
                allow_hosts=request.allow_hosts,
                key=request.environment.get(KEY_VARIABLES[OWNER]) or None,
                named=request.contract is not None,
            )
        self._troubles[Name.DRIFT] = troubles
        return part

    @contextlib.contextmanager
    def _served(self) -> Iterator[str]:
        """Yield where the target serves its document, with a sandbox for as long as that takes where none was named."""
        if self._request.url is not None or self._request.contract is not None:
            yield self._request.url or ""
            return
        with SandboxProcess(Settings(profile=self._profile(), seed=self._request.seed), self._request.defects) as own:
            yield own.url

    def _compare(self) -> Part:
        request = self._request
        places = {name: self.directory.path / name for name in self._runs}
        if not places:
            return left_out(Name.COMPARE, "neither the gate nor the load run left a result to compare")
        baseline = request.against or newest(read_accepted(RUNS), RUNS, target=self._target(), profile=self._profile())
        if baseline is None:
            return left_out(
                Name.COMPARE, "no run of this target and profile was accepted yet; record one with --accept"
            )
        part, troubles = compare_with(
            baseline,
            places,
            self.directory.path,
            tolerance=request.tolerance,
            floor_ms=request.floor_ms,
            seed=request.seed,
        )
        self._troubles[Name.COMPARE] = troubles
        return part

    def _against(self) -> Part:
        request = self._request
        assert request.url is not None
        assert request.against_url is not None
        place = self.directory.path / Name.AGAINST
        environment = environment_of_parts(request.environment)
        caps: Caps | None = request.caps
        for run in self._runs.values():
            caps = None if caps is None else caps.after(run)
        for which, url, keys in (
            ("old", request.against_url, environment_of_parts(environment_of_old(request.environment))),
            ("new", request.url, environment),
        ):
            if caps is None or caps.spent:
                why = "not begun: the parts before left nothing of the caps, or were cut short; raise them"
                return Part(name=Name.AGAINST, state=State.INCONCLUSIVE, sentence=why)
            began = time.monotonic()
            code = self._relay.run(quick_command(request, url, place / which, caps), keys)
            document = None
            with contextlib.suppress(DocumentError):
                document = load_run(place / which)
            came = read_part(Name.AGAINST, code, document, place, time.monotonic() - began, asked=self._relay.asked)
            if document is None or document["partial"] or came.interrupted or code == USAGE:
                return replace(
                    came, state=State.INCONCLUSIVE, sentence=f"the gate on the {which} release {came.sentence}"
                )
            self._beside.append(document)
            caps = caps.after(document)
        part, troubles = compare_answers(
            place / "old", place / "new", self.directory.path, tolerance=request.tolerance, floor_ms=request.floor_ms
        )
        self._troubles[Name.AGAINST] = troubles
        return part

    def _profile(self) -> str:
        gate = self._runs.get(Name.GATE) or self._runs.get(Name.LOAD)
        return profile_of(self._request, None if gate is None else str(gate["profile"]))

    def _target(self) -> str:
        return self._facts.target

    def _unfinished(self) -> dict[str, Any]:
        return self._document(decide(list(self._parts.values()), unfinished=True), partial=True)

    def _document(self, decision: Decision, *, partial: bool = False) -> dict[str, Any]:
        facts = replace(
            self._facts, profile=self._profile(), duration_s=time.monotonic() - self._began, partial=partial
        )
        document = merged(facts, decision, list(self._parts.values()), self._runs, self._troubles, self.directory.path)
        for run in self._beside:
            document["purchases"] += run["purchases"]
            document["requests"] += run["requests"]
            document["spend"] = f"{Decimal(document['spend']) + Decimal(run['spend']):.2f}"
        # What the parts wrote is masked; a message of an operating system may still quote what it was given.
        return _masked(document, _masker(self._request))


def rerun(request: VerifyRequest) -> str:
    """Return the command line that runs a verification again, into a directory of its own."""
    given = {
        "--url": request.url,
        "--profile": request.profile,
        "--depth": request.depth,
        "--plan": request.plan if request.url is not None or request.plan in {PLAN, "nightly", "smoke"} else None,
        "--seed": request.seed,
        "--max-purchases": request.caps.purchases,
        "--max-spend": request.caps.spend,
        "--contract": request.contract,
        "--against": request.against,
        "--against-url": request.against_url,
        "--config": request.config,
        "--timeout": request.timeout,
    }
    words = [word for name, value in given.items() if value is not None for word in (name, str(value))]
    words += [word for host in request.allow_hosts for word in ("--allow-host", host)]
    words += [word for name in Name if name in request.skip for word in ("--skip", name.value)]
    words += [word for defect in request.defects for word in ("--defect", defect)]
    return shlex.join(["assay", "verify", *words])


def record_accepted(path: Path, now: datetime) -> Path:
    """Record a run that is over as the one to compare with; return the file that says so.

    Args:
        path: its run directory, or its ``run.json``.
        now: the time it is accepted.

    Raises:
        UsageError: it was cut short, or is of a command that releases are not compared by.
        DocumentError: it cannot be read, or the file cannot be written.
    """
    directory = path.parent if path.name == "run.json" else path
    return accept(RUNS, directory, load_run(path), now)


def show_line(text: str) -> None:
    """Show a line about the progress, where a part's own progress is shown as well."""
    sys.stderr.write(f"verify: {text if text.isprintable() else ascii(text)[1:-1]}\n")
    sys.stderr.flush()


def _masker(request: VerifyRequest) -> Masker:
    # Of a target that runs already whoever compares has keys of its own, which are secret as well.
    names = {**KEY_VARIABLES, **{f"old-{label}": name for label, name in KEYS_THERE.items()}}
    return Masker({label: key for label, name in names.items() if (key := request.environment.get(name))})


def _masked(document: dict[str, Any], masker: Masker) -> dict[str, Any]:
    masked = masker.mask_value(document)
    assert isinstance(masked, dict)
    return masked
