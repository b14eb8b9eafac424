"""Items: what a list shows of a purchase is what retrieve shows, in values that may change as well (LIST-5)."""

from __future__ import annotations

from typing import Final, NamedTuple

from contracts.history import ApiOperation, Mark
from contracts.invariants.book import Entry
from contracts.invariants.invariant import MAX_HELD, Invariant
from contracts.invariants.telling import name
from contracts.monitor import Docket, Setting, excerpt, violation

_CHANGING: Final = ("emoji", "purchase_source")
"""Keys of a purchase of which LIFE-5 does not say that they never change."""


class _Shown(NamedTuple):
    value: str
    mark: Mark


class Items(Invariant):
    """Compares a list with what other operations showed of a purchase before it and after it.

    A value may have changed between two views. One that is another in a list alone, and before and after it
    the same, has not.
    """

    clauses = ("LIST-5",)

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._keys = tuple(key for key in _CHANGING if key in setting.profile.purchase_keys)
        self._single: dict[tuple[int, str], _Shown] = {}
        self._listed: dict[tuple[int, str], _Shown] = {}

    def judge(self, entry: Entry, docket: Docket) -> None:
        """Judge the values of every purchase shown that may change."""
        for sight in entry.sights if self._keys else ():
            for key in self._keys:
                value = sight.view.data.get(key)
                if isinstance(value, str):
                    self._compare((sight.record.id, key), _Shown(value, sight.mark), docket)

    def _compare(self, place: tuple[int, str], shown: _Shown, docket: Docket) -> None:
        single = self._single.get(place)
        if shown.mark.api_operation is ApiOperation.LIST:
            if single is not None and single.value != shown.value and single.mark.precedes(shown.mark):
                self._listed[place] = shown
            return
        listed = self._listed.get(place)
        if listed is not None and not listed.mark.precedes(shown.mark):
            return
        self._listed.pop(place, None)
        if single is not None and single.value == shown.value and listed is not None:
            _report(place, single, listed, shown, docket)
        if single is not None or len(self._single) < MAX_HELD:
            self._single[place] = shown


def _report(place: tuple[int, str], before: _Shown, listed: _Shown, after: _Shown, docket: Docket) -> None:
    number, key = place
    docket.violate(
        violation(
            "LIST-5",
            f"{key}-differs-in-list",
            f"a list shows another {key} than {name(before.mark)} and {name(after.mark)}",
            before.mark,
            listed.mark,
            after.mark,
            expected="an item of a list equals what retrieve shows",
            observed=f"purchase {number}: {excerpt(listed.value)} in the list, {excerpt(before.value)} elsewhere",
        )
    )
