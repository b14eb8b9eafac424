"""What goes wrong alike many times is judged in full a few times only, and nothing else is taken for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from contracts.finding import Severity, Violation
from contracts.monitor import violation
from load.judge import habits
from load.judge.bench import Desk
from load.judge.habits import ENOUGH, Habits
from tests.load.judge.scene import CODE, OTHER_CODE, Scene, purchase, stamp

STEP_S = 20
"""Seconds that one purchase has for itself; its id is the second in which it was made."""

Act = Callable[[Scene, int, float], object]
Way = tuple[Act, ...]

EUROS = {"amount": "1.50", "currency_code": "EUR"}


def bought(**view: Any) -> Act:
    return lambda scene, number, at: scene.create(at, at + 1, number, view=view)


def read(shown: str = "PENDING", **view: Any) -> Act:
    return lambda scene, number, at: scene.retrieve(at, at + 1, number, shown, view=view)


def unread(status: int) -> Act:
    return lambda scene, number, at: scene.retrieve(at, at + 1, number, status=status)


def listed(shown: str = "PENDING", **view: Any) -> Act:
    # Not the first page, which had to show the newest.
    return lambda scene, number, at: scene.list(
        at, at + 1, [purchase(number, shown, **view)], page=2, told={"total_pages": 2}
    )


def coded(shown: str = "PENDING", progress: str | None = None, **view: Any) -> Act:
    told = None if progress is None else {"status": progress}
    return lambda scene, number, at: scene.code(at, at + 1, number, shown, progress=told, view=view)


def refused(status: int, *, again: bool = False) -> Act:
    return lambda scene, number, at: scene.code(at, at + 1, number, status=status, again=again)


WAYS: dict[str, Way] = {
    "another number": (bought(), read(phone_number="+12025559999")),
    "no number any more": (bought(), read(phone_number=None)),
    "another number in a list": (bought(), listed(phone_number="+12025559999")),
    "another time": (bought(), read(created_at=stamp(-1))),
    "another number and time": (bought(), read(phone_number="+12025559999", created_at=stamp(-1))),
    "another price": (bought(), read(price=EUROS | {"amount": "9.50"})),
    "another currency": (bought(), read(price=EUROS)),
    "another name": (bought(), read(display_name={"ru": "США", "en": "America"})),
    "another Russian name": (bought(), read(display_name={"ru": "Америка", "en": "United States"})),
    "another country": (bought(), read(country_code="CA")),
    "another type": (bought(), read(purchase_type="BULK")),
    "back to its beginning": (bought(), read("SUCCESS"), read()),
    "back to its beginning in a list": (bought(), read("SUCCESS"), listed()),
    "from its code into an error": (bought(), read("SUCCESS"), read("ERROR")),
    "from an error to its code": (bought(), read("ERROR"), read("SUCCESS")),
    "from a refund to its code": (bought(), read("REFUND"), read("SUCCESS")),
    "another code": (bought(), read("SUCCESS"), read("SUCCESS", verification=OTHER_CODE)),
    "another password": (bought(), read("SUCCESS"), read("SUCCESS", verification=CODE | {"password": "x"})),
    "another moment of its code": (
        bought(),
        read("SUCCESS"),
        read("SUCCESS", verification=CODE | {"received_at": "2026-01-05T12:31:00Z"}),
    ),
    "its id again": (bought(), bought()),
    "its id and another price again": (bought(), bought(price=EUROS)),
    "a success that is none": (bought(), coded(progress="success")),
    "its code asked for and given again": (bought(), coded("SUCCESS"), coded("SUCCESS")),
    "its code asked for again, and a crash": (bought(), read("SUCCESS"), refused(500)),
    "its code asked for again, and no conflict": (bought(), read("SUCCESS"), refused(422)),
    "its code asked for after an error, and a crash": (bought(), read("ERROR"), refused(500)),
    "its code refused for no reason": (bought(), refused(409), read()),
    "lost": (bought(), unread(404)),
    "one crash after the other": (bought(), unread(500), unread(500)),
}
"""Lives of a purchase that break a clause, each at its last answer."""


ODD: dict[str, Way] = {
    "a status that is none": (read("DONE"),),
    "a type that is none": (read(purchase_type="GIFT"),),
    "no country": (read(country_code="us"),),
    "a name of blanks": (read(display_name={"ru": " ", "en": "x"}),),
    "a price of nothing": (read(price=EUROS | {"amount": "0.00"}),),
    "money that is none": (read(price=EUROS | {"currency_code": "ZZZ"}),),
    "a surplus key": (read(surplus=1),),
    "two surplus keys": (read(surplus=1, more=2),),
    "a number of another country": (read(phone_number="+491"),),
    "a number that is none": (read(phone_number="1"),),
    "a time that is none": (read(created_at="2026-02-30T12:00:00Z"),),
    "a code before its purchase": (read("SUCCESS", verification=CODE | {"received_at": stamp(-9)}),),
    "a code at a time that is none": (read("SUCCESS", verification=CODE | {"received_at": "x"}),),
    "a code before its time": (read(verification=CODE),),
    "a code in spite of an error": (read("ERROR", verification=CODE),),
    "a success without a code": (
        bought(),
        coded("SUCCESS", verification=None),
    ),
    "a purchase that was born with its code": (bought(status="SUCCESS", verification=CODE),),
    "a purchase that was born refunded": (bought(status="REFUND"),),
    "a purchase of a crowd": (bought(purchase_type="BULK"),),
    "a purchase of another hour": (bought(created_at=stamp(3600)),),
}
"""Answers that are wrong by themselves, each in a way of its own."""


def lived(*ways: Way) -> Counter[tuple[str, str, str]]:
    """Return how often each finding of a purchase's life was made, where purchases live these ways in turn."""
    scene = Scene()
    for number, way in ((1, (bought(), listed(), read(), coded("SUCCESS"), refused(409))), *enumerate(ways, 2)):
        for place, act in enumerate(way):
            act(scene, STEP_S * number, STEP_S * number + 3 * place)
    scene.judge.finish()
    assert scene.judge.crashes == {}
    found = scene.judge.docket.findings
    return Counter({(one.clause, one.cause, one.severity.value): one.count for one in found if one.clause != "LOAD-1"})


