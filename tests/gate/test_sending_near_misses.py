"""What of the catalogue is sent to a target that is slow, that accepts what it should not, or that answers outages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from contracts.gate.nearmisses import NearMiss
from contracts.gate.pace import BRISK
from contracts.gate.plan import PLANS
from contracts.gate.refusals import BATCH, ENOUGH_ACCEPTED, INSISTENCE, send_catalogue, subject_of
from contracts.gate.session import Session
from contracts.gate.survey import Offer, Survey
from contracts.history import Answer, ApiOperation, Input
from contracts.statuses import OUTAGES
from contracts.target import Keys
from tests.gate.test_session import JSON, PURCHASE, FakeWire, ok, open_session

PRICE = Decimal("1.50")
REFUSED = Answer(422, (JSON,), b'{"error":{"code":"validation_error","message":"no"}}')


def surveyed() -> Survey:
    found = Survey(other_known=True)
    found.offers["US"] = Offer("US", True, PRICE)
    found.offers["GB"] = Offer("GB", False, PRICE)
    return found


def sent(
    script: Callable[[Input], Answer | None], *, took: float = 0.0, quick: bool = False
) -> tuple[list[NearMiss], Session, FakeWire]:
    """Send the catalogue to a target whose calls took so long of late."""
    session, wire = open_session(script)
    for _ in range(20):
        session.pace.took(took)
    plan = PLANS["quick" if quick else "full"]
    return list(send_catalogue(session, surveyed(), plan)), session, wire


def refuses(asked: Input) -> Answer:
    return ok({"items": [], "pagination": {"has_next": False}}) if asked.method == "GET" else REFUSED


def family(miss: NearMiss) -> str:
    return miss.name.partition("/")[0]


def looks(wire: FakeWire) -> int:
    return sum(asked.path == "/v1/profile" for asked in wire.sent)


def test_a_target_that_is_quick_gets_the_whole_catalogue_and_looks_between() -> None:
    misses, session, wire = sent(refuses)
    assert not all(miss.essential for miss in misses)
    assert looks(wire) > len(misses)
    assert session.counts.notes == []
    essential = [miss.essential for miss in misses]
    assert essential == sorted(essential, reverse=True), "a run that ends early has tried what is essential"
    families = [family(miss) for miss in misses if miss.essential]
    assert len(set(families[: len(set(families))])) == len(set(families)), "one of each before a second of any"


def test_a_target_that_is_not_brisk_is_looked_at_after_batches_and_that_is_noted() -> None:
    misses, session, wire = sent(refuses, took=BRISK * 1.01)
    assert looks(wire) <= len(misses) // BATCH + 2 + sum(miss.principal.startswith("stranger") for miss in misses)
    assert any(f"a look followed every {BATCH} near misses" in note for note in session.counts.notes)


def test_a_target_too_slow_for_the_whole_catalogue_gets_the_essential_part_and_that_is_noted() -> None:
    misses, session, _ = sent(refuses, took=1.0)
    assert misses
    assert all(miss.essential for miss in misses)
    assert f"too slow for the whole catalogue: {len(misses)} essential near misses" in session.counts.notes[0]


def test_a_family_whose_near_misses_buy_is_given_up_before_it_costs_more() -> None:
    def sells(asked: Input) -> Answer:
        return ok(PURCHASE) if asked.method == "POST" and asked.path == "/v1/purchases" else refuses(asked)

    misses, session, _ = sent(sells)
    notes = [note for note in session.counts.notes if "were accepted the rest was not sent" in note]
    assert f"after {ENOUGH_ACCEPTED} near misses of country_code were accepted the rest was not sent" in notes
    creates = Counter(family(miss) for miss in misses if (miss.method, miss.path) == ("POST", "/v1/purchases"))
    assert creates["country_code"] == ENOUGH_ACCEPTED
    assert max(creates.values()) <= ENOUGH_ACCEPTED


def test_an_answer_that_looks_like_an_outage_is_insisted_on_and_one_that_passes_is_believed() -> None:
    tried: Counter[Input] = Counter()
    outages = sorted(OUTAGES)

    def troubled(asked: Input) -> Answer:
        if asked.method != "POST":
            return refuses(asked)
        tried[asked] += 1
        passes = len(asked.body) % 2 == 0 and tried[asked] % 2 == 0
        return REFUSED if passes else Answer(outages[len(asked.body) % len(outages)])

    sent(troubled, quick=True)
    staying = [times for asked, times in tried.items() if len(asked.body) % 2]
    passing = [times for asked, times in tried.items() if not len(asked.body) % 2]
    assert staying
    assert passing
    assert all(times % (INSISTENCE + 1) == 0 for times in staying), "sent again as often as is insisted on"
    assert all(times % 2 == 0 for times in passing), "once more, and no more than that"


@pytest.mark.parametrize(("key", "kept"), [("gmt_live_0aZ", "gmt_"), ("----", "----0"), ("a", "")])
def test_a_wrong_key_is_of_the_same_kind_and_never_the_key_itself(key: str, kept: str) -> None:
    session, _ = open_session(refuses)
    session.target = replace(session.target, keys=Keys(key))
    wrong = subject_of(session, surveyed()).wrong_key
    assert wrong != key
    if kept == "----0":
        assert wrong == kept, "nothing of it can be changed within its kind"
    else:
        assert [(a.isdigit(), a.isupper(), a.islower()) for a in wrong] == [
            (a.isdigit(), a.isupper(), a.islower()) for a in key
        ]


def test_operations_that_the_target_lacks_are_not_tried() -> None:
    found = surveyed()
    for operation in (ApiOperation.LIST, ApiOperation.REFUND, ApiOperation.REQUEST_CODE):
        found.lacking[operation] = "answered 501"
    session, wire = open_session(refuses)
    misses = list(send_catalogue(session, found, PLANS["full"]))
    posted = [asked.path for asked in wire.sent if asked.method == "POST"]
    assert "/v1/purchases" in posted
    assert not [path for path in posted if path.endswith(("/refund", "/request-code"))]
    assert "list" not in {family(miss) for miss in misses}
