"""Keys, codes, passwords and phone numbers of a run stand in none of its documents, in no encoding."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from contracts.config import Settings
from contracts.errors import UsageError
from contracts.finding import Finding, Severity, finding_id
from contracts.history import OWNER, Answer, ApiOperation, Operation
from contracts.monitor import Docket, Monitor, Setting
from contracts.oracle import Oracle
from contracts.profiles import get_profile
from contracts.reading import Reading
from contracts.record.masking import Masker
from contracts.record.recheck import recheck, recheck_run
from contracts.record.result import build_run
from contracts.target import Keys, Target, admit, keys_from_environment
from reports.allure import write_allure
from reports.command import make_report
from reports.errors import DocumentError
from reports.rundocs import build, load_run, write_run
from reports.terminal import render, render_quiet
from tests.record import scene
from tests.reports import runs
from tests.reports.canaries import forms, leaking, leaks

CODE = "739184"
SECRETS = (scene.OWNER_KEY, scene.OTHER_KEY, CODE, scene.PASSWORD, scene.PHONE)

app = typer.Typer()
app.command()(make_report(recheck_run))


def echoes() -> Iterator[Operation]:
    """Yield calls whose answers give every secret back in every form, wherever an answer has room."""
    shown = scene.purchase(status="SUCCESS", verification=scene.credentials(CODE))
    yield scene.call(0, ApiOperation.RETRIEVE, "GET", "/v1/purchases/8117", answer=shown)
    number = 0
    for secret in SECRETS:
        for form in forms(secret).values():
            number += 1
            text = form.decode("utf-8", "surrogateescape") if form.isascii() and b"\0" not in form else secret
            call = scene.call(
                number,
                ApiOperation.OTHER,
                "GET",
                f"/v1/{text if text.isprintable() and ' ' not in text else 'x'}",
                query=(("fragment", text),),
                headers=(("cookie", f"session={text}"),),
                status=400,
                raw=b'{"error": {"message": "' + form + b'"}}',
                error=f"broken by {text}" if number % 3 == 0 else None,
            )
            assert call.answer is not None
            headers = (*call.answer.headers, ("x-echo", text), ("location", f"/login?next={text}"))
            yield replace(call, answer=replace(call.answer, headers=headers))
            body = json.dumps({"detail": text, text: [text, {"nested": text}]}).encode()
            number += 1
            yield replace(
                scene.call(number, ApiOperation.OTHER, "PUT", "/v1/purchases", status=500, raw=body, body=body),
                answer=Answer(500, (), form),
            )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that tells every secret in every text that can come from a target."""
    calls = list(echoes())
    masker = Masker({"owner": scene.OWNER_KEY, "other": scene.OTHER_KEY})
    for call in calls:
        masker.learn_from(call)
    texts = [form.decode("utf-8", "surrogateescape") for secret in SECRETS for form in forms(secret).values()]
    findings = [
        Finding(
            finding_id("INPUT-6", f"cause {number}"),
            "INPUT-6",
            f"cause {number}",
            Severity.ERROR,
            f"a refusal says {text}",
            f"not {text}",
            f"{text!r} and {text}",
            1,
            tuple(call.mark for call in calls[1 + 2 * number : 3 + 2 * number]),
            (text, ascii(text)),
        )
        for number, text in enumerate(texts)
    ]
    results = [
        replace(result, reason=texts[number] if result.reason else "") for number, result in enumerate(scene.results())
    ]
    document = build_run(
        scene.facts(notes=tuple(texts), requests=len(calls)),
        results,
        findings,
        {call.index: call for call in calls},
        masker,
        troubles=[f"lives crashed: KeyError: {text}" for text in texts],
    )
    made = runs.write(tmp_path_factory.mktemp("canaries") / "run", calls, document, masker)
    build(made, har_all=True)
    write_allure(document, made / "allure")
    write_run(made / "recheck", recheck(made, document, Settings()))
    build(made / "recheck", history_of=made)
    return made


def test_the_search_finds_a_secret_in_every_form() -> None:
    for secret in SECRETS:
        for name, form in forms(secret).items():
            assert f"{secret} ({name})" in leaks(b"before " + form + b" after", SECRETS), name
            inside = json.dumps({"body": form.decode("utf-8", "surrogateescape")}).encode()
            assert leaks(inside, SECRETS), name
    assert leaks(b'{"index": 1, "path": "/v1/purchases/8117"}', SECRETS) == []


