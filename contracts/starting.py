"""The first moments of a process: what ends it then ends it at once and without a word, for only modules are read yet.

Nothing is imported here but what the interpreter has read by itself: until this is, a signal is Python's own.
"""

import os
import signal
import sys
from types import TracebackType

INTERRUPTED = 130
"""Exit code of a process that was asked to end."""

CRASHED = 3
"""Exit code of a process that could tell nothing: inconclusive."""

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""The signals that ask a process to end, those of them that the system has."""


class Starting:
    """Ends the process with ``INTERRUPTED`` at a signal while the context is open; those switched off stay so.

    Where a module cannot be read at all, an installation is broken: Python's own exit code would be that of a
    broken contract.
    """

    def __enter__(self) -> None:
        """Take the signals over, and take those that were held back until now."""
        self._hook = sys.excepthook
        sys.excepthook = _cannot_start
        heard = [number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN]
        self._before = {number: signal.signal(number, _end) for number in heard}
        _mask("SIG_UNBLOCK")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the signals back; a module that could not be read ends the process with ``CRASHED`` and a line."""
        if error is None:
            sys.excepthook = self._hook
        for number, handler in self._before.items():
            signal.signal(number, handler)


def hold_back() -> None:
    """Hold signals back until the program that takes this one's place enters ``Starting``.

    What is blocked stays so when a process executes another program (POSIX, ``exec``), and handlers do not: at a
    signal in between, the new interpreter would show a traceback of its own.
    """
    _mask("SIG_BLOCK")


def _mask(how: str) -> None:
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(getattr(signal, how), ENDING)


def _cannot_start(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    sys.stderr.write(f"assay: cannot start: {kind.__name__}: {' '.join(str(error).split())}; install assay again\n")
    sys.stderr.flush()
    os._exit(CRASHED)


def _end(_number: int, _frame: object) -> None:
    os._exit(INTERRUPTED)
