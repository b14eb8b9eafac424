"""A true shop that does one thing after the other, and the histories its buyers would record."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

from contracts.history import ApiOperation, Outcome
from contracts.linear.lifecycle import LATER, NOTHING, Step
from tests.linear.scene import CODE, CREATE, LIST, PHONE, READ, REFUND, call

OPERATIONS = (READ, LIST, CODE, REFUND)
BEHIND_THE_SCENES = ("assign", "deliver", "fail", "expire", "admin")
LONGEST = 12


@dataclass
class Shop:
    """One purchase of a shop written down without a look at the model under test.

    Attributes:
        status: of the purchase.
        phone: its number, null at first in some shops.
        code: its login code.
        asked: whether somebody has asked for the code, so that the provider may deliver.
        prompt: whether a request-code is answered with the code, rather than with PENDING.
        repeats: whether a repeated request-code is served the same credentials again.
        masks_list: whether a list leaves the credentials out.
        keeps: whether a refunded purchase shows the credentials it had.
    """

    status: str
    phone: str | None
    code: str | None
    asked: bool
    prompt: bool
    repeats: bool
    masks_list: bool
    keeps: bool
    steps: list[Step] = field(default_factory=list)

    def happen(self, event: str) -> None:
        """Let something happen that nobody called."""
        if event == "assign":
            self.phone = self.phone or PHONE
        elif event == "admin":
            self.status = "REFUND"
        elif self.status == "PENDING":
            if event == "deliver" and self.asked:
                self.status, self.code = "SUCCESS", "11111"
            elif event == "fail" and self.asked:
                self.status = "ERROR"
            elif event == "expire":
                self.status = "EXPIRED"

    def serve(self, kind: ApiOperation) -> bool:
        """Do what a call asks for; False when it is refused."""
        if kind is REFUND:
            if self.status != "PENDING":
                return False
            self.status = "REFUND"
        elif kind is CODE:
            if self.status != "PENDING":
                return self.repeats and self.status == "SUCCESS"
            self.asked = True
            if self.prompt:
                self.happen("deliver")
        return True

    def seen(self, kind: ApiOperation, begin: float, end: float) -> Step:
        """Return a call that is answered with the purchase as it stands."""
        if kind is REFUND:
            return call(kind, begin, end)
        masked = (kind is LIST and self.masks_list) or (self.status == "REFUND" and not self.keeps)
        code = None if masked else self.code
        password = None if code is None else "secret"
        return call(kind, begin, end, self.status, phone=self.phone or NOTHING, code=code, password=password)


@st.composite
def sequential(draw: st.DrawFn) -> list[Step]:
    """Histories of a shop that does one thing after the other, each call recorded with some interval around it."""
    shop = Shop(
        status="PENDING",
        phone=draw(st.sampled_from([None, PHONE])),
        code=None,
        asked=False,
        prompt=draw(st.booleans()),
        repeats=draw(st.booleans()),
        masks_list=draw(st.booleans()),
        keeps=draw(st.booleans()),
    )
    steps = [shop.seen(CREATE, -draw(waits), draw(waits))] if draw(st.booleans()) else []
    actions = st.sampled_from([*OPERATIONS, *BEHIND_THE_SCENES])
    for moment, action in enumerate(draw(st.lists(actions, max_size=14)), start=1):
        if not isinstance(action, ApiOperation):
            shop.happen(action)
            continue
        begin, end = moment - draw(waits), moment + draw(waits)
        answered = draw(st.integers(0, 9)) > 1
        if not answered and draw(st.booleans()):
            # It got lost on its way: nothing was done.
            steps.append(call(action, begin, end, outcome=Outcome.UNKNOWN))
            continue
        served = shop.serve(action)
        if not answered:
            # Its answer got lost, and was given up perhaps before anything was done.
            steps.append(call(action, begin, begin, outcome=Outcome.UNKNOWN))
        else:
            steps.append(shop.seen(action, begin, end) if served else call(action, begin, end, outcome=Outcome.FAIL))
    # Some histories begin in the middle, and some lack what was never recorded.
    return [step for step in steps if draw(st.integers(0, 9)) > 0]


waits = st.integers(0, LONGEST).map(lambda tenths: tenths / 4)


@st.composite
def planted(draw: st.DrawFn) -> list[Step]:
    """Histories of a true shop, and among them one contradiction that no order resolves."""
    history = draw(sequential())
    begin = draw(st.integers(-3, 15))
    wrong = draw(st.sampled_from([_other_code, _both, _refunded_twice, _two_ends, _stale, _other_phone, _phone_lost]))
    history += wrong(begin, begin + draw(st.integers(0, 9)), draw(st.integers(0, 9)))
    return draw(st.permutations(history))


def _other_code(begin: float, end: float, more: float) -> list[Step]:
    return [
        call(CODE, begin, end, "SUCCESS", code="22222", password="a"),
        call(CODE, begin, end + more, "SUCCESS", code="33333", password="a"),
    ]


def _both(begin: float, end: float, more: float) -> list[Step]:
    return [call(CODE, begin, end, "SUCCESS", code="22222"), call(REFUND, begin, end + more)]


def _refunded_twice(begin: float, end: float, more: float) -> list[Step]:
    return [call(REFUND, begin, end), call(REFUND, begin, end + more)]


def _two_ends(begin: float, end: float, more: float) -> list[Step]:
    return [call(READ, begin, end, "EXPIRED"), call(LIST, begin, end + more, "ERROR")]


def _stale(begin: float, end: float, more: float) -> list[Step]:
    status = sorted(LATER["PENDING"])[int(more) % len(LATER["PENDING"])]
    return [call(READ, begin, end, status), call(LIST, end + 0.001, end + more + 1, "PENDING")]


def _other_phone(begin: float, end: float, more: float) -> list[Step]:
    return [
        call(READ, begin, end, "PENDING", phone="+12025550777"),
        call(READ, begin, end + more, "PENDING", phone="+12025550888"),
    ]


def _phone_lost(begin: float, end: float, more: float) -> list[Step]:
    return [
        call(READ, begin, end, "PENDING", phone=PHONE),
        call(LIST, end + 0.001, end + more + 1, "PENDING", phone=NOTHING),
    ]
