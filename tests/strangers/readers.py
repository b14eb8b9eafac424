"""Every reader of a file that may come from a stranger, with lawful documents to begin from."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path

import typer
from rich.console import Console

import contracts
import load
from contracts.baseline import load_baseline
from contracts.config import Settings, load_settings, read_toml
from contracts.drift.command import drift
from contracts.drift.compare import compare as compare_apis
from contracts.drift.load import load_api
from contracts.drift.tell import Comparison, Source, document, markdown, one_line
from contracts.errors import UsageError
from contracts.gate.replay.opening import make_replay_request
from contracts.gate.replay.options import ReplayOptions
from contracts.gate.replay.record import load_recorded
from contracts.gate.replay.replay import Replay
from contracts.gate.replay.wording import lines_of
from contracts.prove.case import DEFECT, NOT_SHOWN, VARIANT, Case, Shown, without_gate
from contracts.prove.kept import load_shown
from contracts.prove.record import EMBEDDED, ProofFacts, build_proof
from contracts.prove.table import render_proof
from contracts.record.historyfile import read_history
from contracts.record.recheck import recheck
from contracts.target import Keys, Target
from load.plan.reading import parse_plan
from reports.command import make_report
from reports.compare.command import compare
from reports.errors import DocumentError
from reports.pages import proof_pages
from reports.partial import measured, recorded
from reports.proofcommand import report_proof
from reports.rundocs import load_run
from reports.trend.command import trend
from tests.reports import runs
from tests.reports.compare import made
from tests.reports.html import material
from verify.accepted import newest, read_accepted
from verify.answers import differences, gather

TODAY = date(2026, 2, 23)


@dataclass(frozen=True, slots=True)
class Reader:
    """One reader.

    Attributes:
        file: name of the file that it reads.
        seeds: lawful documents.
        read: reads a directory that holds the file.
        beside: what else lies in the directory, by name.
        errors: the only exceptions that it may raise.
    """

    file: str
    seeds: Callable[[], tuple[bytes, ...]]
    read: Callable[[Path], object]
    beside: Callable[[], Mapping[str, bytes]] = dict
    errors: tuple[type[Exception], ...] = (UsageError, DocumentError)


def attempt(reader: Reader, content: bytes) -> Exception | None:
    """Let a reader read a content in a directory of its own; return the documented error that it raised.

    Raises:
        Exception: any that is not documented.
    """
    errors = io.StringIO()
    refusal: Exception | None = None
    with (
        tempfile.TemporaryDirectory() as name,
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(errors),
    ):
        place = Path(name)
        for other, held in reader.beside().items():
            (place / other).write_bytes(held)
        (place / reader.file).write_bytes(content)
        try:
            reader.read(place)
        except (*reader.errors, typer.Exit) as error:
            refusal = error
    if isinstance(refusal, typer.Exit):
        # Some commands tell their refusals themselves.
        assert refusal.exit_code == 2
        assert errors.getvalue().startswith("assay: ")
        assert errors.getvalue().count("\n") == 1
        refusal = UsageError(errors.getvalue())
    return refusal


@cache
def _run(make: Callable[[Path], Path]) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as name:
        path = make(Path(name) / "run")
        return {file.name: file.read_bytes() for file in path.iterdir() if file.is_file()}


def _files(name: str) -> tuple[bytes, ...]:
    return tuple(_run(make)[name] for make in (runs.broken, runs.kept, runs.partial, runs.accepted, runs.race))


def _results() -> tuple[bytes, ...]:
    return (*_files("run.json"), _load_run()["run.json"])


def _histories() -> tuple[bytes, ...]:
    return _files("history.jsonl")


@cache
def _load_run() -> dict[str, bytes]:
    lines = made.lines(7, seconds=12, rate=6.0)
    with tempfile.TemporaryDirectory() as name:
        path = made.write(Path(name) / "run", made.document(material.load_section(6)), lines)
        return {file.name: file.read_bytes() for file in path.iterdir()}


def _settings() -> tuple[bytes, ...]:
    return (
        (
            b'url = "http://127.0.0.1:8080"\nprofile = "auto"\nseed = 7\ntime = "90s"\nmax_purchases = 20\n'
            b'max_spend = "25.00"\nallow_host = ["staging.example"]\ncountries = ["US", "DE"]\n'
            b'severity = { LIFE-4 = "warning" }\nrequire = ["LIFE-3"]\n[tolerance.VALUE-5]\nclock_skew_s = 600\n'
        ),
        (
            b'baseline = "assay-baseline.toml"\ndepth = "quick"\ntimeout = "5s"\nout = "runs/nightly"\n'
            b'optional = ["LIST-1", "LIST-2"]\n'
        ),
    )


def _shared_settings() -> tuple[bytes, ...]:
    return tuple(
        b'[project]\nname = "x"\n[tool.assay]\n' + text.replace(b"[tolerance", b"[tool.assay.tolerance")
        for text in _settings()
    )


def _plans() -> tuple[bytes, ...]:
    room = resources.files(load)
    own = (
        b'[plan]\nusers = 20\nshape = "spike"\nbase = 2\nthink_time = ["1s", "3s"]\ncountries = { US = 3, DE = 1.5 }\n'
    )
    search = b'[breakpoint]\nstart = "10/s"\nmax = "500/s"\nstep = "25%"\nprecision = "2/s"\nhold = "20s"\n'
    return (*(room.joinpath(f"{name}.toml").read_bytes() for name in ("smoke", "nightly", "prerelease")), own, search)


def _baselines() -> tuple[bytes, ...]:
    entry = (
        b'[[accepted]]\nfinding = "LIFE-3-1f0c9a"\nclause = "LIFE-3"\ntitle = "t"\nreason = "r"\nexpires = 2026-12-31\n'
    )
    return (entry, entry + entry.replace(b"1f0c9a", b"1f0c9b"), b"")


def _contracts() -> tuple[bytes, ...]:
    room = resources.files(contracts).joinpath("openapi")
    small = b"""openapi: 3.0.3
