"""The run directory: where a run's documents are written, each of them whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from contracts.errors import UsageError
from contracts.record.historyfile import HistoryWriter
from contracts.record.masking import Masker
from contracts.record.result import RunFacts, build_started

HISTORY: Final = "history.jsonl"
RESULT: Final = "run.json"

_RUNS: Final = Path("reports", "runs")
_MOST_IN_A_SECOND: Final = 1000


class RunDirectory:
    """A directory that holds one run.

    Attributes:
        path: where it is, as the user named it or below the current directory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, command: str, out: Path | None, now: datetime) -> RunDirectory:
        """Make the directory of a new run.

        Args:
            command: the command that runs; part of the default name.
            out: the directory that the user wants, None for ``reports/runs/<UTC time>-<command>``.
            now: the time the run starts.

        Raises:
            UsageError: the directory already holds a run, or cannot be made or written.
        """
        if out is None:
            path = _fresh(f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{command}")
        else:
            path = out
            _make(path)
            if any((path / name).exists() for name in (RESULT, HISTORY)):
                raise UsageError(f"{path} already holds a run; choose another --out or remove it")
        if not os.access(path, os.W_OK | os.X_OK):
            raise UsageError(f"cannot write to {path}: permission denied")
        return cls(path)

    def history(self, masker: Masker) -> HistoryWriter:
        """Open the run's history for writing.

        Raises:
            UsageError: the directory already has one, or it cannot be made.
        """
        return HistoryWriter(self.path / HISTORY, masker)

    def write_started(self, facts: RunFacts) -> None:
        """Write a result that says the run was cut short; it stands until the real one replaces it.

        Raises:
            UsageError: as ``claim`` does.
        """
        self.claim(build_started(facts))

    def claim(self, document: Mapping[str, Any]) -> None:
        """Write the first result of a run: of several that were given the directory at once, one run gets it.

        Raises:
            UsageError: another run got it, or the directory cannot be written.
        """
        path = self.path / RESULT
        with self._beside(path, document) as partial:
            try:
                # Unlike a rename, a link never takes the place of what is there.
                path.hardlink_to(partial)
            except FileExistsError:
                raise UsageError(f"{self.path} already holds a run; choose another --out or remove it") from None
            except OSError:
                # A file system without links.
                partial.replace(path)

    def write_result(self, document: Mapping[str, Any]) -> None:
        """Write the run's result.

        Raises:
            UsageError: the directory cannot be written.
        """
        self.write_json(RESULT, document)

    def write_json(self, name: str, document: Mapping[str, Any]) -> None:
        """Write a document so that a reader finds the old one or the new one, never a part.

        Raises:
            UsageError: the directory cannot be written.
        """
        with self._beside(self.path / name, document) as partial:
            partial.replace(self.path / name)

    @contextlib.contextmanager
    def _beside(self, path: Path, document: Mapping[str, Any]) -> Iterator[Path]:
        """Write a document under a name of this process's own, and yield it; the name is gone afterwards."""
        text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)
        # A lone surrogate, which JSON can carry and UTF-8 cannot, is written as an escape.
        content = text.encode("utf-8", "backslashreplace") + b"\n"
        partial = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            with partial.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            yield partial
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror}") from None
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)


def _fresh(name: str) -> Path:
    """Make a directory of that name, or with a number after it when runs start within one second."""
    _make(_RUNS)
    for number in range(1, _MOST_IN_A_SECOND):
        path = _RUNS / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise UsageError(f"cannot create {path}: {error.strerror}") from None
        return path
    raise UsageError(f"cannot create {_RUNS / name}: too many runs of this second are there already")


def _make(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UsageError(f"{path} is a file, not a directory") from None
    except OSError as error:
        raise UsageError(f"cannot create {path}: {error.strerror}") from None
