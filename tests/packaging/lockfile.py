"""A requirements file with hashes, read as pip reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""Versions of Python that a lock file must serve."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One release that may be installed.

    Attributes:
        requirement: name, the one version, and where it applies.
        hashes: SHA-256 of the files that pip may take for it, as 64 hexadecimal digits.
    """

    requirement: Requirement
    hashes: frozenset[str]

    @property
    def name(self) -> str:
        """Its normalised name (PEP 503)."""
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        """Its version, as it is pinned."""
        (specifier,) = self.requirement.specifier
        assert specifier.operator == "=="
        return specifier.version

    def applies(self, python: str) -> bool:
        """Whether CPython of this version on Linux installs it."""
        marker = self.requirement.marker
        return marker is None or marker.evaluate(
            {
                "python_version": python,
                "python_full_version": f"{python}.9",
                "sys_platform": "linux",
                "platform_system": "Linux",
                "os_name": "posix",
                "implementation_name": "cpython",
                "platform_python_implementation": "CPython",
            }
        )


def pins(path: Path) -> list[Pin]:
    """Return the releases a lock file names.

    Raises:
        ValueError: A line is neither a comment, nor a requirement with hashes.
    """
    found = []
    text = re.sub(r"\\\n", " ", path.read_text("utf-8"))
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        requirement, *hashes = re.split(r"\s+--hash=", line.strip())
        if not hashes or not all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in hashes):
            raise ValueError(line)
        found.append(Pin(Requirement(requirement), frozenset(hashes)))
    return found
