"""What is asked of old purchases, by other owners and at once: each request that a defect once slipped between."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from contracts.gate.owners import cross
from contracts.gate.races import Races
from contracts.history import OTHER, OWNER, ApiOperation, Outcome
from contracts.reading import Reading
from tests.gate.stand import QUICK, Stand, stand

REFUND, CODE, CREATE, LIST = ApiOperation.REFUND, ApiOperation.REQUEST_CODE, ApiOperation.CREATE, ApiOperation.LIST


def refunds(on: Stand) -> list[tuple[int | None, Outcome]]:
    """Return which refunds were asked for, and what came of each."""
    return [(Reading(one).purchase_id, one.outcome) for one in on.sent if one.api_operation is REFUND]


def test_a_refund_is_asked_for_too_early_then_in_time_and_then_of_everything_that_ended() -> None:
    with stand(bought=2) as on:
        on.lives.ended_lives()
        granted = [number for number, outcome in refunds(on) if outcome is Outcome.OK]
        first = next(number for number, outcome in refunds(on) if outcome is Outcome.OK)
        before = [outcome for number, outcome in refunds(on) if number == first]
        assert len(granted) == 2
        assert before[:2] == [Outcome.FAIL, Outcome.OK]
        asked = Counter(Reading(one).purchase_id for one in on.sent if one.api_operation is CODE)
        assert sorted(asked[number] for number in granted) == [1, 1]
        for status in ("SUCCESS", "ERROR"):
            number = on.session.book.of(OWNER, statuses=[status])[0].id
            assert (number, Outcome.FAIL) in refunds(on)[refunds(on).index((first, Outcome.OK)) :]
        assert on.errors == []


def test_another_owner_tries_both_forms_of_a_path_and_lists_every_status() -> None:
    with stand(bought=2) as on:
        on.survey.other_known = True
        list(cross(on.session, on.lives))
        theirs = [one for one in on.sent if one.principal == OTHER]
        for kind in (ApiOperation.RETRIEVE, CODE, REFUND):
            forms = {one.input.path.endswith("/") for one in theirs if one.api_operation is kind}
            assert forms == {False, True}
        filters = {dict(one.input.query).get("status") for one in theirs if one.api_operation is LIST}
        assert filters == {None, "PENDING", "SUCCESS", "ERROR", "REFUND"}
        assert on.errors == []


def test_creates_of_two_countries_and_two_owners_race_and_refunds_race_for_two_purchases() -> None:
    with stand(bought=2) as on:
        on.survey.other_known = True
        list(Races(on.session, on.survey, on.lives, 10.0).run(replace(QUICK, race_rounds=1)))
        raced = [one for one in on.sent if one.lane.startswith("volley")]
        volleys: dict[str, list[str]] = {}
        for one in raced:
            what = f"{one.api_operation.value} {Reading(one).asked_country or ''}{Reading(one).purchase_id or ''}"
            volleys.setdefault(one.lane.partition(".")[0], []).append(what)
        creates = [one for one in raced if one.api_operation is CREATE and one.lane.startswith("volley 1.")]
        assert len({Reading(one).asked_country for one in creates}) == 2
        assert {one.principal for one in creates} == {OWNER, OTHER}
        both = [set(calls) for calls in volleys.values() if all(call.startswith(REFUND.value) for call in calls)]
        assert [len(calls) for calls in both] == [2]
        assert on.errors == []
