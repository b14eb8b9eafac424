"""Steps are played with the purchases of now; what could not be played as it was recorded is told in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from contracts.gate.replay.document import reasons_of, why_unplayed
from contracts.gate.replay.options import Outcome
from contracts.gate.replay.player import Player, Scene
from contracts.gate.replay.restore import Restorer
from contracts.gate.replay.steps import Call, Lever, Settle, Step, Together, Walk
from contracts.gate.replay.wording import lines_of
from contracts.history import OTHER, OWNER, Answer, ApiOperation, Input, Operation
from contracts.target import Keys
from tests.gate.test_session import JSON, PURCHASE, FakeWire, ok, open_session
from tests.record import scene

CREATE = scene.call(0, ApiOperation.CREATE, "POST", "/v1/purchases", body=b'{"country_code": "US"}')
RECORDED = 8117
BUY = Call(CREATE, makes=RECORDED, price=1)


def of(api_operation: ApiOperation, number: int = RECORDED, **more: Any) -> Operation:
    """Return a recorded call that names a purchase."""
    ends = {ApiOperation.REQUEST_CODE: "/request-code", ApiOperation.REFUND: "/refund"}
    method = "GET" if api_operation is ApiOperation.RETRIEVE else "POST"
    return scene.call(1, api_operation, method, f"/v1/purchases/{number}{ends.get(api_operation, '')}", **more)


READ = Call(of(ApiOperation.RETRIEVE), names=RECORDED)


class Shop:
    """A target in memory, whose purchases are numbered from 7; some numbers are nobody's."""

    def __init__(self, *, sells: int = 200, code: int = 200, there: tuple[int, ...] = (), pages: int = 1) -> None:
        self.ids = list(there)
        self.pages = pages
        self._sells = sells
        self._code = code

    def answer(self, sent: Input) -> Answer:
        parts = sent.path.strip("/").split("/")
        if sent.path == "/v1/profile":
            return ok({"balance": {"amount": "10.00", "currency_code": "USD"}})
        if parts[1:] == ["purchases"]:
            return self._create() if sent.method == "POST" else self._list(dict(sent.query))
        if int(parts[2]) not in self.ids:
            return refusal(404)
        if parts[-1] == "request-code":
            return ok({"purchase": self._view(int(parts[2]))}) if self._code == 200 else refusal(self._code)
        return ok(self._view(int(parts[2])))

    def _view(self, number: int) -> dict[str, Any]:
        return {**PURCHASE, "id": number}

    def _create(self) -> Answer:
        if self._sells != 200:
            return refusal(self._sells)
        self.ids.append(max([6, *self.ids]) + 1)
        return ok(self._view(self.ids[-1]))

    def _list(self, query: dict[str, str]) -> Answer:
        follows = int(query["page"]) < self.pages
        return ok({"items": [self._view(number) for number in self.ids], "pagination": {"has_next": follows}})


def refusal(status: int) -> Answer:
    return Answer(status, (JSON,), json.dumps({"error": {"code": "no", "message": "no"}}).encode())


class Levers:
    """What an administrator did."""

    def __init__(self, *, moves: bool = True) -> None:
        self.pulled: list[tuple[Any, ...]] = []
        self._moves = moves

    def _pull(self, *what: Any) -> bool:
        self.pulled.append(what)
        return self._moves

    def refund(self, number: int) -> bool:
        return self._pull("refund", number)

    def expire(self, number: int) -> bool:
        return self._pull("expire", number)

    def advance(self, seconds: float) -> bool:
        return self._pull("advance", seconds)

    def provider(self, number: int, *outcomes: str) -> bool:
        return self._pull("provider", number, *outcomes)


def played(*steps: Step, shop: Shop | None = None, other: bool = True, **more: Any) -> tuple[Player, list[str]]:
    """Play a script; return the player and what was sent."""
    session, wire = open_session((shop or Shop()).answer)
    if not other:
        session.target = replace(session.target, keys=Keys("owner-key-1234"))
    known = Scene(
        levers=more.pop("levers", None), restorer=Restorer({}, "owner-key-1234", "owner-kez-1234"), timeout=5.0,
        highest=7, here=more.pop("here", True), found=more.pop("found", frozenset()),
    )  # fmt: skip
    player = Player(session, known)
    assert list(player.play(steps)) == list(steps), "every step is told once it was played"
    return player, sent_by(wire)


def sent_by(wire: FakeWire) -> list[str]:
    return [f"{sent.method} {sent.path}" for sent in wire.sent]


def test_a_purchase_of_now_takes_the_place_of_the_recorded_one() -> None:
    player, sent = played(BUY, READ)
    assert sent == ["POST /v1/purchases", "GET /v1/purchases/7"]
    assert list(player.gaps) == []


def test_a_purchase_of_before_the_run_is_looked_for_and_named_as_it_was() -> None:
    player, sent = played(READ, shop=Shop(there=(RECORDED,)), found=frozenset({RECORDED}))
    assert sent[-1] == f"GET /v1/purchases/{RECORDED}"
    assert list(player.gaps) == []


