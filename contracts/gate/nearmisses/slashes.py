"""Near misses sent to the trailing-slash form of their path as well, which is the one the official clients call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from contracts.gate.nearmisses.miss import NearMiss

_TWINS: Final = re.compile(
    r"country_code/(?:lower-case|newline-after)|body/empty|id/(?:zero|word)|list/(?:page-zero|sort-unknown)"
    r"|method/delete-purchases"
)
"""One or two of each family but the keys, which have both forms of their own."""

_ESSENTIAL: Final = "country_code/lower-case"


def with_slash(misses: Iterable[NearMiss]) -> Iterator[NearMiss]:
    """Yield the near misses, and after some of each family the same request with a slash after its path.

    Every path is served with and without its trailing slash (contract, "Operations"), so that both forms refuse
    alike. Where they are routes of their own, one may lack the check of what it is sent.
    """
    for miss in misses:
        yield miss
        if _TWINS.fullmatch(miss.name) and not miss.path.endswith("/"):
            name, essential = f"{miss.name}-and-a-slash", miss.name == _ESSENTIAL
            yield replace(miss, name=name, path=f"{miss.path}/", essential=essential)
