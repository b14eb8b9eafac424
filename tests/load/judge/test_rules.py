"""Every rule over many answers: a history that breaks it, and its lawful twin, overlapping requests included."""

from __future__ import annotations

import pytest

from load.call import TIMEOUT, Reply
from load.journeys.steps import create, request_code
from tests.load.judge.scene import CODE, OTHER_CODE, Scene, purchase


def settled_goes_back(scene: Scene, sent: float) -> None:
    scene.create(0, 1)
    scene.code(2, 3, shown="SUCCESS")
    scene.retrieve(sent, 9)


def ends_change(scene: Scene, after: str) -> None:
    scene.create(0, 1)
    scene.retrieve(2, 3, shown="ERROR")
    scene.retrieve(4, 5, shown=after)


def refund_changes(scene: Scene, after: str) -> None:
    scene.create(0, 1)
    scene.retrieve(2, 3, shown="REFUND")
    scene.retrieve(4, 5, shown=after)


def credentials_change(scene: Scene, proof: object) -> None:
    scene.create(0, 1)
    scene.code(2, 3, shown="SUCCESS")
    scene.retrieve(2.5, 4, shown="SUCCESS", view={"verification": proof})


def value_changes(scene: Scene, **view: object) -> None:
    scene.create(0, 1)
    scene.retrieve(2, 3, view=view)


def number_comes(scene: Scene, third: object, sent: float = 4) -> None:
    scene.create(0, 1, view={"phone_number": None})
    scene.retrieve(2, 3)
    scene.retrieve(sent, 5, view={"phone_number": third})


def purchase_is_gone(scene: Scene, status: int, sent: float) -> None:
    scene.create(0, 1)
    scene.create(0, 1, 2)
    scene.retrieve(2, 2.5, 2)
    scene.retrieve(sent, 3, status=status)


def retrieve_fails(scene: Scene, second: float) -> None:
    scene.create(0, 1)
    scene.retrieve(2, 3, status=500)
    scene.retrieve(second, 6, status=500)


def number_comes_that_is_sold(scene: Scene, phone: str) -> None:
    scene.create(0, 1, 1)
    scene.create(0, 1, 2, view={"phone_number": None})
    scene.retrieve(2, 3, 2, view={"phone_number": phone})
    scene.retrieve(4, 5, 1)


def number_that_came_is_sold(scene: Scene, phone: str) -> None:
    scene.create(0, 1, 1, view={"phone_number": None})
    scene.retrieve(2, 3, 1)
    scene.create(4, 5, 2, view={"phone_number": phone})
    scene.retrieve(6, 7, 1)


def id_is_given_twice(scene: Scene, number: int) -> None:
    scene.create(0, 1)
    scene.create(2, 3, number, view={"phone_number": "+12025559999"})


def number_is_sold_twice(scene: Scene, look: float, shown: str) -> None:
    scene.create(0, 1, 1)
    scene.create(2, 3, 2, view={"phone_number": "+12025550001"})
    scene.retrieve(look, look + 1, 1, shown=shown)


def code_is_asked_again(scene: Scene, status: int = 200, *, again: bool = False, proof: object = CODE) -> None:
    scene.create(0, 1)
    scene.code(2, 3, shown="SUCCESS")
    scene.code(4, 5, shown="SUCCESS", status=status, again=again, view={"verification": proof})


def code_is_answered(scene: Scene, shown: str, progress: object = None, **view: object) -> None:
    scene.create(0, 1)
    scene.code(2, 3, shown=shown, progress=progress, view=view)


def code_breaks(scene: Scene, sent: float) -> None:
    scene.create(0, 3)
    scene.code(sent, 5, status=500)
    scene.retrieve(6, 7)


def codes_race(scene: Scene, proof: object) -> None:
    scene.create(0, 1)
    scene.code(2, 4, shown="SUCCESS", again=True)
    scene.code(3, 5, shown="SUCCESS", again=True, view={"verification": proof})


