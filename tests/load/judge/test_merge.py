"""Shares of several workers become one verdict; ids and numbers are unique across workers."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.finding import ClauseVerdict, Severity
from contracts.record.masking import Masker
from load.judge.merge import ANY_ANSWER, MARGIN_S, Merge
from load.judge.share import Shares
from tests.load.judge.scene import CODE, KEY, OTHER_CODE, Scene, purchase, stamp
from tests.telling import well_told

SEED = b"0123456789abcdef"


class Worker:
    """One worker: its scene, its shares, and its clock, which is ahead of the master's by some seconds."""

    def __init__(self, name: str, ahead: float = 0.0) -> None:
        self.name = name
        self.ahead = ahead
        self.scene = Scene()
        self.scene.judge.keep_seen()
        self.shares = Shares(self.scene.judge, Masker({"owner": KEY}), SEED)

    def share(self, merge: Merge, now: float, *, final: bool = False, delay: float = 0.0) -> dict[str, Any]:
        if final:
            self.scene.judge.finish()
        share = self.shares.take(now + self.ahead, final=final)
        merge.take(self.name, share, now + delay)
        return share


def merged(*workers: Worker, now: float = 100.0) -> Merge:
    merge = Merge("2026-02")
    for worker in workers:
        worker.share(merge, now, final=True)
    return merge


def findings(merge: Merge) -> set[tuple[str, str]]:
    # Of an id that another worker was given no operation is kept, only that it was.
    well_told(merge.findings, shown=False)
    return {(f.clause, f.cause) for f in merge.findings if f.clause != "LOAD-1"}


def test_counts_of_all_workers_are_added_up():
    one, two = Worker("one"), Worker("two")
    one.scene.create(0, 1, 1)
    two.scene.create(0, 1, 2)
    two.scene.retrieve(2, 3, 2)
    merge = merged(one, two)
    assert merge.answers == 3
    assert merge.oracle().exercised["SHAPE-1"] == 3
    assert merge.oracle().exercised["LOAD-1"] == 3
    assert findings(merge) == set()
    assert merge.forgetting("All is kept.") == "All is kept. 0 of 2 purchases were forgotten."


def test_where_answers_cannot_be_told_apart_only_what_holds_of_any_of_them_is_told():
    one = Worker("one")
    one.scene.create(0, 1, 1, view={"status": "DONE"})
    oracle = merged(one).oracle()
    assert {"SHAPE-8", "LOAD-1"} <= {found.clause for found in oracle.findings}
    doubted = merged(one).oracle(out_of_step=True)
    assert {found.clause for found in doubted.findings} == {"LOAD-1"}
    assert {clause for clause, times in doubted.exercised.items() if times} <= ANY_ANSWER
    assert doubted.exercised["LOAD-1"] == oracle.exercised["LOAD-1"] == 1


def test_a_later_share_replaces_totals_and_does_not_double_them():
    one = Worker("one")
    merge = Merge("2026-02")
    for number in range(1, 4):
        one.scene.create(number, number + 0.5, number)
        one.share(merge, number + 0.6)
    one.share(merge, 9, final=True)
    assert merge.oracle().exercised["VALUE-1"] == 3


def test_a_worker_alone_finds_its_own_repeats_and_the_merge_remembers_no_purchase():
    one = Worker("one")
    merge = Merge("2026-02", alone=True)
    one.scene.create(0, 1, 1)
    one.scene.create(2, 3, 1, view={"phone_number": "+12025559999"})
    one.share(merge, 100.0, final=True)
    assert ("LIFE-7", "id-given-twice") in findings(merge)
    assert merge._givers.get(1) is None


def test_an_id_given_by_two_workers_is_found_and_one_given_by_each_is_not():
    one, two = Worker("one"), Worker("two")
    one.scene.create(0, 1, 1)
    two.scene.create(0, 1, 1, view={"phone_number": "+12025559999"})
    two.scene.create(2, 3, 2)
    merge = merged(one, two)
    assert findings(merge) == {("LIFE-7", "id-given-twice")}
    (found,) = [f for f in merge.findings if f.clause == "LIFE-7"]
    assert found.observed == "id 1, given to creates of one and two"
    result = next(r for r in merge.oracle().results(mode="load") if r.id == "LIFE-7")
    assert result.verdict is ClauseVerdict.BROKEN


