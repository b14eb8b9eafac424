"""The baseline: what is accepted, until when, and what a file of it may hold."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import jsonschema
import pytest

from contracts.baseline import Baseline, Entry, load_baseline, parse_baseline, render_baseline, write_baseline
from contracts.config import parse_settings
from contracts.errors import UsageError
from contracts.finding import ClauseResult, ClauseVerdict, Finding, Severity, Verdict
from contracts.gate.request import make_request
from contracts.record.masking import Masker
from contracts.record.result import build_run, decide
from reports.junit import junit
from reports.rundocs import run_schema
from tests.record import scene
from tests.test_cli import one_line, run

TODAY = date(2026, 2, 23)
GOOD = {"finding": "LIFE-3-1f0c9a", "reason": "the provider rotates codes", "expires": date(2026, 12, 31)}

LIFE_3 = Finding("LIFE-3-1f0c9a", "LIFE-3", "x", Severity.ERROR, "the code changed", "e", "o", 1, ())
SHAPE_1 = replace(LIFE_3, id="SHAPE-1-abcdef", clause="SHAPE-1", title="201")
BROKEN = ClauseResult("LIFE-3", Severity.ERROR, "documented", ClauseVerdict.BROKEN, 5, True, ("LIFE-3-1f0c9a",))
KEPT = ClauseResult("SHAPE-1", Severity.ERROR, "documented", ClauseVerdict.KEPT, 5, True)
MISSED = ClauseResult("LIFE-1", Severity.ERROR, "documented", ClauseVerdict.NOT_EXERCISED, 0, False, (), "no stock")


def baseline(*entries: Entry, today: date = TODAY) -> Baseline:
    return Baseline(entries, today)


ENTRY = Entry("LIFE-3-1f0c9a", "the provider rotates codes", date(2026, 12, 31), "the code changed")
OLD = replace(ENTRY, expires=date(2026, 2, 22))


def weighed(known: Baseline, findings: list[Finding], results: list[ClauseResult]) -> tuple[Verdict, list[str]]:
    found = known.weigh(findings)
    return decide(known.judge(results, found), found, [])


def test_an_accepted_finding_counts_as_a_warning() -> None:
    assert weighed(baseline(), [LIFE_3], [BROKEN, KEPT])[0] is Verdict.BROKEN
    assert weighed(baseline(ENTRY), [LIFE_3], [BROKEN, KEPT]) == (
        Verdict.KEPT,
        ["2 clauses exercised and kept, 1 warning"],
    )


def test_it_is_accepted_up_to_and_with_its_last_day() -> None:
    for today, verdict in ((date(2026, 12, 31), Verdict.KEPT), (date(2027, 1, 1), Verdict.BROKEN)):
        assert weighed(baseline(ENTRY, today=today), [LIFE_3], [BROKEN, KEPT])[0] is verdict


def test_another_finding_of_the_clause_still_fails() -> None:
    other = replace(LIFE_3, id="LIFE-3-000000", title="the password changed")
    found = baseline(ENTRY).weigh([LIFE_3, other])
    assert [(finding.id, finding.severity) for finding in found] == [
        ("LIFE-3-000000", Severity.ERROR),
        ("LIFE-3-1f0c9a", Severity.WARNING),
    ]
    assert weighed(baseline(ENTRY), [LIFE_3, other], [BROKEN, KEPT])[0] is Verdict.BROKEN


def test_a_clause_that_only_an_accepted_finding_exercised_too_little_is_not_kept() -> None:
    seldom = replace(BROKEN, exercised=0)
    (result,) = baseline(ENTRY).judge([seldom], baseline(ENTRY).weigh([LIFE_3]))
    assert result.verdict is ClauseVerdict.NOT_EXERCISED
    assert "exercised 0 of at least" in result.reason


def test_remarks_tell_what_expired_and_what_is_gone() -> None:
    gone, untested = replace(ENTRY, finding="SHAPE-1-000000"), replace(ENTRY, finding="LIFE-1-000000")
    remarks = baseline(OLD, gone, untested).remarks(["LIFE-3-1f0c9a"], [BROKEN, KEPT, MISSED])
    assert list(remarks) == [
        "baseline: the acceptance of LIFE-3-1f0c9a expired on 2026-02-22; it counts again",
        "baseline: SHAPE-1-000000 is no longer seen",
        "baseline: LIFE-1-000000 was not seen; its clause was not exercised",
    ]


def test_an_update_keeps_what_is_there_adds_what_is_new_and_drops_nothing_silently() -> None:
    gone, untested = replace(ENTRY, finding="SHAPE-1-000000"), replace(ENTRY, finding="LIFE-1-000000")
    before = baseline(OLD, gone, untested)
    after, changes = before.updated(
        {"LIFE-3-1f0c9a": "another title", "VALUE-1-123456": "another country"},
        ["LIFE-3-1f0c9a", "VALUE-1-123456"],
        [BROKEN, KEPT, MISSED],
    )
    assert after.entries == (
        OLD,
        untested,
        Entry("VALUE-1-123456", "to be explained", date(2026, 3, 25), "another country"),
    )
    assert changes == [
        "VALUE-1-123456 accepted until 2026-03-25",
        "SHAPE-1-000000 dropped: no longer seen",
        "LIFE-1-000000 kept: not seen, and its clause not exercised",
        "LIFE-3-1f0c9a kept, though it expired on 2026-02-22",
    ]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    odd = replace(ENTRY, finding="SHAPE-6-abcdef", title='a "quoted"\\ phone\n\x7f\u202e', reason="naïve 'reason' 🙂")
    path = tmp_path / "baseline.toml"
    write_baseline(path, baseline(ENTRY, odd))
    assert load_baseline(path, TODAY, must_exist=True).entries == (ENTRY, odd)
    assert [entry["clause"] for entry in tomllib.loads(path.read_text("utf-8"))["accepted"]] == ["LIFE-3", "SHAPE-6"]
    assert [file.name for file in tmp_path.iterdir()] == ["baseline.toml"]
    write_baseline(path, baseline())
    assert load_baseline(path, TODAY, must_exist=True).entries == ()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"acepted": []}, "'acepted'; did you mean 'accepted'?"),
        ({"accepted": {"finding": "x"}}, "accepted is {'finding': 'x'}; expected tables"),
        ({"accepted": ["LIFE-3-1f0c9a"]}, "accepted[1] is 'LIFE-3-1f0c9a'; expected a table"),
        ({"accepted": [GOOD, {**GOOD, "expire": 1}]}, "accepted[2]: unknown key 'expire'; did you mean 'expires'?"),
        ({"accepted": [{"finding": "LIFE-3-1f0c9a"}]}, "accepted[1] (LIFE-3-1f0c9a) has no reason"),
        ({"accepted": [{"reason": "x"}]}, "accepted[1] has no finding"),
        ({"accepted": [{**GOOD, "reason": " "}]}, "accepted[1].reason is ' '"),
        ({"accepted": [{**GOOD, "reason": 3}]}, "accepted[1].reason is 3"),
        ({"accepted": [{**GOOD, "finding": "LIFE-3"}]}, "accepted[1].finding is 'LIFE-3'; expected the id"),
        ({"accepted": [{**GOOD, "finding": "LIFE-99-1f0c9a"}]}, "accepted[1].finding is 'LIFE-99-1f0c9a'"),
        ({"accepted": [{**GOOD, "clause": "LIFE-4"}]}, "accepted[1].clause is 'LIFE-4'; expected \"LIFE-3\""),
        ({"accepted": [{**GOOD, "title": 1}]}, "accepted[1].title is 1"),
        ({"accepted": [{**GOOD, "expires": "2026-12-31"}]}, "accepted[1].expires is '2026-12-31'; expected a date"),
        ({"accepted": [{**GOOD, "expires": 20261231}]}, "accepted[1].expires is 20261231"),
        ({"accepted": [GOOD, GOOD]}, "LIFE-3-1f0c9a is accepted twice"),
    ],
)
def test_a_mistake_names_the_offending_value(table: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_baseline(table, "b.toml")
    assert str(caught.value).startswith("b.toml: ")
    assert words in str(caught.value)


def test_a_moment_is_no_date() -> None:
    text = '[[accepted]]\nfinding = "LIFE-3-1f0c9a"\nreason = "x"\nexpires = 2026-12-31T00:00:00Z\n'
    with pytest.raises(UsageError, match="expected a date"):
        parse_baseline(tomllib.loads(text), "b.toml")


def test_a_missing_file_is_a_mistake_unless_it_is_to_be_written(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    with pytest.raises(UsageError, match=r"none\.toml does not exist"):
        load_baseline(path, TODAY, must_exist=True)
    assert load_baseline(path, TODAY, must_exist=False) == baseline()
    with pytest.raises(UsageError, match="no directory"):
        load_baseline(tmp_path / "nowhere" / "b.toml", TODAY, must_exist=False)


def test_the_setting_and_the_option_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "b.toml"
    path.write_text(render_baseline(baseline(ENTRY)), "utf-8")
    settings = parse_settings({"baseline": str(path)}, "assay.toml")
    nothing = {"url": None, "profile": None, "allow_host": None, "timeout": None}
    request = make_request(settings, **nothing)  # type: ignore[arg-type]
    assert request.options.baseline is not None
    assert request.options.baseline.entries == (ENTRY,)
    assert request.baseline_file is None
    request = make_request(settings, **nothing, update_baseline=True)  # type: ignore[arg-type]
    assert request.baseline_file == path
    assert f"--baseline {path}" in make_request(settings, **nothing, baseline=path).rerun  # type: ignore[arg-type]


def test_reports_mark_what_is_accepted_and_what_has_expired() -> None:
    number = scene.findings()[0].id
    for entry, severity, expired in ((replace(ENTRY, finding=number), "warning", False), (OLD, "error", True)):
        known = baseline(replace(entry, finding=number))
        found = known.weigh(scene.findings())
        document = build_run(scene.facts(), known.judge(scene.results(), found), found, {}, Masker({}), baseline=known)
        jsonschema.validate(document, run_schema())
        marked = next(finding for finding in document["findings"] if finding["id"] == number)
        assert marked["severity"] == severity
        assert marked["accepted"] == {
            "reason": "the provider rotates codes",
            "expires": entry.expires.isoformat(),
            "expired": expired,
        }
        assert sum("accepted" in finding for finding in document["findings"]) == 1
        assert ("is accepted" in junit(document).decode()) is not expired


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[[accepted]\n", "is not TOML"),
        ('[[accepted]]\nfinding = "LIFE-3-1f0c9a"\nexpires = 2026-12-31\n', "(LIFE-3-1f0c9a) has no reason"),
        (None, "b.toml does not exist"),
    ],
)
def test_a_bad_file_is_one_line_and_exit_2_before_anything_is_sent(
    content: str | None, words: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "b.toml").write_text(content, "utf-8")
    result = run("gate", "--baseline", "b.toml", cwd=tmp_path)
    assert result.returncode == 2
    assert words in one_line(result)
    assert not (tmp_path / "reports").exists()


def test_updating_needs_a_file(tmp_path: Path) -> None:
    result = run("gate", "--update-baseline", cwd=tmp_path)
    assert result.returncode == 2
    assert "--baseline FILE" in one_line(result)


def test_a_gate_with_nothing_but_accepted_findings_passes(tmp_path: Path) -> None:
    ours = Entry("SHAPE-1-491032", "kept for an old client", date(9999, 12, 31), "create answers 201")
    gone = replace(ours, finding="SHAPE-4-000000")
    write_baseline(tmp_path / "b.toml", baseline(ours, gone))
    result = run(
        "gate", "--depth", "quick", "--defect", "create-answers-201", "--baseline", "b.toml", "--update-baseline",
        "--out", "run", cwd=tmp_path,
    )  # fmt: skip
    document = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))
    jsonschema.validate(document, run_schema())
    assert (result.returncode, document["verdict"]) == (0, "kept")
    assert [(f["id"], f["severity"], f["accepted"]["reason"]) for f in document["findings"]] == [
        ("SHAPE-1-491032", "warning", "kept for an old client")
    ]
    assert "accepted SHAPE-1" in result.stdout
    assert "until 9999-12-31: kept for an old client" in result.stdout
    assert "baseline: SHAPE-4-000000 is no longer seen" in document["notes"]
    assert "SHAPE-4-000000 dropped: no longer seen" in result.stderr
    after = load_baseline(tmp_path / "b.toml", TODAY, must_exist=True)
    assert after.entries == (ours,)
