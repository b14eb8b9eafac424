"""A part as a process of its own: its signals, its crashes and what it patches stay there."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Final

from contracts.interruption import PARENT_VARIABLE

_SIGNALS: Final = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Relay:
    """Runs processes one after the other and passes on to them the signals that ask this one to end.

    A process has a session of its own, so that Ctrl-C reaches it once, through here, and not a second time from the
    terminal: a second signal means "at once".

    Attributes:
        asked: whether a signal came.
    """

    def __init__(self) -> None:
        self.asked = False
        self._child: subprocess.Popen[bytes] | None = None
        self._starting = False
        self._pending = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take the signals over while the context is open."""
        # What whoever started us has switched off stays so, as `nohup` does with SIGHUP.
        heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self._take) for number in heard}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def run(self, command: Sequence[str], environment: Mapping[str, str]) -> int:
        """Run a command to its end; what it shows of its progress on standard error is seen.

        Args:
            command: program and arguments.
            environment: of the process.

        Returns:
            Its exit code, negative where a signal ended it.
        """
        self._starting = True
        child = subprocess.Popen(  # noqa: S603 - this interpreter, and arguments that were checked
            list(command),
            env={**environment, PARENT_VARIABLE: str(os.getpid())},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._child, self._starting = child, False
        try:
            if self._pending:
                child.send_signal(signal.SIGINT)
            return child.wait()
        finally:
            self._child = None

    def _take(self, number: int, _frame: FrameType | None) -> None:
        self.asked = True
        if self._child is not None:
            self._child.send_signal(number)
        elif self._starting:
            self._pending = True
        else:
            raise KeyboardInterrupt