def list_differs(scene: Scene, **view: object) -> None:
    scene.create(0, 1)
    scene.list(2, 3, [purchase(1, **view)])


CASES = [
    ("LIFE-2", settled_goes_back, {"sent": 4}, {"sent": 2.5}),
    ("LIFE-6", settled_goes_back, {"sent": 4}, {"sent": 3}),
    ("LIFE-1", ends_change, {"after": "SUCCESS"}, {"after": "REFUND"}),
    ("LIFE-1", refund_changes, {"after": "SUCCESS"}, {"after": "REFUND"}),
    ("LIFE-3", credentials_change, {"proof": OTHER_CODE}, {"proof": CODE}),
    ("LIFE-3", credentials_change, {"proof": CODE | {"password": "x"}}, {"proof": dict(CODE)}),
    (
        "LIFE-3",
        credentials_change,
        {"proof": CODE | {"received_at": "2026-01-05T12:31:00Z"}},
        {"proof": CODE | {"received_at": "2026-01-05T12:30:00Z"}},
    ),
    ("LIFE-5", value_changes, {"phone_number": "+12025557777"}, {}),
    ("LIFE-5", value_changes, {"phone_number": None}, {}),
    ("LIFE-5", value_changes, {"created_at": "2026-01-05T12:00:09.000Z"}, {"created_at": "2026-01-05T12:00:01Z"}),
    (
        "LIFE-5",
        value_changes,
        {"price": {"amount": "2.50", "currency_code": "USD"}},
        {"price": {"amount": "1.5", "currency_code": "USD"}},
    ),
    ("LIFE-5", value_changes, {"display_name": {"ru": "США", "en": "America"}}, {}),
    ("LIFE-5", value_changes, {"purchase_type": "BULK"}, {}),
    ("LIFE-5", value_changes, {"id": 2}, {}),
    ("LIFE-5", number_comes, {"third": "+12025557777"}, {"third": "+12025550001"}),
    ("LIFE-5", number_comes, {"third": None}, {"third": None, "sent": 3}),
    ("LIFE-6", purchase_is_gone, {"status": 404, "sent": 2}, {"status": 404, "sent": 0.5}),
    ("LIFE-6", purchase_is_gone, {"status": 410, "sent": 2}, {"status": 503, "sent": 2}),
    ("LIFE-6", retrieve_fails, {"second": 4}, {"second": 2.5}),
    ("LIFE-7", id_is_given_twice, {"number": 1}, {"number": 2}),
    ("LIFE-7", number_is_sold_twice, {"look": 4, "shown": "PENDING"}, {"look": 4, "shown": "ERROR"}),
    ("LIFE-7", number_comes_that_is_sold, {"phone": "+12025550001"}, {"phone": "+12025550002"}),
    ("LIFE-7", number_that_came_is_sold, {"phone": "+12025550001"}, {"phone": "+12025550002"}),
    ("LIFE-4", code_is_asked_again, {"proof": OTHER_CODE}, {"proof": CODE}),
    ("LIFE-4", code_is_asked_again, {"status": 500}, {"status": 409}),
    ("LIFE-4", code_is_asked_again, {"status": 404}, {"status": 404, "again": True}),
    ("LIFE-8", code_is_answered, {"shown": "PENDING", "progress": {"status": "success"}}, {"shown": "PENDING"}),
    (
        "LIFE-8",
        code_is_answered,
        {"shown": "PENDING", "progress": {"status": "failed", "retry_after": None, "attempt": 18}},
        {"shown": "PENDING", "progress": {"status": "failed", "retry_after": 10}},
    ),
    ("LIFE-8", code_is_answered, {"shown": "PENDING", "progress": {"status": "not_requested"}}, {"shown": "REFUND"}),
    ("LIFE-8", code_is_answered, {"shown": "SUCCESS", "verification": None}, {"shown": "SUCCESS"}),
    ("LIFE-8", code_breaks, {"sent": 4}, {"sent": 2}),
    ("RACE-2", codes_race, {"proof": OTHER_CODE}, {"proof": CODE}),
    ("LIST-5", list_differs, {"phone_number": "+12025557777"}, {}),
    ("LIST-5", list_differs, {"created_at": "2026-01-05T12:00:02Z"}, {"created_at": "2026-01-05T12:00:01Z"}),
]


