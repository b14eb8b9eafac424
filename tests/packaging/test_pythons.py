"""The Pythons that assay says it runs on, one list in all places; and what it keeps clear of for the oldest of them."""

from __future__ import annotations

import configparser
import tomllib
from pathlib import Path

import pytest

from tests.packaging.lockfile import PYTHONS
from tests.test_architecture import imports, modules, under
from tests.test_cli import ROOT

SEVERAL_THREADS = ("schemathesis.engine", "schemathesis.cli", "schemathesis.pytest")
"""What of schemathesis generates requests in threads of its own."""


def threaded(path: Path) -> set[str]:
    """What a module imports of the parts above."""
    return {name for name in imports(path) if any(under(name, part) for part in SEVERAL_THREADS)}


def test_the_package_names_the_pythons_that_its_lock_files_serve() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["classifiers"]
    series = "Programming Language :: Python :: 3."
    assert [line.removeprefix("Programming Language :: Python :: ") for line in listed if line.startswith(series)] == [
        *PYTHONS
    ]


@pytest.mark.parametrize("python", PYTHONS)
def test_tox_runs_the_tests_on_every_python(python: str) -> None:
    recipe = configparser.ConfigParser(interpolation=None)
    recipe.read(ROOT / "tox.ini", "utf-8")
    (named,) = (section for section in recipe.sections() if section.startswith("testenv:{tests,"))
    assert f"py{python.replace('.', '')}" in named.removeprefix("testenv:{").removesuffix("}").split(",")


def test_nothing_generates_requests_in_several_threads() -> None:
    """CPython before 3.11.8 and 3.12.2 loses count of its recursion where several threads parse (gh-106905)."""
    assert {name: found for name, path in modules().items() if (found := threaded(path))} == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from schemathesis.engine import from_schema", {"schemathesis.engine", "schemathesis.engine.from_schema"}),
        ("import schemathesis.cli", {"schemathesis.cli"}),
        ("from schemathesis import engine", {"schemathesis.engine"}),
        ("import schemathesis\nfrom schemathesis.generation.drivers import CoverageGenerator", set()),
    ],
)
def test_an_import_of_what_generates_in_threads_is_noticed(tmp_path: Path, source: str, found: set[str]) -> None:
    (tmp_path / "module.py").write_text(source, "utf-8")
    assert threaded(tmp_path / "module.py") == found
