"""The texts that `assay init` writes, from what is known of the target."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_WIDTH: Final = 8
_MOST_COUNTRIES: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a service before its first gate; everything may be missing.

    Attributes:
        url: where it answers.
        profile: the contract version that it was seen to serve.
        in_stock: countries that could be bought.
        other_owner: whether a second owner's key was accepted.
        not_exercisable: by clause id, why a gate could not exercise it.
    """

    url: str | None = None
    profile: str | None = None
    in_stock: Sequence[str] = ()
    other_owner: bool = False
    not_exercisable: Mapping[str, str] | None = None


def settings_text(known: Known) -> str:
    """Return a commented ``assay.toml``."""
    countries = list(known.in_stock[:_MOST_COUNTRIES]) or ["US", "KZ"]
    text = _template("settings.txt")
    for mark, value in {
        # Without a URL the embedded sandbox would be tested in the service's place, and be green.
        "@URL@": _setting("url", known.url or "http://127.0.0.1:8080", known=True),
        "@PROFILE@": _setting("profile", known.profile or "auto", known=True),
        "@COUNTRIES@": _setting("countries", countries, known=False),
        "@REQUIRE@": _setting("require", ["AUTH-4", "AUTH-5"], known=known.other_owner),
        "@FINDINGS@": "\n".join(_not_exercisable(known.not_exercisable or {})),
    }.items():
        text = text.replace(mark, value)
    return f"{text.rstrip()}\n"


def workflow_text(origin: str | None) -> str:
    """Return a workflow that gates pull requests.

    Args:
        origin: requirement by which pip installs assay, None where nobody else could use it.
    """
    if origin is None:
        lines = [
            "# Where assay comes from, as pip takes it: a repository variable such as",
            "# assay @ git+https://git.example/tools/assay@v1",
            "ASSAY: ${{ vars.ASSAY_REQUIREMENT }}",
        ]
    else:
        lines = [f"ASSAY: {json.dumps(origin)}"]
    return _template("workflow.txt").replace("@ORIGIN@", "\n".join(f"          {line}" for line in lines))


def _setting(name: str, value: object, *, known: bool) -> str:
    # Strings and lists of strings are written alike in JSON and TOML.
    line = f"{name} = {json.dumps(value)}"
    return line if known else f"# {line}"


def _not_exercisable(reasons: Mapping[str, str]) -> Iterator[str]:
    if not reasons:
        return
    yield ""
    yield "# What a gate could not exercise there when this file was written, and what would make it possible:"
    by_reason: dict[str, list[str]] = {}
    for clause, why in reasons.items():
        by_reason.setdefault(" ".join(why.split()), []).append(clause)
    for why, clauses in by_reason.items():
        for start in range(0, len(clauses), _WIDTH):
            yield f"#   {', '.join(clauses[start : start + _WIDTH])}"
        yield f"#     {why if why.isprintable() else ascii(why)}"


def _template(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