def test_a_purchase_that_another_worker_only_sees_in_a_list_is_no_second_one():
    one, two = Worker("one"), Worker("two")
    one.scene.create(0, 1, 1)
    two.scene.list(2, 3, [purchase(1)])
    assert findings(merged(one, two)) == set()


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        ({}, set()),
        ({"created_at": "2026-01-05T12:00:01+00:00", "price": {"amount": "1.5", "currency_code": "USD"}}, set()),
        ({"phone_number": None}, set()),
        ({"country_code": "CA"}, {("LIFE-5", "head-differs-between-workers")}),
        ({"display_name": {"ru": "США", "en": "Canada"}}, {("LIFE-5", "head-differs-between-workers")}),
        ({"price": {"amount": "1.51", "currency_code": "USD"}}, {("LIFE-5", "head-differs-between-workers")}),
        ({"created_at": "2026-01-05T12:00:02Z"}, {("LIFE-5", "head-differs-between-workers")}),
        ({"phone_number": "+12025559999"}, {("LIFE-5", "phone-differs-between-workers")}),
    ],
)
def test_what_a_list_shows_one_worker_is_held_against_what_another_bought(shown, found):
    one, two = Worker("one"), Worker("two")
    one.scene.create(0, 1, 1)
    two.scene.list(2, 3, [purchase(1, **shown)])
    merge = merged(one, two)
    assert findings(merge) == found
    assert merge.oracle().exercised["LIFE-5"] == 1


@pytest.mark.parametrize(
    ("proof", "found"),
    [
        (CODE, set()),
        (CODE | {"received_at": "2026-01-05T12:30:00Z"}, set()),
        (OTHER_CODE, {("LIFE-3", "proof-differs-between-workers")}),
    ],
)
def test_credentials_are_the_same_to_all_workers(proof, found):
    one, two = Worker("one"), Worker("two")
    one.scene.create(0, 1, 1)
    one.scene.retrieve(2, 3, 1, "SUCCESS")
    two.scene.list(2, 3, [purchase(1, "SUCCESS", verification=proof)])
    assert findings(merged(one, two)) == found


def test_what_one_worker_is_shown_twice_is_its_own_judges_matter():
    one = Worker("one")
    merge = Merge("2026-02")
    one.scene.create(0, 1, 1)
    one.scene.judge.forget(1)
    one.share(merge, 2)
    one.scene.list(3, 4, [purchase(1, country_code="CA")])
    one.share(merge, 5, final=True)
    assert findings(merge) == set()


@pytest.mark.parametrize(
    ("start", "ahead", "found"),
    [
        (5.0, 0.0, True),
        (5.0, 1000.0, True),
        (21.0, 0.0, False),
        (20.0 - MARGIN_S, 0.0, False),
    ],
)
def test_a_number_sold_by_two_workers_counts_only_while_both_purchases_surely_stood(start, ahead, found):
    one, two = Worker("one"), Worker("two", ahead)
    one.scene.create(0, 1, 1)
    one.scene.retrieve(20, 20.5, 1)
    shared = {"phone_number": "+12025550001", "created_at": "2026-01-05T12:00:01Z"}
    headers = (("content-type", "application/json"), ("date", "Mon, 05 Jan 2026 12:00:01 GMT"))
    two.scene.create(start + ahead, start + 0.5 + ahead, 2, view=shared, headers=headers)
    two.scene.retrieve(start + 19 + ahead, start + 20 + ahead, 2, view=shared)
    assert (("LIFE-7", "phone-sold-twice") in findings(merged(one, two))) is found


def test_a_number_sold_again_after_its_purchase_was_forgotten_is_found_only_in_the_time_it_stood():
    one, two = Worker("one"), Worker("two")
    one.scene.create(0, 1, 1)
    one.scene.retrieve(20, 20.5, 1)
    one.scene.judge.forget(1)
    two.scene.create(3, 4, 2, view={"phone_number": "+12025550001"})
    two.scene.retrieve(30, 31, 2, view={"phone_number": "+12025550001"})
    assert findings(merged(one, two)) == {("LIFE-7", "phone-sold-twice")}


def test_findings_of_one_cause_are_one_finding_with_a_count_and_evidence_of_either_worker():
    one, two = Worker("one"), Worker("two")
    for worker in (one, two):
        worker.scene.create(0, 1, 1 if worker is one else 2)
        for moment in (2, 4, 6):
            worker.scene.retrieve(moment, moment + 1, 1 if worker is one else 2, view={"status": "DONE"})
    merge = merged(one, two)
    (found,) = [f for f in merge.findings if f.clause == "SHAPE-8"]
    assert found.count == 6
    assert found.severity is Severity.ERROR
    lanes = {merge.operations[mark.index].lane for mark in found.marks}
    assert lanes == {"one"}
    assert len({operation.index for operation in merge.operations.values()}) == len(merge.operations)


def test_no_secret_leaves_a_worker():
    worker = Worker("one")
    worker.scene.create(0, 1, 1)
    worker.scene.code(2, 3, 1, shown="SUCCESS")
    worker.scene.retrieve(4, 5, 1, shown="SUCCESS", view={"verification": OTHER_CODE})
    worker.scene.retrieve(6, 7, 1, shown="SUCCESS", view={"phone_number": "+12025558888"})
    worker.scene.judge.finish()
    share = worker.shares.take(9.0, final=True)
    assert {finding["clause"] for finding in share["findings"]} >= {"LIFE-3", "LIFE-5"}
    assert share["evidence"]
    text = repr(share)
    for secret in (CODE["code"], CODE["password"], OTHER_CODE["code"], "12025550001", "12025558888", KEY):
        assert secret not in text


