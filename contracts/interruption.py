"""The wish to end a run: SIGINT, SIGTERM and SIGHUP, honoured where nothing is lost by it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from contracts.starting import ENDING

PARENT_VARIABLE: Final = "ASSAY_PARENT"
"""Environment variable by which a command is told the process that started it, and with which it ends."""

LOOK_EVERY_S: Final = 0.5
"""Seconds between two looks whether that process is still there."""

_UNRAISABLE: Final = frozenset({"__del__", "gc_callback"})
"""Functions that an exception cannot leave: Python prints it, drops it, and goes on."""


class Interruption:
    """Turns signals into ``KeyboardInterrupt``, at once or where it does no harm.

    A signal's handler runs between any two instructions. What it raises may strike between the sending of a
    request and its record, in the middle of a document, or in a finaliser, where Python drops it. Within
    ``shielded`` it is therefore put off until the next ``opened`` place, where the process does nothing but wait.

    Attributes:
        asked: whether a signal came since ``listen``.
    """

    def __init__(self) -> None:
        self.asked = False
        self._shields = 0
        self._open = False
        self._struck = False

    def listen(self) -> None:
        """Take the signals over from now on; those that somebody has switched off stay so.

        ``nohup`` switches SIGHUP off, and a shell SIGINT for what it runs in the background.
        """
        self.asked = self._struck = False
        _install(self.take)

    def deafen(self) -> None:
        """Switch the signals off: a verdict is told, and what comes now must not change the exit code."""
        _install(signal.SIG_IGN)

    def take(self, _number: int, frame: FrameType | None) -> None:
        """Take note of a signal.

        Raises:
            KeyboardInterrupt: here and now is a good place.
        """
        self.asked = True
        if self._shields and (not self._open or self._struck or _in_finaliser(frame)):
            return
        self._struck = True
        raise KeyboardInterrupt

    @contextmanager
    def shielded(self) -> Iterator[None]:
        """Put signals off while the context is open, but for the places within it that are opened.

        What was put off and never found such a place is left to whoever looks at ``asked``.
        """
        if threading.current_thread() is not threading.main_thread():
            # Signals are the main thread's alone.
            yield
            return
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Let a signal strike while the context is open; one that was put off strikes at its beginning.

        Only one ever strikes: those after it would hit what tidies up.

        Raises:
            KeyboardInterrupt: a signal came before.
        """
        self.check()
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before, self._open = self._open, True
        try:
            yield
        finally:
            self._open = before

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds, or until a signal.

        Raises:
            KeyboardInterrupt: one came, or had been put off.
        """
        with self.opened():
            time.sleep(seconds)

    def check(self) -> None:
        """Raise where a signal was put off.

        Raises:
            KeyboardInterrupt: one was.
        """
        if self._shields and self.asked and threading.current_thread() is threading.main_thread():
            self._struck = True
            raise KeyboardInterrupt


interruption: Final = Interruption()
"""That of this process: a signal is nobody's in particular."""


def end_with_parent() -> None:
    """End as by SIGTERM as soon as the process named by ``PARENT_VARIABLE`` is gone; do nothing without one.

    A parent that is killed cannot pass the signal on, and its children would go on buying. The variable is taken
    out of the environment: it means this process alone, not those that it starts.
    """
    parent = os.environ.pop(PARENT_VARIABLE, "")
    if not parent.isdigit():
        return
    gone = threading.Event()

    def watch() -> None:
        while os.getppid() == int(parent):
            gone.wait(LOOK_EVERY_S)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent watcher", daemon=True).start()


def _install(handler: signal._HANDLER) -> None:
    """Set a handler for every signal that asks to end and is not switched off."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _in_finaliser(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_name in _UNRAISABLE:
            return True
        frame = frame.f_back
    return False