@pytest.mark.parametrize(("clause", "story", "breaks", "_lawful"), CASES)
def test_a_history_that_breaks_a_clause_is_found(clause, story, breaks, _lawful):
    scene = Scene()
    story(scene, **breaks)
    assert clause in scene.broken()


@pytest.mark.parametrize(("_clause", "story", "_breaks", "lawful"), CASES)
def test_its_lawful_twin_is_not(_clause, story, _breaks, lawful):
    scene = Scene()
    story(scene, **lawful)
    assert scene.broken() == set()


def test_a_target_that_lacks_retrieve_denies_no_purchase():
    scene = Scene()
    scene.create(0, 1)
    scene.retrieve(2, 3, status=404)
    assert scene.findings() == set()


def test_a_number_of_an_ended_purchase_may_be_sold_again():
    scene = Scene()
    scene.create(0, 1, 1)
    scene.retrieve(2, 3, 1, shown="ERROR")
    scene.create(4, 5, 2, view={"phone_number": "+12025550001"})
    scene.retrieve(6, 7, 2, view={"phone_number": "+12025550001"})
    assert scene.findings() == set()
    assert scene.judge.known == 2
    assert scene.judge._bench.left == 0


def test_a_purchase_that_a_list_showed_before_its_create_was_answered_is_one_purchase():
    scene = Scene()
    scene.list(0.5, 0.8, [purchase(1)])
    scene.create(0, 1, 1)
    scene.retrieve(2, 3, 1)
    assert scene.findings() == set()
    assert scene.judge._bench.left == 0


def test_a_list_that_showed_an_id_before_the_create_was_sent_is_evidence_of_a_repeated_id():
    scene = Scene()
    scene.list(0, 1, [purchase(1)])
    scene.create(2, 3, 1)
    assert scene.broken() == {"LIFE-7"}


def test_the_id_of_a_forgotten_purchase_may_not_be_given_again():
    scene = Scene()
    scene.create(0, 1, 1)
    scene.judge.forget(1)
    scene.create(2, 3, 1)
    assert ("LIFE-7", "id-given-twice", "error") in scene.findings()


def test_after_a_request_code_of_unknown_outcome_both_outcomes_are_lawful():
    for shown in ("PENDING", "SUCCESS", "ERROR"):
        scene = Scene()
        scene.create(0, 1)
        scene.judge.see(request_code(1), Reply(0, (), b"", TIMEOUT, b"", 2, 2, 3))
        scene.code(4, 5, status=409)
        scene.retrieve(6, 7, shown=shown)
        assert scene.findings() == set()


def test_a_first_request_that_is_refused_while_the_purchase_stays_pending_is_found():
    scene = Scene()
    scene.create(0, 1)
    scene.code(2, 3, status=409)
    scene.retrieve(4, 5)
    assert ("LIFE-8", "first-request-refused-409", "error") in scene.findings()


def test_equal_credentials_of_two_purchases_are_nobodys_fault():
    scene = Scene()
    for number in (1, 2):
        scene.create(number, number + 0.5, number)
        scene.code(number + 10, number + 11, number, shown="SUCCESS")
    scene.retrieve(20, 21, 1, shown="SUCCESS")
    scene.retrieve(20, 22, 2, shown="SUCCESS")
    assert scene.findings() == set()


def test_credentials_of_another_buyer_are_found():
    scene = Scene()
    scene.create(0, 1, 1)
    scene.create(0, 1.5, 2)
    scene.code(2, 3, 1, shown="SUCCESS")
    scene.code(2, 4, 2, shown="SUCCESS", view={"verification": OTHER_CODE})
    scene.retrieve(5, 6, 1, shown="SUCCESS", view={"verification": OTHER_CODE})
    assert ("LIFE-3", "changed-code", "error") in scene.findings()