def test_no_document_shows_a_secret(run: Path) -> None:
    names = {path.name for path in run.rglob("*") if path.is_file()}
    assert names >= {
        "run.json",
        "history.jsonl",
        "junit.xml",
        "findings.sarif",
        "exchanges.har",
        "report.html",
        "report.md",
    }
    assert (run / "recheck" / "exchanges.har").exists()
    assert leaking(run, SECRETS) == {}


def test_what_was_hidden_was_there(run: Path) -> None:
    text = (run / "run.json").read_text("utf-8")
    for mask in ("<key:owner>", "<key:other>", "<code:1>", "<password:1>", "<phone:1>"):
        assert mask in text


@pytest.mark.parametrize("width", [40, 120])
def test_no_terminal_shows_a_secret(run: Path, width: int) -> None:
    stream = StringIO()
    document = load_run(run)
    render(document, Console(file=stream, width=width, highlight=False), run_dir=run)
    shown = stream.getvalue() + render_quiet(document, run)
    assert leaks(shown.encode(), SECRETS) == []
    # A value that was wrapped is as readable as one that was not.
    assert leaks("".join(shown.split()).encode(), SECRETS) == []


@pytest.mark.parametrize("options", [[], ["--json"], ["--quiet"], ["--recheck"], ["--har", "all"]])
def test_the_command_prints_none(run: Path, options: list[str]) -> None:
    result = CliRunner().invoke(app, [str(run), *options])
    assert result.exit_code in {0, 1}
    assert leaks(result.output.encode(), SECRETS) == []


class Crashing(Monitor):
    clauses = ("SHAPE-1",)

    def observe(self, reading: Reading, docket: Docket) -> None:
        answer = reading.operation.answer
        # Long enough for a cut to fall into the middle of what follows.
        raise ValueError(f"cannot judge {'x' * 170} {answer.body if answer else None!r}")


def test_a_check_that_crashes_tells_none(tmp_path: Path) -> None:
    calls = list(echoes())
    masker = Masker({"owner": scene.OWNER_KEY, "other": scene.OTHER_KEY})
    for call in calls:
        masker.learn_from(call)
    for number, call in enumerate(calls):
        oracle = Oracle([Crashing(Setting(profile=get_profile("2026-02")))])
        oracle.feed(call)
        (result,) = (r for r in oracle.results(mode="gate") if r.id == "SHAPE-1")
        assert "crashed" in result.reason
        document = build_run(scene.facts(), [result], [], {}, masker)
        assert leaks(json.dumps(document).encode(), SECRETS) == [], number


def test_refused_usage_shows_no_key() -> None:
    for environment in (
        {"ASSAY_API_KEY": f" {scene.OWNER_KEY}"},
        {"ASSAY_API_KEY": scene.OWNER_KEY, "ASSAY_OTHER_API_KEY": scene.OWNER_KEY},
        {"ASSAY_API_KEY": f"{scene.OWNER_KEY}\n"},
    ):
        with pytest.raises(UsageError) as error:
            keys_from_environment(environment)
        assert leaks(str(error.value).encode(), SECRETS) == []
    with pytest.raises(UsageError) as error:
        admit(f"http://owner:{scene.OWNER_KEY}@127.0.0.1/", Keys(scene.OWNER_KEY))
    assert leaks(str(error.value).encode(), SECRETS) == []


@pytest.mark.parametrize("shown", [Keys(scene.OWNER_KEY, scene.OTHER_KEY), next(echoes()), next(echoes()).answer])
def test_what_a_traceback_could_show_of_our_data_has_no_secret(shown: object) -> None:
    assert leaks(repr(shown).encode(), SECRETS) == []
    target = Target("http://127.0.0.1", "http://127.0.0.1", True, Keys(scene.OWNER_KEY))
    assert leaks(repr(target).encode(), SECRETS) == []
    assert OWNER not in repr(Keys(OWNER))


def test_a_run_that_cannot_be_read_is_refused_without_its_text(run: Path, tmp_path: Path) -> None:
    def refused(change: Any) -> str:
        document = load_run(run)
        change(document)
        (tmp_path / "run.json").write_text(json.dumps(document))
        with pytest.raises(DocumentError) as error:
            load_run(tmp_path)
        return str(error.value)

    messages = [
        refused(lambda document: document.update(seed="seven")),
        refused(lambda document: document["findings"][0].update(count="many")),
        refused(lambda document: document["clauses"][0].update(verdict="perhaps")),
    ]
    assert leaks("\n".join(messages).encode(), SECRETS) == []