def test_a_share_is_plain_data():
    worker = Worker("one")
    worker.scene.create(0, 1, 1, view={"surplus": 1})

    def check(value: Any) -> None:
        if isinstance(value, dict):
            assert all(isinstance(key, str) for key in value)
            for inner in value.values():
                check(inner)
        elif isinstance(value, list | tuple):
            for inner in value:
                check(inner)
        else:
            assert value is None or isinstance(value, str | bytes | int | float | bool)

    check(worker.shares.take(2.0, final=True))


def test_a_crash_in_one_worker_leaves_the_clause_without_a_verdict():
    one, two = Worker("one"), Worker("two")
    one.scene.create(0, 1, 1)
    two.scene.judge.crashes["SHAPE-3"] = "ValueError: oh (judge, line 1)"
    result = next(r for r in merged(one, two).oracle().results(mode="load") if r.id == "SHAPE-3")
    assert result.verdict is ClauseVerdict.NOT_EXERCISED
    assert "in two" in result.reason


def test_a_number_sold_by_two_workers_is_told_with_both_purchases_and_how_long_they_stood_together():
    one, two = Worker("one"), Worker("two", ahead=1000.0)
    for number in (1, 2, 3):
        one.scene.create(0, number, number)
        one.scene.retrieve(20 + number, 30, number)
    shared = {"phone_number": "+12025550002", "created_at": "2026-01-05T12:00:05Z"}
    headers = (("content-type", "application/json"), ("date", "Mon, 05 Jan 2026 12:00:05 GMT"))
    two.scene.create(1004, 1005, 12, view=shared, headers=headers)
    two.scene.retrieve(1015, 1016, 12, view=shared)
    (found,) = [f for f in merged(one, two).findings if f.clause == "LIFE-7"]
    assert found.observed == (
        "one number belongs to the purchases 2 of one and 12 of two, which stood together for 10.0 s"
    )
    assert [(mark.lane, mark.api_operation.name, mark.invoked) for mark in found.marks] == [
        ("one", "CREATE", 2.0), ("two", "CREATE", 5.0), ("two", "RETRIEVE", 15.0), ("one", "RETRIEVE", 22.0),
    ]  # fmt: skip
    assert len({mark.index for mark in found.marks}) == 4
    assert min(mark.index for mark in found.marks) > 0


def test_a_third_sale_is_held_against_each_of_those_before_it():
    one, two, three = Worker("one"), Worker("two"), Worker("three")
    for worker, number, start in ((one, 1, 0), (two, 2, 50), (three, 3, 60)):
        view = {"phone_number": "+12025550001", "created_at": stamp(start)}
        worker.scene.create(start, start, number, view=view)
        worker.scene.retrieve(start + 20, start + 21, number, view=view)
    (found,) = [f for f in merged(one, two, three).findings if f.clause == "LIFE-7"]
    assert found.observed.startswith("one number belongs to the purchases 2 of two and 3 of three")
    assert found.count == 1


def test_what_workers_found_comes_back_with_severities_samples_and_times():
    one = Worker("one")
    for number, status in enumerate(("DONE", "OVER", "GONE"), 1):
        one.scene.create(number, number + 0.5, number)
        one.scene.retrieve(number + 10, number + 10.5, number, view={"status": status})
    one.scene.create(20, 20.5, 9, view={"purchase_type": "BULK"})
    found = {f.clause: f for f in merged(one).findings}
    odd = found["SHAPE-8"]
    assert odd.count == 3
    assert ["DONE" in odd.observed, *(text.split("'")[1] for text in odd.samples)] == [True, "OVER", "GONE"]
    assert [(mark.invoked, mark.returned) for mark in odd.marks] == [(11, 11.5)]
    assert (odd.severity, found["VALUE-8"].severity) == (Severity.ERROR, Severity.WARNING)


@pytest.mark.parametrize(("names", "told"), [(["one"], "oh"), (["one", "two"], "oh, in one")])
def test_a_crash_is_told_with_its_worker_where_there_are_several(names, told):
    workers = [Worker(name) for name in names]
    workers[0].scene.judge.crashes["SHAPE-3"] = "oh"
    result = next(r for r in merged(*workers).oracle().results(mode="load") if r.id == "SHAPE-3")
    assert f": {told} (" in result.reason


def test_a_share_that_counts_an_unknown_clause_is_refused_with_its_name():
    one = Worker("one")
    share = one.shares.take(1.0, final=True)
    share["exercised"] = {"SHAPE-1": 1, "SHAPE-999": 1}
    with pytest.raises(ValueError, match=r"clauses that this release does not know: \['SHAPE-999'\]"):
        Merge("2026-02").take("one", share, 1.0)