@pytest.mark.parametrize(("shown", "broken"), [("SUCCESS", {"LIFE-6"}), ("PENDING", set())])
def test_a_purchase_that_only_a_retrieve_showed_is_the_owners_once_it_showed_credentials(shown, broken):
    scene = Scene()
    scene.create(0, 1, 2)
    scene.retrieve(2, 3, 2)
    scene.retrieve(2, 3, 1, shown)
    scene.retrieve(4, 5, 1, status=404)
    assert scene.broken() == broken


@pytest.mark.parametrize(
    ("status", "again", "broken"),
    [
        (400, False, set()),
        (409, False, set()),
        (422, False, {"LIFE-4"}),
        (422, True, set()),
        (499, True, set()),
        (500, True, {"LIFE-4"}),
        (501, True, {"LIFE-4"}),
        (503, True, set()),
        (429, False, set()),
    ],
)
def test_a_request_code_after_the_credentials_meets_a_conflict(status, again, broken):
    scene = Scene()
    scene.create(0, 1)
    scene.code(2, 3, shown="SUCCESS")
    scene.code(4, 5, status=status, again=again)
    scene.retrieve(6, 7, shown="SUCCESS")
    assert scene.broken() - {"LOAD-3"} == broken


@pytest.mark.parametrize(
    ("proof", "broken"),
    [
        (lambda scene: scene.list(2, 3, [purchase(1)]), {"LIFE-6"}),
        (lambda scene: scene.code(2, 3), {"LIFE-6"}),
        (lambda scene: scene.retrieve(2, 3), set()),
    ],
)
def test_a_purchase_that_was_read_is_the_owners_once_a_list_or_a_request_code_showed_it(proof, broken):
    scene = Scene()
    scene.create(0, 1, 2)
    scene.retrieve(2, 3, 2)
    scene.retrieve(0, 1)
    proof(scene)
    scene.retrieve(4, 5, status=404)
    assert scene.broken() == broken


def test_a_code_request_that_first_shows_a_purchase_is_held_to_what_it_says():
    scene = Scene()
    scene.code(0, 1, progress={"status": "success"})
    assert scene.broken() == {"LIFE-8"}


@pytest.mark.parametrize("progress", ["failed", "not_requested"])
def test_a_success_whose_code_request_says_otherwise_is_a_warning(progress):
    scene = Scene()
    code_is_answered(scene, "SUCCESS", {"status": progress})
    assert scene.findings() == {("LIFE-8", "success-with-failed-request", "warning")}


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_target_that_lacks_request_code_refuses_nobody(status):
    scene = Scene()
    scene.create(0, 1)
    scene.code(2, 3, status=status)
    scene.retrieve(4, 5)
    assert scene.broken() == set()


def test_a_retrieve_that_is_refused_otherwise_says_nothing_of_whether_the_target_has_it():
    scene = Scene()
    scene.create(0, 1)
    scene.retrieve(2, 3, status=409)
    scene.retrieve(4, 5, status=404)
    assert scene.broken() == set()


@pytest.mark.parametrize(("number", "phone"), [(1, "+12025559999"), (2, "+12025550001")])
def test_a_success_of_another_status_shows_a_purchase_all_the_same(number, phone):
    scene = Scene()
    scene.create(0, 1)
    scene.see(create("US"), purchase(number, phone_number=phone), 2, 3, status=201)
    scene.retrieve(4, 5)
    assert {"SHAPE-1", "LIFE-7"} <= scene.broken()


@pytest.mark.parametrize(("sent", "exercised"), [(1, 0), (1.1, 1)])
def test_a_read_sent_the_moment_the_create_was_answered_shows_nothing_of_its_visibility(sent, exercised):
    scene = Scene()
    scene.create(0, 1)
    scene.retrieve(sent, 2)
    scene.judge.finish()
    assert scene.judge.docket.exercised["LIFE-6"] == exercised
