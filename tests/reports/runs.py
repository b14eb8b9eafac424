"""Run directories that the tests of documents share: kept, broken with races, partial, accepted, hostile."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from contracts.baseline import Baseline, Entry
from contracts.finding import ClauseVerdict, Finding, Severity, finding_id
from contracts.history import Answer, ApiOperation, Operation
from contracts.record.line import dumps, to_line
from contracts.record.masking import Masker
from contracts.record.result import build_run
from contracts.record.rundir import RunDirectory
from tests.record import scene
from tests.reports.html.material import load_section, parts

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>]]><!--",
    "[click](http://evil.example/)\n# heading\n| a | b |\n``` ` ![x](//evil.example/y)",
    "\x1b]0;title\x07\x1b[31mred\x1b[0m\x9b2J\u202eevil\u2066\u200b",
    "\0\x01\x08\x0b\x1f\ufffe\uffff\ud800\udfff",
    "m" * 1_000_000,
)
"""What a target may answer with: HTML, Markdown, terminal escapes, what XML cannot hold, a megabyte line."""


def write(directory: Path, operations: list[Operation], document: dict[str, Any], masker: Masker) -> Path:
    made = RunDirectory.create("gate", directory, scene.STARTED)
    with made.history(masker) as history:
        for operation in operations:
            history.write(operation)
    made.write_result(document)
    return made.path


def broken(directory: Path) -> Path:
    return write(directory, scene.operations(), scene.document(), scene.masker())


def kept(directory: Path) -> Path:
    results = [replace(result, verdict=ClauseVerdict.KEPT, findings=(), reason="") for result in scene.results()]
    return write(
        directory, scene.operations(), build_run(scene.facts(), results, [], {}, scene.masker()), scene.masker()
    )


def race(directory: Path) -> Path:
    """A race of thirty creates from lanes of their own, of which evidence shows a part."""
    calls = [
        replace(
            scene.call(number, ApiOperation.CREATE, "POST", "/v1/purchases", answer=scene.purchase(), body=b"{}"),
            invoked=1.0 + number / 1000,
            returned=1.5,
            lane=f"lane {number}",
        )
        for number in range(30)
    ]
    found = Finding(
        finding_id("RACE-1", "one id"),
        "RACE-1",
        "one id",
        Severity.ERROR,
        "creates at once got one id",
        "N distinct ids",
        "8117, thirty times",
        29,
        tuple(call.mark for call in calls),
    )
    document = build_run(
        scene.facts(), scene.results(), [found, *scene.findings()], dict(enumerate(calls)), scene.masker()
    )
    return write(directory, calls, document, scene.masker())


def accepted(directory: Path) -> Path:
    """The broken run with one finding accepted, and one whose acceptance has expired."""
    first, second, _ = scene.findings()
    entries = (
        Entry(first.id, "known since May", date(2026, 12, 31)),
        Entry(second.id, "was to be mended", date(2026, 1, 1)),
    )
    baseline = Baseline(entries, date(2026, 2, 23))
    findings = baseline.weigh(scene.findings())
    results = baseline.judge(scene.results(), findings)
    by_index = {operation.index: operation for operation in scene.operations()}
    document = build_run(scene.facts(), results, findings, by_index, scene.masker(), baseline=baseline)
    return write(directory, scene.operations(), document, scene.masker())


def partial(directory: Path) -> Path:
    """A run that was killed after its first three operations, in the middle of a line."""
    made = RunDirectory.create("gate", directory, scene.STARTED)
    made.write_started(scene.facts(notes=(), requests=0, purchases=0, spend=Decimal(0), spend_currency=None))
    lines = [dumps(to_line(operation, scene.masker())) for operation in scene.operations()[:3]]
    (made.path / "history.jsonl").write_bytes(b"".join(lines) + b'{"index":3,"principal":"own')
    return made.path


def hostile(directory: Path) -> Path:
    """A run whose target filled every place that it can with hostile text."""
    calls = [
        replace(
            scene.call(number, ApiOperation.RETRIEVE, "GET", "/v1/purchases/8117", raw=text.encode("utf-8", "replace")),
            answer=Answer(
                200,
                (("content-type", text[:200]), ("location", text[:200])),
                text.encode("utf-8", "surrogatepass"),
            ),
            error=text[:300] if number == 3 else None,
        )
        for number, text in enumerate(HOSTILE)
    ]
    findings = [
        Finding(
            finding_id("SHAPE-2", f"hostile {number}"),
            "SHAPE-2",
            f"hostile {number}",
            Severity.ERROR,
            text[:300],
            text[:300],
            text,
            1,
            (calls[number].mark,),
            (text[:300], text[-300:]),
        )
        for number, text in enumerate(HOSTILE)
    ]
    results = [
        replace(result, reason=HOSTILE[number % 4] if result.reason else "")
        for number, result in enumerate(scene.results())
    ]
    masker = Masker({"owner": scene.OWNER_KEY})
    document = build_run(
        scene.facts(notes=HOSTILE[:4]), results, findings, dict(enumerate(calls)), masker, troubles=[HOSTILE[0]]
    )
    return write(directory, calls, document, masker)


def load(directory: Path) -> Path:
    """A load run that broke a clause and missed an objective."""
    return write(
        directory,
        scene.operations(),
        {**scene.document(), "command": "load", "load": load_section()},
        scene.masker(),
    )


def verification(directory: Path) -> Path:
    """A verification whose load run broke a promise."""
    document = {**scene.document(), "command": "verify", "parts": parts()}
    return write(directory, scene.operations(), document, scene.masker())


ALL = {
    "kept": kept,
    "broken": broken,
    "race": race,
    "accepted": accepted,
    "partial": partial,
    "hostile": hostile,
    "load": load,
    "verification": verification,
}