@pytest.mark.parametrize(("here", "looks"), [(True, 1), (False, 0)])
def test_a_purchase_of_before_the_run_that_is_gone_is_told_once(here: bool, looks: int) -> None:
    player, sent = played(READ, READ, found=frozenset({RECORDED}), here=here)
    assert list(player.gaps) == ["purchase 8117 was there before the recorded run, and is not to be had here"]
    assert len(sent) == looks * 2, "it is looked for on the recorded target alone"


@pytest.mark.parametrize(("marked", "told"), [(True, 1), (False, 0)])
def test_a_purchase_that_nobody_had_bought_is_a_gap_where_the_finding_names_it(marked: bool, told: int) -> None:
    player, sent = played(replace(READ, marked=marked))
    assert sent == []
    assert [gap.partition(", and ")[0] for gap in player.gaps] == ["purchase 8117 appeared in the recorded run"][:told]


def test_a_lawful_create_that_is_refused_is_told_and_so_is_nothing_that_needed_it() -> None:
    player, sent = played(BUY, replace(READ, marked=True), shop=Shop(sells=503))
    assert list(player.gaps) == ["#1 cannot be bought: US was answered with 503"]
    assert "GET /v1/purchases/7" not in sent


def test_a_second_owners_steps_need_a_second_owner() -> None:
    step = Call(scene.call(2, ApiOperation.PROFILE, "GET", "/v1/profile", principal=OTHER))
    player, sent = played(step, other=False)
    assert list(player.gaps) == ["it needs a second owner: set ASSAY_OTHER_API_KEY"]
    assert sent == []


def test_a_request_that_cannot_be_restored_is_told_and_not_sent() -> None:
    masked = replace(CREATE, input=replace(CREATE.input, body=b'{"code": "<code:1>"}'))
    player, sent = played(Call(masked, price=1))
    assert len(player.gaps) == 1
    assert sent == []


def test_an_administrators_refund_stands_between_two_reads() -> None:
    levers = Levers()
    player, sent = played(BUY, Lever("refund", RECORDED), Lever("expire", RECORDED), levers=levers)
    assert levers.pulled == [("refund", 7), ("expire", 7)]
    assert sent == ["POST /v1/purchases", *["GET /v1/purchases/7"] * 4]
    assert list(player.gaps) == []


def test_a_clock_is_moved_by_as_much_as_it_was() -> None:
    levers = Levers()
    player, _ = played(Lever("advance", seconds=1200.0), levers=levers)
    assert levers.pulled == [("advance", 1200.0)]
    assert list(player.gaps) == []


@pytest.mark.parametrize(
    ("lever", "gap"),
    [
        (Lever("refund", RECORDED), "#1 must be refunded"),
        (Lever("expire", RECORDED), "#1 must expire"),
        (Lever("advance", seconds=1200.0), "the clock must move 20 minutes"),
    ],
)
@pytest.mark.parametrize("levers", [None, Levers(moves=False)])
def test_what_only_an_administrator_brings_about_is_told_where_it_is_needed(
    lever: Lever, gap: str, levers: Levers | None
) -> None:
    player, _ = played(BUY, lever, levers=levers)
    [told] = player.gaps
    assert told.startswith(f"{gap}, and only a sandbox's administrator can")
    assert "ASSAY_ADMIN_KEY" in told
    spared, _ = played(BUY, replace(lever, needed=False), levers=levers)
    assert list(spared.gaps) == []


def test_a_provider_is_told_what_it_did() -> None:
    levers = Levers()
    played(BUY, Call(of(ApiOperation.REQUEST_CODE), names=RECORDED, wanted="ERROR"), levers=levers)
    assert levers.pulled[0] == ("provider", 7, "failure")


def test_a_code_that_is_refused_is_told_by_its_purchase() -> None:
    player, _ = played(BUY, Call(of(ApiOperation.REQUEST_CODE), names=RECORDED, wanted="SUCCESS"), shop=Shop(code=409))
    assert list(player.gaps) == ["the code of #1 was refused with 409"]


def test_a_provider_that_stays_slow_is_waited_for_and_told() -> None:
    asks = Call(of(ApiOperation.REQUEST_CODE), names=RECORDED, wanted="SUCCESS")
    player, sent = played(BUY, asks, READ)
    [told] = player.gaps
    assert told.startswith("the provider left #1 in PENDING and not in SUCCESS; only a sandbox's administrator")
    assert sent.count("POST /v1/purchases/7/request-code") > 1, "some targets move only when they are asked again"


@pytest.mark.parametrize("pages", [1, 3])
def test_a_walk_is_as_long_as_the_list_is_now(pages: int) -> None:
    query = (("page", "1"), ("page_size", "5"))
    first = scene.call(3, ApiOperation.LIST, "GET", "/v1/purchases", query=query)
    session, wire = open_session(Shop(there=(7,), pages=pages).answer)
    known = Scene(None, Restorer({}, "owner-key-1234", "owner-kez-1234"), 5.0, 7, here=True, found=frozenset())
    list(Player(session, known).play((Walk(first),)))
    assert [dict(sent.query) for sent in wire.sent] == [
        {"page": str(page), "page_size": "5"} for page in range(1, pages + 1)
    ]


