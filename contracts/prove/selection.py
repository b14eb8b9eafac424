"""Which cases a proof has: every defect, mutant and variant of the catalogue, or those selected."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Final

from contracts.errors import UsageError
from contracts.prove.case import BARE, CONTROL, DEFECT, MUTANT, VARIANT, Case
from contracts.prove.derived import mutants
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
    target: str = "",
) -> list[Case]:
    """Return the cases of a proof, in the catalogue's order, seed after seed.

    The gate of a mutant always ends with the phase that caught it: there are hundreds, and all of them show
    in the first answers.

    Args:
        patterns: names, or shell patterns over them; all without any.
        kinds: which kinds of case.
        profile: contract version; variants that are lawful only under another are left out.
        depth: of every gate.
        seeds: each case is shown with each.
        brief: whether the gate of a defect ends with the phase that caught it.
        target: base URL of the API that is seeded, empty for the embedded sandbox.

    Raises:
        UsageError: a pattern matches nothing, or nothing of these kinds.
    """
    wanted = set(kinds)
    seeded = (name for name, defect in DEFECTS.items() if defect.clauses)
    known = {BARE, *seeded, *VARIANTS, *(mutant.name for mutant in mutants(profile))}
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in known):
            near = difflib.get_close_matches(pattern, known, 1)
            raise UsageError(
                f"no defect, mutant or variant is called {pattern!r}" + (f"; did you mean {near[0]}?" if near else "")
            )
    cases = [
        replace(case, profile=profile, depth=depth, seed=seed, target=target, brief=brief or case.kind == MUTANT)
        for seed in seeds
        for case in (*_controls(), *_defects(patterns), *_mutants(profile), *_variants(profile))
        if case.kind in wanted and (not patterns or any(fnmatchcase(case.name, pattern) for pattern in patterns))
    ]
    for pattern in patterns:
        if not any(fnmatchcase(case.name, pattern) for case in cases):
            # Left out without a word, it would be taken for proved.
            raise UsageError(f"nothing of kind {', '.join(sorted(wanted))} is called {pattern} with profile {profile}")
    return cases


def _controls() -> Iterator[Case]:
    yield Case(BARE, CONTROL, family="CONTROL", statement="nothing is seeded: the target as it is")


def _defects(patterns: Sequence[str]) -> Iterator[Case]:
    for defect in DEFECTS.values():
        if defect.clauses and (LOAD_ONLY not in defect.needs or defect.name in patterns):
            yield Case(
                defect.name,
                DEFECT,
                clauses=defect.clauses,
                family=defect.family,
                statement=defect.suffers,
                needs=defect.needs,
            )


def _mutants(profile: str) -> Iterator[Case]:
    for mutant in mutants(profile):
        yield Case(
            mutant.name,
            MUTANT,
            clauses=mutant.clauses,
            family=mutant.clauses[0].partition("-")[0],
            statement=mutant.suffers,
            needs=mutant.needs,
            mutation=mutant.mutation,
        )


def _variants(profile: str) -> Iterator[Case]:
    for variant in VARIANTS.values():
        if profile in variant.profiles:
            yield Case(
                variant.name,
                VARIANT,
                warnings=variant.expects_warning,
                lacks=variant.lacks,
                family="VARIANT",
                statement=variant.why,
                needs=variant.needs,
            )
