"""The licences of what is installed with assay are listed, and each is one that was decided on."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.utils import canonicalize_name

from tests.packaging.lockfile import PYTHONS, pins
from tests.test_cli import ROOT

LIST = ROOT / "requirements" / "LICENCES.md"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
ALLOWED = PROJECT["tool"]["pip-licenses"]["allow-only"].split(";")


def rows() -> Iterator[tuple[str, str, str]]:
    """Name, version and licence of each distribution in the list."""
    for line in LIST.read_text("utf-8").splitlines()[2:]:
        name, version, licence = (cell.strip() for cell in line.strip("|").split("|"))
        yield canonicalize_name(name), version, licence


def test_every_locked_release_is_listed_with_its_licence() -> None:
    listed = {(name, version) for name, version, _ in rows()}
    # The builder is not installed with assay, but beside it.
    built = {canonicalize_name(one.partition(">")[0]) for one in PROJECT["build-system"]["requires"]}
    locked = {(pin.name, pin.version) for pin in pins(ROOT / "requirements" / "ci.txt") if pin.name not in built
              and any(pin.applies(python) for python in PYTHONS)}  # fmt: skip
    assert {name for name, _ in locked} == {name for name, _ in listed}
    assert listed <= locked


def test_every_listed_licence_is_allowed_and_every_allowed_one_is_there() -> None:
    assert {licence for *_, licence in rows()} == set(ALLOWED)


def test_strong_copyleft_is_not_allowed() -> None:
    strong = ("GPL", "AGPL", "SSPL", "EUPL", "CC-BY-NC", "UNKNOWN")
    guilty = {one for one in ALLOWED for mark in strong if mark in one.replace("LGPL", "").upper()}
    assert guilty == set()


def test_what_is_vendored_has_its_licence_beside_it() -> None:
    vendor = Path(ROOT / "reports" / "html" / "vendor")
    for path in vendor.glob("*.js"):
        assert "MIT" in (vendor / f"{path.stem}.LICENSE.txt").read_text("utf-8")
