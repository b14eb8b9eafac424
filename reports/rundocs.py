"""A run directory's documents: reading ``run.json``, and writing what is derived from it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema_rs

from reports.errors import DocumentError
from reports.foreign import fault_of, read_json
from reports.har import exchanges, write_har
from reports.junit import junit
from reports.pages import pages
from reports.sarif import sarif
from reports.writing import beside, write_document

RESULT: Final = "run.json"
EXCHANGES: Final = "exchanges.har"
SCHEMA_VERSION: Final = 1

_MAX_RESULT: Final = 64 * 1024 * 1024
_MAX_SHOWN: Final = 200


def load_run(path: Path) -> dict[str, Any]:
    """Return the document ``run.json`` of a run.

    Args:
        path: a run directory, or the file itself.

    Raises:
        DocumentError: it is missing, no ``run.json``, or of a version that this release does not know.
    """
    file = _result_of(path)
    try:
        document = read_json(file, _MAX_RESULT, "result of a run")
    except FileNotFoundError:
        raise DocumentError(f"{path} holds no run: there is no {file}") from None
    except NotADirectoryError:
        raise DocumentError(f"{path} is neither a run directory nor a run.json") from None
    if not isinstance(document, dict) or "schema" not in document:
        raise DocumentError(f"{file} is not the result of a run of assay")
    if document["schema"] != SCHEMA_VERSION:
        version = repr(document["schema"])[:_MAX_SHOWN]
        raise DocumentError(f"{file} has schema version {version}; this release reads version {SCHEMA_VERSION}")
    trouble = fault_of(document, _validator()) or _no_moment(document["started"])
    if trouble:
        raise DocumentError(f"{file} is not the result of a run of assay: {trouble}")
    return document


def write_run(directory: Path, document: Mapping[str, Any]) -> Path:
    """Write a ``run.json`` and return its path.

    Args:
        directory: the run directory; it is made where it is missing.
        document: the result, valid by the schema.

    Raises:
        DocumentError: it cannot be written.
    """
    if directory.is_symlink():
        raise DocumentError(f"cannot write to {directory}: it is a symbolic link; a run directory holds its own files")
    try:
        directory.mkdir(exist_ok=True)
    except OSError as error:
        raise DocumentError(f"cannot create {directory}: {error.strerror}") from None
    return write_document(directory / RESULT, json.dumps(document, indent=2).encode("ascii") + b"\n")


def build(run_dir: Path, *, har_all: bool = False, history_of: Path | None = None) -> list[Path]:
    """Write every document that is derived from a run's ``run.json``.

    Args:
        run_dir: the run directory.
        har_all: whether the archive of exchanges holds every recorded call, not only those of findings.
        history_of: the run directory whose history tells the exchanges, None for the same.

    Returns:
        The files written.

    Raises:
        DocumentError: ``run.json`` cannot be read, or a document cannot be written.
    """
    document = load_run(run_dir)
    directory = _result_of(run_dir).parent
    made = [write_document(directory / name, make(document)) for name, make in _DERIVED.items()]
    people = pages(document, history_of or directory)
    made += [write_document(directory / name, content) for name, content in people.items()]
    return [*made, _write_exchanges(directory, document, history_of or directory, every=har_all)]


@cache
def run_schema() -> dict[str, Any]:
    """Return the JSON Schema of ``run.json``."""
    text = Path(__file__).with_name("run.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _result_of(path: Path) -> Path:
    return path if path.name == RESULT else path / RESULT


def _no_moment(text: str) -> str | None:
    """Return what is wrong with a time that has the form of one."""
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        return f"at started: {text!r}: {error}"
    return None


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(run_schema())


_DERIVED: Final[Mapping[str, Callable[[Mapping[str, Any]], bytes]]] = {"junit.xml": junit, "findings.sarif": sarif}
"""What is made from ``run.json`` alone, by file name."""


def _write_exchanges(directory: Path, document: Mapping[str, Any], history_of: Path, *, every: bool) -> Path:
    path = directory / EXCHANGES
    partial = beside(path)
    try:
        # Made anew, as in ``write_document``.
        partial.unlink(missing_ok=True)
        with partial.open("x", encoding="ascii", newline="\n") as stream:
            write_har(document, exchanges(document, history_of, every=every), stream)
        partial.replace(path)
    except OSError as error:
        raise DocumentError(f"cannot write {path}: {error.strerror}") from None
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
    return path
