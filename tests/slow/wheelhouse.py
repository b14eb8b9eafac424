"""Assay built, and installed beside exactly what it declares to need; nothing is asked of a network."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.test_cli import KEYS, ROOT

WATCHER = """
import os, sys

_ROOT, _SPARED = {root!r} + os.sep, {spared!r}
_LOG = os.open({log!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def _watch(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and isinstance(arguments[0], str | bytes):
        path = os.path.abspath(os.fsdecode(arguments[0]))
        if path.startswith(_ROOT) and not path.startswith(_SPARED):
            os.write(_LOG, os.fsencode(path) + b"\\n")


sys.addaudithook(_watch)
"""
"""A ``sitecustomize`` that tells of every file of the checkout that any process of an installation opens."""

NOT_COPIED = (
    ".git", ".venv*", ".tox", ".*_cache", ".hypothesis", ".schemathesis", ".coverage*", "__pycache__", "*.egg-info",
    "runs", "build", "dist", "mutants",
)  # fmt: skip
"""Names in a checkout that git does not keep."""


@dataclass(frozen=True, slots=True)
class Installation:
    """An environment that has the wheel and what it declares to need.

    Attributes:
        source: the unpacked source distribution.
        wheel: the wheel that was built from it.
        bin: folder of the environment's commands.
        log: paths of the checkout that were read, one a line.
    """

    source: Path
    wheel: Path
    bin: Path
    log: Path

    def run(self, *command: str, cwd: Path, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment; it must end with the code, and read nothing of the checkout."""
        done = subprocess.run(
            [str(self.bin / command[0]), *command[1:]],
            cwd=cwd, env=environment(), capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert code is None or done.returncode == code, done.stdout + done.stderr
        assert self.read() == [], self.read()
        return done

    def read(self) -> list[str]:
        """Return the files of the checkout that were read so far."""
        return sorted(set(self.log.read_text().splitlines()))


def environment() -> dict[str, str]:
    """Return the variables of this process without keys, and without ways to find a checkout."""
    hidden = {*KEYS, "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PYTEST_ADDOPTS"}
    return {name: value for name, value in os.environ.items() if name not in hidden} | {"COLUMNS": "100"}


def install(place: Path) -> Installation:
    """Build source distribution and wheel from a copy of the checkout, and install the wheel in a new environment."""
    copied = shutil.copytree(ROOT, place / "checkout", ignore=shutil.ignore_patterns(*NOT_COPIED))
    with tarfile.open(built("sdist", copied, place)) as archive:
        archive.extractall(place / "unpacked", filter="data")
    (source,) = (place / "unpacked").iterdir()
    wheel = built("wheel", source, place)
    subprocess.run([sys.executable, "-m", "venv", str(place / "env")], check=True)
    (packages,) = (place / "env" / "lib").glob("python*/site-packages")
    pip = [str(place / "env" / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*pip, str(wheel)], check=True)
    for name in sorted(needed("assay")):
        link(importlib.metadata.distribution(name), packages)
    log = place / "read.txt"
    log.touch()
    spared = (sys.prefix + os.sep, sys.base_prefix + os.sep)
    (packages / "sitecustomize.py").write_text(WATCHER.format(root=str(ROOT), spared=spared, log=str(log)))
    return Installation(source, wheel, place / "env" / "bin", log)


def built(what: str, source: Path, place: Path) -> Path:
    """Build one distribution as a build front end does, in a process that stands in the source tree."""
    out = place / what
    out.mkdir()
    script = f"import sys, setuptools.build_meta as backend; backend.build_{what}(sys.argv[1])"
    subprocess.run([sys.executable, "-c", script, str(out)], cwd=source, check=True, capture_output=True)
    (made,) = out.iterdir()
    return made


def needed(name: str) -> set[str]:
    """Return the names of the distributions that one declares to need, and those they need, here."""
    found: set[tuple[str, str]] = set()
    waiting = [(name, "")]
    while waiting:
        of, extra = waiting.pop()
        for one in map(Requirement, importlib.metadata.requires(of) or ()):
            if one.marker is None or one.marker.evaluate({"extra": extra}):
                wanted = {(canonicalize_name(one.name), wish) for wish in {"", *one.extras}} - found
                found |= wanted
                waiting += wanted
    return {of for of, _ in found}


def link(distribution: importlib.metadata.Distribution, packages: Path) -> None:
    """Put a distribution that is installed here into another environment, without its commands."""
    for top in {Path(str(file)).parts[0] for file in distribution.files or () if not str(file).startswith("..")}:
        target = packages / top
        if top != "__pycache__" and not target.exists():
            target.symlink_to(Path(str(distribution.locate_file(top))))