info: {title: Small, version: "1"}
servers: [{url: "/{base}", variables: {base: {default: v1}}}]
paths:
  /purchases/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer, minimum: 1}}]
    get:
      operationId: get
      security: [{key: []}]
      responses:
        "200":
          description: ok
          headers: {ETag: {schema: {type: string, pattern: "^[a-f0-9]{4,}$"}}}
          content: {application/json: {schema: {$ref: "#/components/schemas/Purchase"}}}
        default: {description: no}
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-API-Key}}
  schemas:
    Base: &base {type: object, required: [id], properties: {id: {type: integer}}}
    Purchase:
      allOf: [*base, {$ref: "#/components/schemas/Node"}]
      oneOf: [{type: object}, {type: string, enum: [a, "NO", 1e3], nullable: true}]
    Node:
      type: object
      additionalProperties: false
      properties:
        next: {$ref: "#/components/schemas/Node"}
        items: {type: array, items: {type: number, multipleOf: 0.01, maximum: 5, exclusiveMaximum: true}, maxItems: 3}
"""
    spelt = json.dumps({
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "2"},
        "paths": {"/a": {"get": {"responses": {"200": {"content": {"application/json": {"schema": {
            "type": ["string", "null"], "pattern": "^a|b$", "minLength": 1, "const": "a"}}}}}}}},
    }).encode()  # fmt: skip
    return small, small, spelt, room.joinpath("2026-02.yaml").read_bytes()


def _proofs() -> tuple[bytes, ...]:
    return (json.dumps(material.proof()).encode(), json.dumps(material.proof(), indent=2).encode())


def _kept() -> tuple[bytes, ...]:
    one = Shown(
        "defect/a/2026-02/quick/0", "a", DEFECT, True, "broken", ("LIFE-3",), (), (), 2.0, 100, 9, 1.5, 4, "a title"
    )
    other = without_gate(Case("b", VARIANT, (), (), (), "2026-02", "quick", 0), NOT_SHOWN, "the disk was full")
    lines = [json.dumps(asdict(shown)).encode() + b"\n" for shown in (one, other, replace(one, key="c", right=False))]
    return (b"".join(lines), lines[0])


def _timelines() -> tuple[bytes, ...]:
    return (b"t,span_s,requests\n0,1,90\n1,1,1100\n", b't,span_s,requests,note\r\n0,1,90,"a\nb"\r\n')


def _taken_up(place: Path) -> None:
    """Take a proof up again: count what it showed, and show it."""
    shown = list(load_shown(place / "proof.jsonl").values())
    cases = [Case(one.name, one.kind, (), (), (), "2026-02", "quick", 0) for one in shown]
    facts = ProofFacts(target=EMBEDDED, profile="2026-02", depth="quick", seeds=(0,))
    proof = build_proof(facts, cases, shown, duration_s=0.0)
    json.dumps(proof, allow_nan=False)
    render_proof(proof, Console(file=io.StringIO(), highlight=False), verbose=True)
    for page in proof_pages(proof).values():
        assert page


def _accepted_lists() -> tuple[bytes, ...]:
    entry = {
        "run": "20260223T101500Z-gate", "when": "2026-02-23T10:15:00Z", "command": "gate", "verdict": "kept",
        "target": "http://127.0.0.1:8080", "profile": "2026-02", "label": "",
    }  # fmt: skip
    return (
        json.dumps({"schema": 1, "accepted": [entry, {**entry, "run": "../../elsewhere"}]}).encode(),
        json.dumps({"schema": 1, "accepted": []}).encode(),
    )


def _plan(place: Path) -> None:
    plan = parse_plan(read_toml(place / "plan.toml"), "plan.toml")
    plan.timetable()


def _drift(place: Path) -> None:
    old, new = load_api(str(place / "old.yaml")), load_api(str(place / "contract.yaml"))
    for one, other in ((old, new), (new, old)):
        told = Comparison(
            Source(one.name, one.title, one.version),
            Source(other.name, other.title, other.version),
            compare_apis(one, other),
            {},
        )
        json.dumps(document(told))
        markdown(told)
        one_line(told)


def _recheck(place: Path) -> None:
    recheck(place, load_run(place), Settings(), TODAY)


def _replay(place: Path) -> None:
    """Read a run and put the scripts of its findings together; nothing is sent."""
    run = load_recorded(place)
    for finding in run.document["findings"][:3]:
        request = make_replay_request(
            run, finding, Settings(), ReplayOptions(), url=None, allow_host=None, timeout=None, time=None,
            max_purchases=None, max_spend=None, out=None,
        )  # fmt: skip
        target = Target("http://127.0.0.1:9", "http://127.0.0.1:9", loopback=True, keys=Keys("k" * 20))
        lines_of(Replay(target, run, finding, request.options, lambda _: None).script)


def _answers(place: Path) -> None:
    try:
        gathered = gather(read_history(place / "history.jsonl"))
    except ValueError as error:
        raise UsageError(str(error)) from None
    differences(gathered, gathered, 0.2, 5.0)


_report = make_report(lambda run, document, _: recheck(run, document, Settings(), TODAY))


def _reported(place: Path) -> None:
    _report(place)
    _report(place, as_json=True)


def _with_result() -> Mapping[str, bytes]:
    return {"run.json": _run(runs.broken)["run.json"]}


def _with_history() -> Mapping[str, bytes]:
    return {"history.jsonl": _run(runs.broken)["history.jsonl"]}


READERS: Mapping[str, Reader] = {
    "settings": Reader("assay.toml", _settings, lambda place: load_settings(None, place)),
    "shared settings": Reader("pyproject.toml", _shared_settings, lambda place: load_settings(None, place)),
    "plan": Reader("plan.toml", _plans, _plan),
    "baseline": Reader(
        "baseline.toml", _baselines, lambda place: load_baseline(place / "baseline.toml", TODAY, must_exist=True)
    ),
    "contract": Reader("contract.yaml", _contracts, _drift, lambda: {"old.yaml": _contracts()[0]}),
    "report": Reader("run.json", _results, _reported, _with_history),
    "report of a history": Reader("history.jsonl", _histories, _reported, _with_result),
    "recheck": Reader("history.jsonl", _histories, _recheck, _with_result),
    "recheck of a result": Reader("run.json", _results, _recheck, _with_history),
    "count": Reader("history.jsonl", _histories, recorded),
    "observed drift": Reader(
        "history.jsonl", _histories, lambda place: drift(observed=place, profile="2026-02", quiet=True), _with_result
    ),
    "replay": Reader("history.jsonl", _histories, _replay, _with_result),
    "replay of a result": Reader("run.json", _results, _replay, _with_history),
    "answers": Reader("history.jsonl", _histories, _answers),
    "compare": Reader(
        "seconds.jsonl", lambda: (_load_run()["seconds.jsonl"],), lambda place: compare(place, place), _load_run
    ),
    "compare of results": Reader("run.json", _results, lambda place: compare(place, place), _load_run),
    "trend": Reader("run.json", _results, lambda place: trend(place, out=place / "trend")),
    "proof": Reader("proof.json", _proofs, lambda place: report_proof(place, quiet=False, as_json=False)),
    "proof taken up": Reader("proof.jsonl", _kept, _taken_up),
    "timeline": Reader("timeline.csv", _timelines, measured),
    "accepted": Reader(
        "accepted.json", _accepted_lists, lambda place: newest(read_accepted(place), place, target=None, profile=None)
    ),
}
