"""What a finding made at speed shows, and that what is forgotten is forgotten everywhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.finding import Finding
from contracts.history import OWNER, ApiOperation, Operation
from contracts.record.masking import Masker
from load.journeys.steps import retrieve
from load.judge import single
from load.judge.forgetting import Limits
from load.judge.merge import Merge
from load.judge.operations import excerpt_of
from load.judge.share import Shares
from tests.checks.build import answer, listing
from tests.load.judge.scene import KEY, REFUSAL, Scene, reply

YOUNG = {"created_at": "2026-01-05T12:00:01Z"}


def only(found: tuple[Finding, ...], clause: str) -> Finding:
    """Return the one finding under a clause."""
    (one,) = [finding for finding in found if finding.clause == clause]
    return one


def test_the_limit_itself_is_kept() -> None:
    scene = Scene(limits=Limits(purchases=10))
    for number in range(1, 12):
        scene.create(number / 100, number / 100 + 0.001, number, view=YOUNG)
    assert len(scene.judge._register) == 10
    assert scene.judge.forgotten == 1


@pytest.mark.parametrize(("principal", "broken"), [("other", set()), ("stranger:no key", set()), (OWNER, {"LIFE-6"})])
def test_only_its_owner_can_be_denied_a_purchase(principal: str, broken: set[str]) -> None:
    scene = Scene()
    scene.create(0, 1, 1)
    scene.create(0, 1, 2)
    scene.retrieve(2, 3, 2)
    scene.judge.see(replace(retrieve(1), principal=principal), reply(REFUSAL, 4, 5, status=404))
    assert scene.broken() == broken


def test_a_forgotten_purchase_leaves_no_body_behind() -> None:
    scene = Scene()
    scene.create(0, 1, view=YOUNG)
    scene.retrieve(2, 3, view=YOUNG)
    assert 1 in scene.judge._answers._recent
    scene.judge.forget(1)
    assert 1 not in scene.judge._answers._recent


def test_a_workers_finding_comes_back_whole() -> None:
    scene = Scene()
    scene.create(0, 1, 1)
    scene.create(2, 3, 1, view={"phone_number": "+12025559999"})
    merge = Merge("2026-02")
    shares = Shares(scene.judge, Masker({"owner": KEY}), b"0123456789abcdef")
    scene.judge.finish()
    own = only(tuple(scene.judge.docket.findings), "LIFE-7")
    merge.take("one", shares.take(100.0, final=True), 100.0)
    merged = only(merge.findings, "LIFE-7")
    assert (merged.cause, merged.title, merged.expected, merged.observed) == (
        own.cause, own.title, own.expected, own.observed,
    )  # fmt: skip
    assert merged.count == own.count == 1
    assert [(mark.api_operation, mark.invoked, mark.lane) for mark in merged.marks] == [
        (ApiOperation.CREATE, 0.0, "one"),
        (ApiOperation.CREATE, 2.0, "one"),
    ]


def test_an_id_given_by_two_workers_is_counted_once() -> None:
    merge = Merge("2026-02")
    for name in ("one", "two"):
        scene = Scene()
        scene.create(0, 1, 1, view={"phone_number": f"+1202555{len(name)}{ord(name[0])}"})
        scene.judge.finish()
        merge.take(name, Shares(scene.judge, Masker({"owner": KEY}), b"0" * 16).take(100.0, final=True), 100.0)
    assert only(merge.findings, "LIFE-7").count == 1


def test_an_excerpt_of_a_page_is_that_page_but_for_its_items() -> None:
    page: Operation = listing(answer({"items": [1, 2]}), wall=1234.5)
    part = excerpt_of(page, [2])
    assert part.answer is not None
    assert part.answer.body == b'{"items":[2],"pagination":{"current_page":1,"total_pages":1,"has_next":false}}'
    assert replace(part, answer=None) == replace(page, answer=None)


def test_numbers_are_told_by_a_fingerprint_that_only_one_run_knows() -> None:
    shares = [Shares(Scene().judge, Masker({"owner": KEY}), seed) for seed in (b"0" * 16, b"1" * 16, b"0" * 16)]
    prints = [each._fingerprint(12025550001) for each in shares]
    assert prints[0] == prints[2] != prints[1]


def test_of_bodies_that_may_come_again_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single, "MAX_RECENT", 2)
    scene = Scene()
    for number in (1, 2, 3):
        scene.create(0, 1, number)
        scene.retrieve(2, 3, number)
    assert list(scene.judge._answers._recent) == [2, 3]
    scene.retrieve(4, 5, 2, "SUCCESS")
    assert list(scene.judge._answers._recent) == [2, 3]
