"""A mutation changes one value of one operation's answers, and nothing else."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.defects.derived import APPEND, DROP, EVERY, FOREIGN_DIGITS, LOWER, PUT, Mutation, mutating
from fixtures.defects.wrapper import ACCOUNT, LIST, RETRIEVE, enclose
from tests.defects.caller import Caller
from tests.defects.tiny import Tiny

PAGE: Any = {"items": [{"id": 1, "price": {"amount": "2.50"}, "note": None}, {"id": 2}], "pages": 1}


@pytest.mark.parametrize(
    ("place", "edit", "value", "after"),
    [
        (("pages",), DROP, None, {"items": PAGE["items"]}),
        (("pages",), PUT, "1", {**PAGE, "pages": "1"}),
        (("items", EVERY, "id"), PUT, 0, {**PAGE, "items": [{**PAGE["items"][0], "id": 0}, {"id": 0}]}),
        (("items", EVERY), PUT, None, {**PAGE, "items": [None, None]}),
        (("items", EVERY, "note"), DROP, None, {**PAGE, "items": [{"id": 1, "price": {"amount": "2.50"}}, {"id": 2}]}),
    ],
)
def test_a_mutation_changes_every_value_at_its_place(place: Any, edit: str, value: Any, after: Any) -> None:
    document = copy.deepcopy(PAGE)
    assert Mutation(LIST, place, edit, value).apply(document)
    assert document == after


@pytest.mark.parametrize(
    ("edit", "value", "after"),
    [(APPEND, "\n", "USD 2.50\n"), (LOWER, None, "usd 2.50"), (FOREIGN_DIGITS, None, "USD ٢.٥٠")],
)
def test_a_text_is_edited(edit: str, value: Any, after: str) -> None:
    document = {"amount": "USD 2.50"}
    assert Mutation(ACCOUNT, ("amount",), edit, value).apply(document)
    assert document == {"amount": after}


@pytest.mark.parametrize(
    ("document", "mutation"),
    [
        ({"a": None}, Mutation(LIST, ("a",), PUT, 7)),
        ({"a": 7}, Mutation(LIST, ("a",), APPEND, "\n")),
        ({"a": "x"}, Mutation(LIST, ("a",), LOWER)),
        ({"a": "x"}, Mutation(LIST, ("b",), DROP)),
        ({"a": "x"}, Mutation(LIST, ("a", "b"), PUT, 7)),
        ({"a": [1]}, Mutation(LIST, ("a", EVERY), DROP)),
        ([1], Mutation(LIST, ("a",), DROP)),
        (None, Mutation(LIST, ("a",), DROP)),
    ],
)
def test_what_is_not_there_is_left_alone(document: Any, mutation: Mutation) -> None:
    before = copy.deepcopy(document)
    assert not mutation.apply(document)
    assert document == before


def test_true_and_one_are_different_values() -> None:
    document = {"has_next": True}
    assert Mutation(LIST, ("has_next",), PUT, 1).apply(document)
    assert type(document["has_next"]) is int


NAMES = st.sampled_from(["a", "b"])
ANSWERS = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "A1", "a"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=8,
)
MUTATIONS = st.builds(
    Mutation,
    st.just(LIST),
    st.lists(NAMES | st.just(EVERY), min_size=1, max_size=3).map(tuple),
    st.sampled_from([DROP, PUT, APPEND, FOREIGN_DIGITS, LOWER]),
    st.sampled_from([None, 1, True, "A1", []]),
)


@given(document=ANSWERS, mutation=MUTATIONS)
def test_a_mutation_tells_whether_it_changed_what_goes_over_the_wire(document: Any, mutation: Mutation) -> None:
    before = orjson.dumps(document)
    assert mutation.apply(document) == (orjson.dumps(document) != before)


def test_only_the_answers_of_its_operation_are_mutated() -> None:
    async def both() -> tuple[Any, Any]:
        caller = Caller(enclose(Tiny(), [mutating(Mutation(RETRIEVE, ("status",), PUT, "UNHEARD_OF"))]))
        bought = (await caller.buy("US")).json()
        return bought, (await caller.read(bought["id"])).json()

    bought, read = asyncio.run(both())
    assert (bought["status"], read["status"]) == ("PENDING", "UNHEARD_OF")
    assert {**read, "status": "PENDING"} == bought
