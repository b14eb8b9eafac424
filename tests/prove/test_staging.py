"""A proof before somebody's own API: within one cap, after a control, and honest about what it could not show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

import httpx
import pytest

from contracts.gate.plan import Plan
from contracts.gate.run import GateOptions
from contracts.prove.case import BARE, CONTROL, DEFECT, MUTANT, NOT_SHOWN, VARIANT, Case, Shown
from contracts.prove.selection import select
from contracts.prove.staging import Purse, Staging, prove_at
from contracts.target import Keys, Target
from fixtures.defects.catalogue import wrap
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings

SMALL = Plan("quick", 20.0, 40, 6, False, 1, 1, 3, 1, 1, 1, 2, (50, 3))
"""Just enough for every required clause to be exercised."""

OPTIONS = GateOptions(plan=SMALL, profile="2026-02", seed=0, timeout=5.0)
NOWHERE = Target("http://127.0.0.1:1", "http://127.0.0.1:1", loopback=True, keys=Keys("a-key-of-nobody"))

SEEDED = (
    "create-answers-201",
    "other-owner-reads-everything",
    "get_profile/balance/amount:number",
)


def case(name: str, **changes: object) -> Case:
    kinds = (CONTROL, DEFECT, MUTANT, VARIANT)
    [found] = select([name], kinds=kinds, depth="quick", brief=True, target="http://staging")
    return replace(found, **changes)  # type: ignore[arg-type]


def before(sandbox: SandboxThread, purse: Purse) -> Staging:
    keys = Keys(sandbox.owner_key, sandbox.other_key, sandbox.admin_key)
    return Staging(Target(sandbox.url, sandbox.url, loopback=True, keys=keys), OPTIONS, purse, case(BARE))


def owned(sandbox: SandboxThread) -> int:
    """Return how many purchases the two owners have, as the sandbox counts them."""
    keys = (sandbox.owner_key, sandbox.other_key)
    with httpx.Client(base_url=sandbox.url, trust_env=False) as client:
        shown = [client.get("/v1/profile", headers={"x-api-key": key}).json() for key in keys]
    return sum(profile["statistics"]["total_purchases"] for profile in shown)


@dataclass(frozen=True, slots=True)
class Proven:
    """A proof before a lawful API, which still stands."""

    sandbox: SandboxThread
    staging: Staging
    results: list[Shown]


@pytest.fixture(scope="module")
def proven() -> Iterator[Proven]:
    with SandboxThread(Settings(seed=2, failure_rate=0.1, pending_rate=0.1)) as sandbox:
        staging = before(sandbox, Purse(300, Decimal(1000)))
        results = list(prove_at(staging, [case(name) for name in SEEDED]))
        yield Proven(sandbox, staging, results)


def test_the_control_is_kept_and_every_defect_is_caught_through_the_proxy(proven: Proven) -> None:
    assert [(one.name, one.right) for one in proven.results] == [(name, True) for name in (BARE, *SEEDED)]
    assert proven.results[0].verdict == "kept"
    assert proven.staging.stopped is None


def test_what_all_gates_bought_is_what_the_target_has_sold_or_may_have(proven: Proven) -> None:
    purse = proven.staging.purse
    assert purse.made == sum(one.purchases for one in proven.results)
    # Each gate asks for two in one body: one is sold, and two are counted, for the answer shows one in any case.
    assert 0 <= purse.made - owned(proven.sandbox) <= len(proven.results)
    assert purse.purchases == 300 - purse.made
    assert purse.spend == 1000 - purse.spent
    assert purse.spent > 0


def test_a_gate_that_the_cap_has_cut_short_shows_nothing_and_buys_no_more_than_is_left(proven: Proven) -> None:
    staging = replace_purse(proven.staging, Purse(2, None))
    sold = owned(proven.sandbox)
    shown = staging.show(case("overlapping-codes-deadlock"))
    assert (shown.verdict, shown.right, shown.note) == (NOT_SHOWN, False, "the cap is spent")
    assert owned(proven.sandbox) - sold == shown.purchases == 2
    assert staging.show(case("create-answers-201")).note == "the cap is spent"
    assert owned(proven.sandbox) - sold == 2


def test_a_defect_caught_with_the_last_purchase_is_shown(proven: Proven) -> None:
    staging = replace_purse(proven.staging, Purse(1, None))
    shown = staging.show(case("create-answers-201"))
    assert (shown.right, shown.purchases) == (True, 1)


def replace_purse(staging: Staging, purse: Purse) -> Staging:
    """Return a proof before the same target, its control done, with another cap."""
    other = Staging(staging.target, staging.options, purse, case(BARE))
    other.met = staging.met
    return other


def test_nothing_is_shown_before_a_target_that_is_broken_by_itself() -> None:
    with SandboxThread(Settings(seed=2), lambda app: wrap(app, ["create-answers-201"])) as sandbox:
        staging = before(sandbox, Purse(None, None))
        control, other = prove_at(staging, [case("list-answers-206")])
        sold = owned(sandbox)
    assert control.verdict == other.verdict == NOT_SHOWN
    assert control.caught_by == ("SHAPE-1",)
    assert "not kept but broken (SHAPE-1)" in control.note
    assert other.note == control.note == staging.stopped
    assert sold == staging.purse.made == control.purchases


def test_nothing_is_shown_where_nothing_answers() -> None:
    staging = Staging(NOWHERE, OPTIONS, Purse(None, None), case(BARE))
    [control] = prove_at(staging, [])
    assert control.verdict == NOT_SHOWN
    assert control.note == staging.stopped == "http://127.0.0.1:1 does not answer"


def test_a_target_that_is_gone_ends_the_proof_and_is_no_miss() -> None:
    staging = Staging(NOWHERE, OPTIONS, Purse(None, None), case(BARE))
    shown = [staging.show(case(name)) for name in ("create-answers-201", "list-answers-206")]
    assert {one.verdict for one in shown} == {NOT_SHOWN}
    assert {one.note for one in shown} == {"http://127.0.0.1:1 does not answer"}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("other-owner-reads-everything", "the suite has the keys of two owners"),
        ("refund-missing-in-refund", "a refund is granted"),
        ("get_account/price:dropped", "GET /v1/accounts/{country_code}"),
    ],
)
def test_what_a_target_has_not_shown_to_offer_is_left_out_with_the_reason(name: str, why: str) -> None:
    shown = Staging(NOWHERE, OPTIONS, Purse(None, None), case(BARE)).show(case(name))
    assert (shown.verdict, shown.requests) == (NOT_SHOWN, 0)
    assert why in shown.note


@pytest.mark.parametrize(
    ("purse", "caps", "empty"),
    [
        (Purse(None, None), (60, None), False),
        (Purse(7, None), (7, None), False),
        (Purse(700, Decimal(5)), (60, Decimal(5)), False),
        (Purse(0, None), (0, None), True),
        (Purse(None, Decimal(0)), (60, Decimal(0)), True),
    ],
)
def test_each_gate_gets_what_is_left(purse: Purse, caps: tuple[int, Decimal | None], empty: bool) -> None:
    assert (purse.caps(60), purse.empty) == (caps, empty)


def test_a_purse_never_falls_below_nothing() -> None:
    purse = Purse(3, Decimal(2))
    purse.charge(5, Decimal("2.50"))
    assert (purse.purchases, purse.spend, purse.made, purse.spent) == (0, Decimal(0), 5, Decimal("2.50"))
    assert purse.empty
