"""Patterns are compared by the texts they match, and given up where that cannot be told."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.drift.patterns import Relation, pattern_lengths, pattern_relation
from contracts.drift.regex import IrregularError, automaton

TEXTS = ["".join(letters) for length in range(5) for letters in product("abc", repeat=length)]

ATOMS = st.sampled_from(["a", "b", "[ab]", "[^a]", ".", "(?:ab)", "(a|b)"])
ITEMS = st.tuples(ATOMS, st.sampled_from(["", "*", "+", "?", "{2}", "{1,2}", "{0,1}?", "{2,}"])).map("".join)
BRANCHES = st.tuples(
    st.sampled_from(["", "^"]),
    st.lists(ITEMS, max_size=3).map("".join),
    st.sampled_from(["", "$", r"(?![\s\S])"]),
).map("".join)
PATTERNS = st.lists(BRANCHES, min_size=1, max_size=2).map("|".join)


def matched(pattern: str) -> set[str]:
    return {text for text in TEXTS if re.search(pattern.replace("$", r"(?![\s\S])"), text)}


@given(PATTERNS, PATTERNS)
def test_no_text_contradicts_the_relation(old: str, new: str) -> None:
    relation = pattern_relation(old, new)
    lost, gained = matched(old) - matched(new), matched(new) - matched(old)
    assert relation is not Relation.UNKNOWN
    if lost:
        assert relation in {Relation.TIGHTER, Relation.DIFFERENT}
    if gained:
        assert relation in {Relation.LOOSER, Relation.DIFFERENT}


@given(PATTERNS)
def test_no_text_is_shorter_or_longer_than_the_lengths_say(pattern: str) -> None:
    shortest, longest = pattern_lengths(pattern)
    for text in matched(pattern):
        assert len(text) >= shortest
        assert longest is None or len(text) <= longest


@pytest.mark.parametrize(
    ("old", "new", "relation"),
    [
        ("^[A-Z]{2}$", r"^[A-Z][A-Z](?![\s\S])", Relation.SAME),
        (r"^\+[1-9]\d{1,14}$", r"^\+[1-9][0-9]{1,14}(?![\s\S])", Relation.SAME),
        (r"^[0-9]+(\.[0-9]{1,2})?$", r"^-?[0-9]+(\.[0-9]{1,2})?$", Relation.LOOSER),
        (r"^\w+$", r"^[a-z]+$", Relation.TIGHTER),
        ("^[A-C]$", "^[B-D]$", Relation.DIFFERENT),
        ("^[A-Z]{2}$", "[A-Z]{2}", Relation.LOOSER),
        (r"^\$[\]\-\\]$", r"^[$][\\\]-]$", Relation.SAME),
        (r"^\x41\u0042$", "^AB$", Relation.SAME),
        ("a|b", "[ab]", Relation.SAME),
        ("^a$|^b$", "^[ab]$", Relation.SAME),
    ],
)
def test_spellings_do_not_matter(old: str, new: str, relation: Relation) -> None:
    assert pattern_relation(old, new) is relation
    turned = {Relation.LOOSER: Relation.TIGHTER, Relation.TIGHTER: Relation.LOOSER}
    assert pattern_relation(new, old) is turned.get(relation, relation)


@pytest.mark.parametrize(
    "pattern",
    [r"^(a)\1$", "^(?=a).$", "a(^)b", "(?<n>a)", "[a", "(a", "a)", "a{2}{3}", "a**", "{3}", "a{3,2}", "a{99999}",
     "[z-a]", "\\", r"\p{L}", r"\b", "((((a{900}){900}){900}){900})", "(" * 80 + ")" * 80, "[" * 500, "^" * 300],
)  # fmt: skip
def test_what_is_not_regular_or_too_large_is_unknown(pattern: str) -> None:
    with pytest.raises(IrregularError):
        automaton(pattern)
    assert pattern_relation(pattern, "^a$") is Relation.UNKNOWN
    assert pattern_relation(pattern, pattern) is Relation.SAME
    assert pattern_lengths(pattern) == (0, None)


@given(st.text(alphabet="ab01^$.*+?{},()[]|\\-dws:!=<", max_size=30))
def test_any_text_can_be_compared(pattern: str) -> None:
    assert pattern_relation(pattern, "^a$") in Relation
    assert pattern_lengths(pattern)[0] >= 0


def test_a_comparison_that_explodes_is_given_up() -> None:
    assert pattern_relation("^(?:a|b)*a(?:a|b){30}$", "^(?:a|b)*a(?:b|a){30}$") is Relation.UNKNOWN
