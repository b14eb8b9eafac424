"""Which cases a proof has: every defect and variant of the catalogue, or those selected."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Final

from contracts.errors import UsageError
from contracts.prove.case import CONTROL, DEFECT, VARIANT, Case
from fixtures.defects.catalogue import DEFECTS, VARIANTS

LOAD_ONLY: Final = "volume"
"""Need of defects that show only after thousands of requests: a load run's business, shown here only by name."""


def select(
    patterns: Sequence[str] = (),
    *,
    kinds: Iterable[str] = (CONTROL, DEFECT, VARIANT),
    profile: str = "2026-02",
    depth: str = "full",
    seeds: Sequence[int] = (0,),
    brief: bool = False,
) -> list[Case]:
    """Return the cases of a proof, in the catalogue's order, seed after seed.

    Args:
        patterns: names, or shell patterns over them; all without any.
        kinds: which kinds of case.
        profile: contract version; variants that are lawful only under another are left out.
        depth: of every gate.
        seeds: each case is shown with each.
        brief: whether the gate of a defect ends with the phase that caught it.

    Raises:
        UsageError: a pattern matches nothing.
    """
    wanted = set(kinds)
    known = {"none", *DEFECTS, *VARIANTS}
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in known):
            near = difflib.get_close_matches(pattern, known, 1)
            raise UsageError(
                f"no defect or variant is called {pattern!r}" + (f"; did you mean {near[0]}?" if near else "")
            )
    cases = []
    for seed in seeds:
        if CONTROL in wanted:
            cases.append(Case("none", CONTROL, (), (), (), profile, depth, seed, brief))
        if DEFECT in wanted:
            cases += [
                Case(defect.name, DEFECT, defect.clauses, (), (), profile, depth, seed, brief)
                for defect in DEFECTS.values()
                if defect.clauses and (LOAD_ONLY not in defect.needs or defect.name in patterns)
            ]
        if VARIANT in wanted:
            cases += [
                Case(variant.name, VARIANT, (), variant.expects_warning, variant.lacks, profile, depth, seed, brief)
                for variant in VARIANTS.values()
                if profile in variant.profiles
            ]
    return [case for case in cases if not patterns or any(fnmatchcase(case.name, pattern) for pattern in patterns)]
