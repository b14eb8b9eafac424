"""A run directory's documents: reading ``run.json``, and writing what is derived from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import jsonschema_rs

from reports.errors import DocumentError
from reports.har import exchanges, write_har
from reports.junit import junit
from reports.pages import pages
from reports.sarif import sarif
from reports.writing import write_document

RESULT: Final = "run.json"
EXCHANGES: Final = "exchanges.har"
SCHEMA_VERSION: Final = 1

_MAX_RESULT: Final = 256 * 1024 * 1024
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
        with file.open("rb") as stream:
            content = stream.read(_MAX_RESULT + 1)
    except FileNotFoundError:
        raise DocumentError(f"{path} holds no run: there is no {file}") from None
    except OSError as error:
        raise DocumentError(f"cannot read {file}: {error.strerror}") from None
    if len(content) > _MAX_RESULT:
        raise DocumentError(f"{file} is larger than {_MAX_RESULT} bytes; that is no result of a run")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{file} is not JSON: {str(error)[:_MAX_SHOWN]}") from None
    if not isinstance(document, dict) or "schema" not in document:
        raise DocumentError(f"{file} is not the result of a run of assay")
    if document["schema"] != SCHEMA_VERSION:
        version = repr(document["schema"])[:_MAX_SHOWN]
        raise DocumentError(f"{file} has schema version {version}; this release reads version {SCHEMA_VERSION}")
    trouble = _trouble(document)
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
    text = resources.files("reports").joinpath("run.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _result_of(path: Path) -> Path:
    return path if path.name == RESULT else path / RESULT


def _trouble(document: dict[str, Any]) -> str | None:
    """Return in which way a document is no ``run.json``, None when it is one."""
    try:
        for error in jsonschema_rs.Draft202012Validator(run_schema()).iter_errors(document):
            where = "/".join(str(step) for step in error.instance_path)
            return f"at {where or 'its root'}: {' '.join(error.message.split())[-_MAX_SHOWN:]}"
    except ValueError as error:
        # A lone surrogate, or nesting beyond what the validator takes.
        return str(error)[:_MAX_SHOWN]
    return None


_DERIVED: Final[Mapping[str, Callable[[Mapping[str, Any]], bytes]]] = {"junit.xml": junit, "findings.sarif": sarif}
"""What is made from ``run.json`` alone, by file name."""


def _write_exchanges(directory: Path, document: Mapping[str, Any], history_of: Path, *, every: bool) -> Path:
    path = directory / EXCHANGES
    partial = path.with_name(f".{path.name}.tmp")
    try:
        with partial.open("w", encoding="ascii", newline="\n") as stream:
            write_har(document, exchanges(document, history_of, every=every), stream)
        partial.replace(path)
    except OSError as error:
        raise DocumentError(f"cannot write {path}: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)
    return path