def test_a_way_of_being_wrong_that_is_known_well_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(habits, "ENOUGH", 2)
    alone = {name: lived(way) for name, way in WAYS.items()}
    assert all(alone.values())
    for common, way in WAYS.items():
        rare = [name for name in WAYS if name != common]
        thrice = Counter({key: 3 * count for key, count in alone[common].items()})
        expected = sum((alone[name] for name in rare), thrice)
        assert lived(*[way] * 3, *(WAYS[name] for name in rare)) == expected, common


def test_an_answer_that_is_often_wrong_hides_none_that_is_wrong_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    def by_itself(*ways: Way) -> Counter[tuple[str, str, str]]:
        found = lived(*ways).items()
        return Counter({key: count for key, count in found if key[0].startswith(("SHAPE-", "VALUE-"))})

    monkeypatch.setattr(habits, "ENOUGH", 2)
    alone = {name: by_itself(way) for name, way in ODD.items()}
    assert all(alone.values())
    for common, way in ODD.items():
        rare = [name for name in ODD if name != common]
        thrice = Counter({key: 3 * count for key, count in alone[common].items()})
        expected = sum((alone[name] for name in rare), thrice)
        assert by_itself(*[way] * 3, *(ODD[name] for name in rare)) == expected, common


# ---- the habits themselves


class Telling:
    """A docket that counts what it is told."""

    def __init__(self) -> None:
        self.told: Counter[Violation] = Counter()
        self.exercised: Counter[str] = Counter()

    def exercise(self, clause: str, times: int = 1) -> None:
        self.exercised[clause] += times

    def violate(self, violation: Violation) -> None:
        self.told[violation] += 1


def made(clause: str = "LIFE-2", cause: str = "x", severity: Severity | None = None) -> Violation:
    return violation(clause, cause, "a title", expected="this", observed="that", severity=severity)


class Judging:
    """Habits with a desk: tells what an answer came to, and how often one was judged in full."""

    def __init__(self) -> None:
        self.docket = Telling()
        self.desk = Desk(self.docket, {})
        self.habits = Habits()
        self.full = 0

    def judge(self, trouble: str, *found: Violation, exercised: int = 0) -> tuple[Violation, ...]:
        def act() -> None:
            self.full += 1
            if exercised:
                self.desk.exercise("LIFE-2", exercised)
            for one in found:
                self.desk.violate(one)

        return self.habits.judge(trouble, self.desk, self.docket, act)


@pytest.mark.parametrize(
    "other",
    [(made("LIFE-1"),), (made(cause="y"),), (made(severity=Severity.WARNING),), (), (made(), made("LIFE-1"))],
)
def test_a_trouble_that_once_came_to_something_else_is_always_judged_in_full(other: tuple[Violation, ...]) -> None:
    judging = Judging()
    answers = [(made(),)] * (ENOUGH - 1) + [other] + [(made(),)] * (2 * ENOUGH)
    for answer in answers:
        assert judging.judge("trouble", *answer) == answer
    assert judging.full == len(answers)
    assert not judging.habits.is_settled("trouble")


def test_by_habit_as_much_is_counted_as_was_when_it_was_judged() -> None:
    judging = Judging()
    found = (made(), made("LIFE-1"))
    for _ in range(ENOUGH + 5):
        assert judging.judge("trouble", *found, exercised=3) == found
    assert judging.full == ENOUGH
    assert judging.docket.exercised == {"LIFE-2": 3 * (ENOUGH + 5)}
    assert judging.docket.told == dict.fromkeys(found, ENOUGH + 5)


def test_what_was_heard_of_an_answer_is_no_part_of_the_next() -> None:
    judging = Judging()
    judging.desk.violate(made("LIFE-1"))
    judging.desk.exercise("LIFE-1", 7)
    for _ in range(ENOUGH + 1):
        assert judging.judge("trouble", made(), exercised=1) == (made(),)
    assert judging.docket.exercised == {"LIFE-1": 7, "LIFE-2": ENOUGH + 1}


def test_troubles_beyond_those_that_there_is_room_for_are_judged_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(habits, "MAX_HABITS", 2)
    judging = Judging()
    for trouble in ("first", "second", "third"):
        for _ in range(ENOUGH + 1):
            assert judging.judge(trouble, made()) == (made(),)
    assert [judging.habits.is_settled(trouble) for trouble in ("first", "second", "third")] == [True, True, False]
    assert judging.full == 3 * ENOUGH + 1
