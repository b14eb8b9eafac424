"""Every near miss must be refused by the letter of the contract, and the catalogue names each once."""

from __future__ import annotations

import pytest

from contracts.demand import judge
from contracts.gate.nearmisses import (
    NearMiss,
    Subject,
    body_misses,
    country_misses,
    extra_key_misses,
    id_misses,
    key_misses,
    list_misses,
    method_misses,
    unknown_ids,
    with_slash,
    wrapped_id,
)
from contracts.history import OWNER, Demand, Input, Operation
from contracts.routes import route

SUBJECT = Subject("US", 4711, "Sb0OwnerKey123", "Xy7OtherShape9")
PLAIN = [
    *country_misses(SUBJECT),
    *body_misses(SUBJECT),
    *extra_key_misses(SUBJECT),
    *id_misses(SUBJECT),
    *unknown_ids([999_999, 2**53 - 1]),
    *wrapped_id(4711, 5000),
    *list_misses(),
    *method_misses(SUBJECT),
    *key_misses(SUBJECT, accounts=True, profile=True),
]
ALL = list(with_slash(PLAIN))


def as_operation(miss: NearMiss) -> Operation:
    headers = miss.headers
    if miss.body and all(name != "content-type" for name, _ in headers):
        headers = (*headers, ("content-type", "application/json"))
    sent = Input(miss.method, miss.path, miss.query, headers, miss.body)
    asked = route(miss.method, miss.path).api_operation
    return Operation(0, miss.principal, asked, sent, None, 0.0, 0.0, aim=miss.aim)


def test_names_are_unique() -> None:
    names = [miss.name for miss in ALL]
    assert len(set(names)) == len(names)


def test_the_catalogue_is_large_and_its_essential_part_small() -> None:
    assert len(ALL) > 280
    assert sum(miss.essential for miss in ALL) < 130


@pytest.mark.parametrize("miss", ALL, ids=lambda miss: miss.name)
def test_the_contract_demands_a_refusal_or_leaves_it_open(miss: NearMiss) -> None:
    judgement = judge(as_operation(miss))
    family, _, name = miss.name.partition("/")
    clauses = {fault.clause for fault in judgement.faults}
    odd = {"fraction", "exponent", "plus", "spaced", "newline-after", "hexadecimal", "leading-zero", "arabic-digit",
           "underscore"}  # fmt: skip
    left_open = ("page-huge", "page-enormous", "left-out", "blank", "phone_number")
    odd.add("refund-unknown-with-body")
    open_ended = (family == "id" and name in odd) or (family == "list" and any(part in name for part in left_open))
    expected = {
        "country_code": {"INPUT-1"},
        "body": {"INPUT-1"},
        "id": {"INPUT-8"},
        "list": {"INPUT-9"},
        "method": {"INPUT-7"},
        "key": {"AUTH-1"},
    }
    if family == "extra-keys":
        clause = "INPUT-1" if name == "country-twice" else "INPUT-5"
        assert (judgement.demand, judgement.oddities) == (Demand.EITHER, (clause,))
    elif open_ended or (family == "list" and name == "page-fraction") or name == "page_size-fraction":
        assert judgement.demand in {Demand.EITHER, Demand.REFUSE}
    else:
        assert (judgement.demand, clauses) == (Demand.REFUSE, expected[family])


def test_a_subject_of_every_country_yields_only_codes_that_are_none() -> None:
    for country in ("AA", "ID", "SS", "ZW", "GB", "QA"):
        subject = Subject(country, None, "k" * 12, "j" * 12)
        for miss in country_misses(subject):
            assert judge(as_operation(miss)).demand is Demand.REFUSE, (country, miss.name)


def test_keys_do_not_show_in_a_representation() -> None:
    assert "Sb0OwnerKey123" not in repr(ALL)
    assert "Sb0OwnerKey123" not in repr(SUBJECT)
    assert all(miss.principal == OWNER for miss in ALL if not miss.name.startswith("key/"))


def test_a_wrapped_id_is_one_of_the_owners_in_32_bits_and_nobodys_in_full() -> None:
    (miss,) = wrapped_id(4711, 5000)
    number = int(miss.path.rpartition("/")[2])
    assert number % 2**32 == 4711
    assert number > 5000


@pytest.mark.parametrize(("own", "highest"), [(4711, 4711 + 2**32), (2**53 - 5, 2**53 - 5)])
def test_no_id_is_wrapped_into_those_that_were_given_or_out_of_the_domain(own: int, highest: int) -> None:
    assert list(wrapped_id(own, highest)) == []


def test_every_family_is_tried_with_a_slash_and_each_operation_without_a_key() -> None:
    twins = [miss for miss in ALL if miss.path.endswith("/")]
    assert {miss.name.partition("/")[0] for miss in twins} == {"country_code", "body", "id", "list", "method", "key"}
    assert len([miss for miss in twins if miss.name.endswith("/no-key-and-a-slash")]) == 7
    assert [miss for miss in ALL if miss in PLAIN] == PLAIN
