"""The whole history of a load run, for who asks for it: every answer written down after it was judged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from contracts.record.historyfile import HistoryWriter
from contracts.record.masking import Masker
from load.call import Call, Reply, Seen
from load.judge.judge import Judge
from load.judge.operations import operation_of


class HistoryKeep:
    """Judges answers, and writes each down with its secrets masked (``load.drive.engine.Judging``).

    Writing costs the generator about ten times what judging does, so that it is for runs that are looked into and
    not for those that measure how much a target carries; the run says so itself, for the generator is watched.

    Args:
        judge: judges every answer.
        path: the file; it must not exist.
        secrets: API keys by their labels, which no line may show.

    Raises:
        UsageError: the file exists or cannot be made.
    """

    def __init__(self, judge: Judge, path: Path, secrets: Mapping[str, str]) -> None:
        self._judge = judge
        self._writer = HistoryWriter(path, Masker(secrets))

    def see(self, call: Call, reply: Reply) -> Seen:
        """Judge one answer and write it down under the position that findings know it by."""
        seen = self._judge.see(call, reply)
        self._writer.write(operation_of(call, reply, self._judge.answers))
        return seen

    def close(self) -> str | None:
        """Close the file; tells what is missing in it, None where nothing is."""
        self._writer.close()
        return self._writer.trouble
