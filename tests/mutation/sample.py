"""Try a seeded sample of mutants with mutmut, and tell how many of them the tests notice.

It runs in the root of a checkout: ``python -m tests.mutation.sample --seed 0 --count 600``. Survivors that change
nothing a caller can see are listed with the reason in ``equivalent.toml``; any other survivor is a missing test.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PRESENT: Final = "contracts.checks.dates.*"
"""Mutants of the smallest module: mutmut names mutants only while it tries some."""

WANTED: Final = 0.9
"""Share of the mutants that are not equivalent, and that the tests must notice."""

NOTICED: Final = frozenset({1, 3, 24, 36, 152, 255, -24})
"""Exit codes of a mutant's tests that mean: a test failed, or came to no end."""

_NAMES_A_TROUBLE: Final = re.compile(r"return\b|troubles\.append\(|trouble\b")
"""How a line begins that gives a trouble its name."""

_TEXT: Final = re.compile(r'"[^"]*"')

EQUIVALENT: Final = Path(__file__).with_name("equivalent.toml")


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that no test noticed.

    Attributes:
        name: mutmut's name of it.
        removed: the lines it takes away, stripped.
        added: the lines it puts there, stripped.
    """

    name: str
    removed: tuple[str, ...]
    added: tuple[str, ...]

    @property
    def function(self) -> str:
        """Module and mangled function, which stay when mutants are numbered anew."""
        return self.name.rpartition("__mutmut_")[0]


def choose(names: Iterable[str], count: int, seed: int) -> list[str]:
    """Return a sample of the names: the same seed, the same sample."""
    known = sorted(names)
    return sorted(random.Random(seed).sample(known, min(count, len(known))))


def exit_codes(root: Path) -> dict[str, int | None]:
    """Return the exit code of every mutant's tests below mutmut's folder, None where it was not tried."""
    found: dict[str, int | None] = {}
    for path in sorted(root.rglob("*.meta")):
        found |= json.loads(path.read_text("utf-8"))["exit_code_by_key"]
    return found


def excused(survivor: Survivor, known: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a survivor is listed as one that changes nothing."""
    return any(
        survivor.function.endswith(one["function"])
        and (
            _renames(survivor)
            if one.get("names")
            else one["was"] in survivor.removed and one["became"] in survivor.added
        )
        for one in known
    )


def _renames(survivor: Survivor) -> bool:
    """Tell whether all that changes is a text in a line that names a trouble."""
    if len(survivor.removed) != 1 or len(survivor.added) != 1:
        return False
    was, became = survivor.removed[0], survivor.added[0]
    return _NAMES_A_TROUBLE.match(was) is not None and _TEXT.sub("", was) == _TEXT.sub("", became)


def score(tried: int, survivors: Sequence[Survivor], known: Sequence[Mapping[str, Any]]) -> tuple[int, int, float]:
    """Return how many mutants count, how many of those were noticed, and their share."""
    equivalent = sum(excused(one, known) for one in survivors)
    counted = tried - equivalent
    noticed = tried - len(survivors)
    return counted, noticed, noticed / counted if counted else 0.0


def look(name: str) -> Survivor:
    """Ask mutmut what a mutant changes."""
    lines = _mutmut("show", name).splitlines()
    removed = [line[1:].strip() for line in lines if line.startswith("-") and not line.startswith("---")]
    added = [line[1:].strip() for line in lines if line.startswith("+") and not line.startswith("+++")]
    return Survivor(name, tuple(removed), tuple(added))


def main(arguments: Sequence[str] | None = None) -> int:
    """Try a sample, print the score and each survivor; return 1 where the score is too low."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation.sample", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="seed of the sample")
    parser.add_argument("--count", type=int, default=600, help="how many mutants are tried")
    parser.add_argument("--read", action="store_true", help="tell of the last sample, and try nothing")
    asked = parser.parse_args(arguments)
    if not asked.read:
        _mutmut("run", "--max-children", "1", PRESENT)
    chosen = choose(exit_codes(Path("mutants")), asked.count, asked.seed)
    if not asked.read:
        _mutmut("run", "--max-children", "1", *chosen)
    return _tell(chosen, exit_codes(Path("mutants")), f"seed {asked.seed}")


def _tell(chosen: Sequence[str], codes: Mapping[str, int | None], which: str) -> int:
    known = tomllib.loads(EQUIVALENT.read_text("utf-8"))["equivalent"]
    tried = [name for name in chosen if codes[name] is not None]
    survivors = [look(name) for name in tried if codes[name] not in NOTICED]
    for one in survivors:
        mark = "equivalent" if excused(one, known) else "survived"
        print(f"{mark} {one.name} ({codes[one.name]})", *(f"  - {line}" for line in one.removed), sep="\n")  # noqa: T201
        print(*(f"  + {line}" for line in one.added), sep="\n")  # noqa: T201
    counted, noticed, share = score(len(tried), survivors, known)
    print(  # noqa: T201
        f"{which}: {len(tried)} of {len(codes)} mutants tried, {len(tried) - counted} equivalent, "
        f"{noticed} of {counted} noticed ({share:.1%})"
    )
    return 0 if share >= WANTED else 1


def _mutmut(*arguments: str) -> str:
    done = subprocess.run(["mutmut", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"mutmut {arguments[0]} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
