"""Variants and a handful of defects of every family, before an API that is lawful and warned of."""

from __future__ import annotations

from contracts.gate.plan import PLANS
from contracts.gate.run import GateOptions
from contracts.prove.case import CONTROL, DEFECT, NOT_SHOWN, VARIANT, Case
from contracts.prove.selection import select
from contracts.prove.staging import Purse, Staging, prove_at
from contracts.target import Keys, Target
from fixtures.defects.catalogue import wrap
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings

NAMES = (
    "json-spelt-out",
    "bad-key-403",
    "price-as-number",
    "charged-a-cent-over",
    "other-owner-reads-after-success",
    "overlapping-codes-deadlock",
    "refund-credits-twice",
    "other-owner-pays",
    "create-unlisted-over-other-connection",
)


def cases(kind: str, *names: str) -> list[Case]:
    return select(names, kinds=[kind], depth="quick", brief=True, target="http://staging")


def test_a_history_on_the_account_hides_nothing_and_alarms_nobody() -> None:
    settings = Settings(seed=4, failure_rate=0.1, pending_rate=0.1)
    with SandboxThread(settings, lambda app: wrap(app, ["unknown-keys"])) as sandbox:
        keys = Keys(sandbox.owner_key, sandbox.other_key, sandbox.admin_key)
        target = Target(sandbox.url, sandbox.url, loopback=True, keys=keys)
        options = GateOptions(plan=PLANS["quick"], profile="2026-02", timeout=5.0)
        todo = [*cases(VARIANT, *NAMES[:2]), *cases(DEFECT, *NAMES[2:])]
        results = list(prove_at(Staging(target, options, Purse(None, None), cases(CONTROL)[0]), todo))
    assert [(one.name, one.right, one.note) for one in results if not one.right] == []
    assert [one.warned_by for one in results[:3]] == [("SHAPE-2",)] * 3
    assert len(results) == 1 + len(NAMES)


def test_an_account_that_has_nothing_left_to_buy_with_ends_the_proof_and_is_no_miss() -> None:
    with SandboxThread(Settings(seed=4, balance="0.10", failure_rate=0.1, pending_rate=0.1)) as sandbox:
        keys = Keys(sandbox.owner_key, sandbox.other_key, sandbox.admin_key)
        target = Target(sandbox.url, sandbox.url, loopback=True, keys=keys)
        options = GateOptions(plan=PLANS["quick"], profile="2026-02", timeout=5.0)
        staging = Staging(target, options, Purse(None, None), cases(CONTROL)[0])
        first, second = (staging.show(one) for one in cases(DEFECT, "code-answers-202", "list-answers-206"))
    assert (first.verdict, second.verdict) == (NOT_SHOWN, NOT_SHOWN)
    assert first.note == second.note
    assert "the target with nothing seeded is not kept but inconclusive" in first.note
