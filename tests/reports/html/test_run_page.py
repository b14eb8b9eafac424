"""The page of a run says what run.json says, needs nothing but itself, and obeys nothing that a target says."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

import pytest

from reports.html.run import MAX_DIGEST, MAX_PAGE, run_page
from reports.partial import Recorded
from reports.rundocs import run_schema
from tests.record import scene
from tests.reports.html.material import HOSTILE, Page, load_section, parts, poisoned, sha256


def with_load(**changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = {**scene.document(), "command": "load", "load": load_section(**changes)}
    return document


def flat(page: Page) -> str:
    return " ".join(page.text.split())


@pytest.mark.parametrize("document", [scene.document(), with_load()], ids=["gate", "load"])
class TestEveryPage:
    def test_loads_nothing_and_runs_nothing_but_its_own(self, document: dict[str, Any]) -> None:
        page = Page(run_page(document))
        policy = page.all("meta", http_equiv="Content-Security-Policy")[0]["content"]
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        assert "http" not in policy
        running = [text for attributes, text in page.scripts if attributes.get("type") != "application/json"]
        assert [part for part in policy.split("; ") if part.startswith("script-src")] == [
            "script-src " + " ".join(map(sha256, running))
        ]
        assert [part for part in policy.split("; ") if part.startswith("style-src")] == [
            "style-src " + " ".join(map(sha256, page.styles))
        ]
        for name in ("src", "srcset", "action", "style", "data", "poster"):
            assert page.values(name) == []
        assert [link for link in page.values("href") if not link.startswith("#") and link != "data:,"] == []
        assert not re.search(r"url\(|@import", "".join(page.styles))
        assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]

    def test_every_link_and_label_leads_somewhere(self, document: dict[str, Any]) -> None:
        page = Page(run_page(document))
        ids = page.ids()
        assert len(ids) == len(set(ids))
        assert {link[1:] for link in page.values("href") if link.startswith("#")} <= set(ids)
        assert set(page.values("aria-labelledby")) <= set(ids)

    def test_headings_do_not_skip_a_level(self, document: dict[str, Any]) -> None:
        levels = [int(tag[1]) for tag, _ in Page(run_page(document)).elements if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))

    def test_can_be_read_by_people_who_cannot_see_it(self, document: dict[str, Any]) -> None:
        page = Page(run_page(document))
        assert page.all("html", lang="en")
        assert {a.get("scope") for a in page.all("th")} <= {"col", "row"}
        assert all("aria-label" in a or "aria-labelledby" in a for a in page.all("div", role="region"))
        assert all("tabindex" in a for tag, a in page.elements if a.get("class", "").startswith("scroll"))

    def test_no_text_of_a_target_is_markup(self, document: dict[str, Any]) -> None:
        clean, page = Page(run_page(document)), Page(run_page(poisoned(document)))
        tags = {tag for tag, _ in clean.elements} | {"span", "details", "summary", "br", "i"}
        assert {tag for tag, _ in page.elements} <= tags
        assert len(page.scripts) == len(clean.scripts)
        assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
        assert not set("\u202e\u2028\x1b\x00\u200b") & set(page.text)
        assert r"\u202e\u2028\x1b[31m\x00\ud800\u200b" in page.text
        assert "<script>window.owned=1</script>" in page.text
        assert "{{7*7}}" in page.text
        for attributes, text in page.scripts:
            if attributes.get("type") == "application/json":
                json.loads(text)


def test_what_it_says_agrees_with_run_json() -> None:
    document = scene.document()
    page = Page(run_page(document))
    assert page.values("data-finding") == [finding["id"] for finding in document["findings"]]
    rows = [attributes for tag, attributes in page.elements if tag == "tr" and "data-verdict" in attributes]
    assert [(row["id"], row["data-verdict"]) for row in rows] == [
        (f"clause-{clause['id']}", clause["verdict"]) for clause in document["clauses"]
    ]
    text = flat(page)
    for clause in document["clauses"]:
        assert clause["title"] in text
        assert f"{clause['exercised']:,}" in text
    assert "✗ broken 2 – not tested 3 ✓ kept 3" in text
    assert "412 requests · 25 purchases · 37.50 USD" in text
    calls = [call["index"] for finding in document["findings"] for call in finding["evidence"]]
    drawn = [a["data-op"].partition("-")[2] for tag, a in page.elements if tag == "g"]
    listed = [a["data-op"].partition("-")[2] for tag, a in page.elements if tag == "tr" and "data-op" in a]
    assert list(map(int, drawn)) == list(map(int, listed)) == calls


def test_the_first_screen_tells_what_to_act_on() -> None:
    text = flat(Page(run_page(scene.document())))
    start = text[text.index("Broken The") :]
    wanted = [
        "Broken The target does not keep its contract.", "2 findings of severity error: LIFE-3, SHAPE-6",
        "http://127.0.0.1:8080", "2026-02-23 10:15:00 UTC", "14.3 s", "Seed 7", "Run it again",
        "What is broken", "LIFE-3 the code of a purchase changed error × 3", "What was not tested, and why",
        "AUTH-4 AUTH-5 it needs a second owner: set ASSAY_OTHER_API_KEY",
    ]  # fmt: skip
    places = [start.index(words) for words in wanted]
    assert places == sorted(places)


def test_errors_come_before_warnings_whatever_their_order() -> None:
    document = scene.document()
    document["findings"].reverse()
    clauses = [name.rpartition("-")[0] for name in Page(run_page(document)).values("data-finding")]
    assert clauses == ["SHAPE-6", "LIFE-3", "INPUT-6"]


def test_what_offends_is_marked_where_it_was_observed_and_answered() -> None:
    content = run_page(scene.document()).decode()
    assert "<mark>&#39;&lt;code:1&gt;&#39;</mark>" in content
    assert "&#34;code&#34;: &#34;<mark>&lt;code:2&gt;</mark>&#34;" in content


def test_a_finding_can_be_sent_again_and_replayed() -> None:
    document = scene.document()
    document["findings"][0]["replay"] = "assay replay runs/1 LIFE-3-3953a1"
    text = flat(Page(run_page(document)))
    for finding in document["findings"]:
        for line in finding["curl"]:
            assert " ".join(line.split()) in text
    assert "assay replay runs/1 LIFE-3-3953a1" in text


def test_connections_are_lanes_of_the_timeline() -> None:
    page = run_page(scene.document(), lanes={1: "volley 4.1", 2: "volley 4.2", 5: "gate"}).decode()
    assert "owner · volley 4.1   #1 → 200" in page
    assert "owner · volley 4.2   #2 → 200" in page
    assert "owner   #5 → 200" in page


def test_a_partial_run_is_marked_as_one() -> None:
    document = {**scene.document(), "partial": True, "clauses": [], "findings": [], "requests": 0, "duration_s": 0}
    text = flat(Page(run_page(document, recorded=Recorded(597, 24))))
    assert "Partial. The run ended before its time; its history holds 597 operations, 24 purchases among them." in text
    assert "No finding was written down before the run ended." in text
    assert "not written down before the run was killed" in text
    assert "Partial." not in flat(Page(run_page(scene.document())))


def test_an_accepted_finding_says_until_when() -> None:
    document = scene.document()
    accepted = {"reason": "ticket 12", "expires": "2026-06-30", "expired": False}
    document["findings"][0].update(severity="warning", accepted=accepted)
    text = flat(Page(run_page(document)))
    assert "accepted LIFE-3" in text
    assert "The baseline accepts it until 2026-06-30. Reason: ticket 12" in text
    document["findings"][0].update(severity="error", accepted={**accepted, "expired": True})
    assert "since then it counts again. Reason: ticket 12" in flat(Page(run_page(document)))


def test_a_replay_tells_its_outcome_and_the_shortest_steps() -> None:
    outcome = {
        "run": "runs/1", "finding": "LIFE-3-3953a1", "outcome": "still fails", "tries": 3,
        "steps": ["buy", "read"], "shortest": ["read once"],
    }  # fmt: skip
    text = flat(Page(run_page({**scene.document(), "command": "replay", "replay": outcome})))
    assert "A finding of an earlier run, replayed: it still fails." in text
    assert "Finding LIFE-3-3953a1 of runs/1 still fails (3 tries)." in text
    assert "read once" in text


def test_a_call_that_is_not_held_any_more_is_named() -> None:
    document = scene.document()
    document["findings"][0]["evidence"][0].update(
        method=None, path=None, status=None, outcome=None, request=None, response=None
    )
    text = flat(Page(run_page(document)))
    assert "request_code no answer kept" in text
    assert "no longer held" in text


@pytest.mark.parametrize("odd", [-1e308, 1e308, 10**400, 5e-324, 0])
def test_a_moment_of_any_size_can_be_drawn(odd: float) -> None:
    document = scene.document()
    document["findings"][0]["evidence"][0]["invoked"] = odd
    document["findings"][0]["evidence"][1]["returned"] = odd
    content = run_page(document).decode()
    assert not re.search('(?:x|x1|x2|width)="(?:nan|inf|-inf)', content)


def many(count: int, size: int, filler: str) -> dict[str, Any]:
    document = scene.document()
    finding = document["findings"][0]
    evidence = [{**finding["evidence"][0], "index": index, "response": filler * size} for index in range(24)]
    document["findings"] = [{**finding, "id": f"LIFE-3-{index:06x}", "evidence": evidence} for index in range(count)]
    return document


@pytest.mark.parametrize("filler", ["x", "д", "<", "\u202e", "測"])
def test_a_page_stays_below_5_mb(filler: str) -> None:
    document = many(60, 4_096, filler)
    document["clauses"] = [{**clause, "promise": filler * 5_000} for clause in document["clauses"]] * 60
    document["notes"] = [filler * 10_000] * 200
    document["load"] = load_section(phases=[{"name": filler * 100_000}] * 500)
    page = run_page(document)
    assert len(page) <= MAX_PAGE
    assert b"Told in brief" in page
    names = re.findall('data-finding="([^"]+)"', page.decode())
    assert names == [finding["id"] for finding in document["findings"]][: len(names)]


def test_findings_beyond_the_room_are_counted() -> None:
    document = many(4_000, 10, "x")
    for finding in document["findings"]:
        finding["evidence"] = finding["evidence"][:1]
        finding["title"] = finding["observed"] = "y" * 400
    page = run_page(document).decode()
    shown = page.count("data-finding=")
    assert shown < 4_000
    assert f"{4_000 - shown:,} more findings in run.json." in page
    assert f"{4_000 - MAX_DIGEST:,} more findings <a" in page


def test_a_megabyte_in_every_text_is_bounded() -> None:
    document = poisoned(scene.document(), HOSTILE + "x" * 1_000_000)
    assert len(run_page(document)) < 300_000


def test_every_verdict_of_the_schema_has_its_words() -> None:
    for verdict in run_schema()["properties"]["verdict"]["enum"]:
        assert f"hero h-{verdict}" in run_page({**scene.document(), "verdict": verdict}).decode()


class TestPartsOfAVerification:
    def page(self, **changes: Any) -> Page:
        told = [{**part, **changes} if part["name"] == "load" else part for part in parts()]
        return Page(run_page({**scene.document(), "command": "verify", "parts": told}))

    def test_each_says_what_it_came_to_and_leads_to_its_own_report(self) -> None:
        page = self.page()
        text = " ".join(page.text.split())
        assert "gate ✓ kept 57 clauses kept 41.2 gate/report.html" in text
        assert "load ✗ broken p99 of create_purchase is 180 ms, at most 150 were promised" in text
        assert "drift – inconclusive the target serves no document" in text
        assert "compare – left out no release to compare with was named" in text
        links = [attributes.get("href") for attributes in page.all("a")]
        assert {"gate/report.html", "load/report.html", "drift.json"} <= set(links)

    def test_the_verdict_is_said_once_and_its_reasons_below(self) -> None:
        said = ["Go: gate and drift keep what was promised.", "gate: 57 clauses exercised and kept"]
        document = {**scene.document(), "command": "verify", "parts": parts(), "reasons": said}
        text = Page(run_page(document)).text
        assert [text.count(reason) for reason in said] == [1, 1]

    @pytest.mark.parametrize("place", ["../elsewhere", "/etc/passwd", "javascript:alert(1)", "//evil.example/x", "a?b"])
    def test_a_document_elsewhere_is_named_and_no_link(self, place: str) -> None:
        page = self.page(document=place)
        assert place in page.text
        assert not any(place in (attributes.get("href") or "") for attributes in page.all("a"))

    def test_a_run_that_is_no_verification_has_none(self) -> None:
        assert "Parts" not in Page(run_page(scene.document())).text
