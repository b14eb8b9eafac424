"""One agent or three: the same requests and answers come to the same verdict on every clause."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from contracts.finding import ClauseResult, ClauseVerdict
from contracts.record.masking import Masker
from fixtures.defects.catalogue import DEFECTS, wrap
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings
from load.call import Call, Reply, Seen
from load.journeys.world import World
from load.judge.judge import Judge
from load.judge.merge import Merge
from load.judge.share import SEED_BYTES, Shares
from tests.load.judge.drive import Driver, mixed

LIVES = 36
PROFILE = "2026-02"


@dataclass(frozen=True)
class Exchange:
    """A call and its reply, in the life of one customer."""

    life: int
    call: Call
    reply: Reply


class Script(Judge):
    """A judge that keeps what it sees, to be seen again by others."""

    def __init__(self, key: str) -> None:
        super().__init__(PROFILE, secrets=[key])
        self.life = 0
        self.exchanges: list[Exchange] = []

    def see(self, call: Call, reply: Reply) -> Seen:
        self.exchanges.append(Exchange(self.life, call, reply))
        return super().see(call, reply)


def lived(*seeded: str) -> tuple[list[Exchange], str]:
    """Return what happened in some lives at a sandbox with defects around it, and the owner's key."""
    settings = Settings(profile=PROFILE, seed=3, failure_rate=0.15)
    with SandboxThread(settings, wrap=(lambda app: wrap(app, seeded, 1)) if seeded else None) as sandbox:
        script = Script(sandbox.owner_key)
        driver = Driver(sandbox.url, sandbox.owner_key, script)
        worlds = [World(random.Random(number), {"US": 2, "KZ": 1}, patience=0.1) for number in range(3)]
        try:
            for life, name in enumerate(mixed(LIVES, 1)):
                script.life = life
                driver.live(name, worlds[life % 3])
        finally:
            driver.close()
        return script.exchanges, sandbox.owner_key


def merged(exchanges: Sequence[Exchange], key: str, agents: int) -> Merge:
    """Let agents judge the lives in turn, each its own, and put together what they share now and at the end."""
    merge = Merge(PROFILE)
    judges = [Judge(PROFILE, secrets=[key]) for _ in range(agents)]
    shares = [Shares(judge, Masker({"owner": key}), bytes(SEED_BYTES)) for judge in judges]
    for number, exchange in enumerate(exchanges):
        judges[exchange.life % agents].see(exchange.call, exchange.reply)
        if number % 50 == 49:
            for agent, share in enumerate(shares):
                merge.take(f"agent {agent}", share.take(exchange.reply.ended), exchange.reply.ended)
    end = exchanges[-1].reply.ended + 1
    for agent, (judge, share) in enumerate(zip(judges, shares, strict=True)):
        judge.finish()
        merge.take(f"agent {agent}", share.take(end, final=True), end)
    return merge


def results(merge: Merge) -> dict[str, ClauseResult]:
    return {result.id: result for result in merge.oracle().results(mode="load")}


def verdicts(merge: Merge) -> dict[str, ClauseVerdict]:
    return {clause: result.verdict for clause, result in results(merge).items()}


def counts(merge: Merge) -> dict[tuple[str, str], int]:
    return {(finding.clause, finding.cause): finding.count for finding in merge.findings}


def broken_by(name: str, merge: Merge) -> set[str]:
    """Return the clauses found broken that a defect is meant to break."""
    return {clause for clause, _ in counts(merge)} & set(DEFECTS[name].clauses)


def test_a_lawful_target_is_kept_by_three_agents_as_by_one() -> None:
    exchanges, key = lived()
    one, three = merged(exchanges, key, 1), merged(exchanges, key, 3)
    assert counts(one) == counts(three) == {}
    assert verdicts(one) == verdicts(three)
    assert one.answers == three.answers == len(exchanges) > 150
    kept = [clause for clause, verdict in verdicts(three).items() if verdict is ClauseVerdict.KEPT]
    assert {"SHAPE-6", "LIFE-3", "LIFE-7", "LIST-5", "LOAD-1"} <= set(kept)
    for clause in (*(f"SHAPE-{number}" for number in range(1, 12)), "VALUE-1", "AUTH-3", "LOAD-1"):
        # What one response tells is put to the test as often, whoever received it.
        assert results(one)[clause].exercised == results(three)[clause].exercised > 0


@pytest.mark.parametrize("name", ["phone-with-newline", "created-six-minutes-ago", "key-in-cookie"])
def test_what_one_answer_shows_is_found_as_often_by_three(name: str) -> None:
    exchanges, key = lived(name)
    one, three = merged(exchanges, key, 1), merged(exchanges, key, 3)
    assert broken_by(name, one)
    assert verdicts(one) == verdicts(three)
    assert counts(one) == counts(three)


@pytest.mark.parametrize("name", ["code-changes-after-two-readings", "repeat-gives-new-code", "error-becomes-success"])
def test_what_a_life_shows_is_found_by_three_under_the_same_clauses(name: str) -> None:
    """A list in another agent's life shows the purchase, too: one agent alone has more views to hold against it."""
    exchanges, key = lived(name)
    one, three = merged(exchanges, key, 1), merged(exchanges, key, 3)
    assert broken_by(name, one)
    assert verdicts(one) == verdicts(three)
    assert counts(one).keys() == counts(three).keys()
    assert all(number <= counts(one)[cause] for cause, number in counts(three).items())


@pytest.mark.parametrize(
    ("name", "agents"), [("phone-sold-twice", 3), ("id-given-twice", 3), ("id-given-twice", LIVES)]
)
def test_what_was_given_twice_is_found_however_the_customers_are_shared_out(name: str, agents: int) -> None:
    """With an agent for each life nobody has seen the id before: only what is merged can tell."""
    exchanges, key = lived(name)
    for merge in (merged(exchanges, key, 1), merged(exchanges, key, agents)):
        assert verdicts(merge)["LIFE-7"] is ClauseVerdict.BROKEN
        assert verdicts(merge)["LOAD-1"] is ClauseVerdict.BROKEN