def test_every_purchase_of_the_script_is_read_once_more_as_its_owner_and_the_balance() -> None:
    _, sent = played(BUY, Settle())
    assert sent == ["POST /v1/purchases", "GET /v1/purchases/7", "GET /v1/profile"]


def replay(**changes: Any) -> Any:
    parts: dict[str, Any] = {
        "attempts": [1, 2], "widened": [], "untried": [], "troubles": [], "gaps": [], "kin": [SimpleNamespace(id="a1")],
    }  # fmt: skip
    return SimpleNamespace(**parts | changes)


@pytest.mark.parametrize(
    ("changes", "outcome", "reasons"),
    [
        ({}, Outcome.FAILS, ["f {}: it showed on try 2"]),
        ({"widened": ["the whole run"]}, Outcome.FAILS, ["f {}: it showed with the whole run"]),
        ({}, Outcome.DIFFERS, ["f {}: a1"]),
        ({"attempts": [1]}, Outcome.GONE, ["f {}: it did not show in one try"]),
        (
            {"attempts": [1, 2, 3], "widened": ["more steps"], "untried": ["the whole run: no time"]},
            Outcome.GONE,
            ["f {}: it did not show in 2 tries, nor with more steps", "not tried: the whole run: no time"],
        ),
        ({}, Outcome.UNPLAYED, ["f {}: why"]),
    ],
)
def test_what_came_of_a_replay_is_told_in_sentences(
    changes: dict[str, Any], outcome: Outcome, reasons: list[str]
) -> None:
    assert reasons_of(replay(**changes), "f", outcome, "why") == [line.format(outcome.value) for line in reasons]


def test_why_nothing_was_replayed_is_told_once_a_reason() -> None:
    assert why_unplayed(replay(), interrupted=False) == "no step could be sent"
    several = replay(troubles=["a"], gaps=["b", "a"], untried=["c"])
    assert why_unplayed(several, interrupted=True) == "it was interrupted; a; b; c"


def lone(api_operation: ApiOperation | None, method: str, path: str, **more: Any) -> Call:
    operation = scene.call(5, api_operation or ApiOperation.LIST, method, path, **more)
    return Call(operation, names=RECORDED if str(RECORDED) in path else None)


PATH = f"/v1/purchases/{RECORDED}"


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (lone(ApiOperation.REFUND, "POST", f"{PATH}/refund"), "owner asks for the money of purchase 8117 back"),
        (
            replace(lone(ApiOperation.REQUEST_CODE, "POST", f"{PATH}/request-code", body=b"{}"), wanted="PENDING"),
            "owner asks for the code of purchase 8117 with the body {}, the provider is not ready",
        ),
        (lone(ApiOperation.RETRIEVE, "GET", f"{PATH}/", principal=OTHER),
         "other owner reads purchase 8117 with a trailing slash"),
        (lone(ApiOperation.PROFILE, "GET", "/v1/profile", principal="stranger:no key"),
         "stranger (no key) reads the balance"),
        (lone(ApiOperation.ACCOUNT, "GET", "/v1/accounts/US"), "owner reads the offer of US"),
        (lone(ApiOperation.LIST, "GET", "/v1/purchases",
              query=(("page", "2"), ("page_size", "5"), ("sort", "date_asc"))),
         "owner lists page 2 of 5, sort date_asc"),
        (lone(None, "DELETE", PATH), "owner sends DELETE /v1/purchases/purchase 8117"),
        (lone(ApiOperation.CREATE, "POST", "/v1/purchases", body=b'{"country_code": "us\\n"}'),
         'owner buys with the body {"country_code": "us\\\\n"}'),
        (lone(ApiOperation.CREATE, "POST", "/v1/purchases"), "owner buys with the body (empty)"),
        (Lever("refund", RECORDED), "an administrator refunds purchase 8117"),
        (Lever("expire", RECORDED), "purchase 8117 expires"),
        (Lever("advance", seconds=1200.0), "the clock moves 20 minutes"),
        (Settle(), "every purchase is read once more"),
    ],
)  # fmt: skip
def test_every_kind_of_step_has_its_words(step: Step, line: str) -> None:
    assert lines_of((step,)) == [line]
    assert lines_of((step, step, step)) == [f"{line} ×3"]


def test_requests_at_once_are_told_together() -> None:
    assert lines_of((Together((BUY, replace(BUY, makes=9000))), READ)) == [
        "2 requests at once:", "   owner buys in US -> #1", "   owner buys in US -> #2", "owner reads #1",
    ]  # fmt: skip


def test_a_step_may_be_anybodys() -> None:
    asked: Callable[[str], Call] = lambda who: lone(ApiOperation.PROFILE, "GET", "/v1/profile", principal=who)  # noqa: E731
    assert lines_of((asked(OWNER), asked(OTHER))) == ["owner reads the balance", "other owner reads the balance"]
