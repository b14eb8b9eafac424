"""Running a command line: bad usage is one line and exit code 2, an interruption 130, and neither a traceback."""

from __future__ import annotations

import inspect
import sys
import traceback
from pathlib import Path
from typing import Final, NoReturn

import typer

from contracts.errors import UsageError
from contracts.interruption import end_with_parent, interruption
from contracts.starting import CRASHED, INTERRUPTED
from contracts.streams import Streams

_CliError: type[Exception] = next(
    kind for kind in typer.BadParameter.__mro__ if issubclass(kind, Exception) and kind.__name__ == "ClickException"
)
"""What typer raises for bad usage; newer versions carry a copy of click of their own."""

USAGE: Final = 2
MOST_SAID: Final = 4000
"""Characters of the line that tells what is wrong."""


def flowing(docstring: str | None) -> str:
    """Return a command's docstring as its help: each paragraph in one line, for a terminal to break at its own width.

    Args:
        docstring: of the function, None without one.
    """
    paragraphs = inspect.cleandoc(docstring or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def run_app(app: typer.Typer, *errors: type[Exception]) -> NoReturn:
    """Run a command line and end the process with its exit code.

    Args:
        app: the command line.
        errors: further exceptions that are bad usage.
    """
    streams = Streams()
    end_with_parent()
    interruption.listen()
    code = _run(app, (UsageError, *errors))
    interruption.deafen()
    trouble = streams.finish()
    if trouble is not None:
        _complain(f"standard output is incomplete: {trouble}")
        streams.finish()
    sys.exit(code if code or trouble is None else USAGE)


def _run(app: typer.Typer, usage: tuple[type[Exception], ...]) -> int:
    try:
        Path.cwd()
    except OSError:
        _complain("the current directory is no longer there; change to one that is")
        return USAGE
    try:
        code = app(standalone_mode=False)
    except _CliError as error:
        context = getattr(error, "ctx", None)
        where = context.command_path if context is not None else "assay"
        # Without a message: no command was given, and the help is shown already.
        if message := getattr(error, "format_message", error.__str__)().strip():
            _complain(f"{message} (see {where} --help)")
        return USAGE
    except usage as error:
        _complain(str(error))
        return USAGE
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the code of a crash must not be that of a broken contract
        # Not what it says, which may quote a key or an answer.
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}, line {last.lineno}"
        _complain(f"crashed: {type(error).__name__} ({where}); a fault of assay's, which tells nothing of a target")
        return CRASHED
    return code if isinstance(code, int) else 0


def _complain(text: str) -> None:
    """Tell what is wrong in one line, which may quote a stranger's file: with nothing that a terminal obeys."""
    line = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in " ".join(text.split()))
    more = "…" if len(line) > MOST_SAID else ""
    sys.stderr.write(f"assay: {line[:MOST_SAID]}{more}\n")
