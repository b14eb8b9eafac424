"""Running a command line: bad usage is one line and exit code 2, whatever its depth."""

from __future__ import annotations

import io
import sys
from typing import Final, NoReturn

import typer

from contracts.errors import UsageError

_CliError: type[Exception] = next(
    kind for kind in typer.BadParameter.__mro__ if issubclass(kind, Exception) and kind.__name__ == "ClickException"
)
"""What typer raises for bad usage; newer versions carry a copy of click of their own."""

USAGE: Final = 2
INTERRUPTED: Final = 130


def run_app(app: typer.Typer, *errors: type[Exception]) -> NoReturn:
    """Run a command line and end the process with its exit code.

    Args:
        app: the command line.
        errors: further exceptions that are bad usage.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that knows ASCII alone gets escapes instead of a traceback.
            stream.reconfigure(errors="backslashreplace")
    usage: tuple[type[Exception], ...] = (UsageError, *errors)
    try:
        code = app(standalone_mode=False)
    except _CliError as error:
        context = getattr(error, "ctx", None)
        where = context.command_path if context is not None else "assay"
        _complain(f"{getattr(error, 'format_message', error.__str__)()} (see {where} --help)")
        code = USAGE
    except usage as error:
        _complain(str(error))
        code = USAGE
    except (typer.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    sys.exit(code if isinstance(code, int) else 0)


def _complain(text: str) -> None:
    sys.stderr.write(f"assay: {' '.join(text.split())}\n")
