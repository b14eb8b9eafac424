"""The front door: the command line of assay, assembled from the rooms' commands."""

from __future__ import annotations

import io
import sys

import typer

from contracts.errors import UsageError
from contracts.explain import explain
from contracts.gate import command as gate_command
from contracts.gate.replay import command as replay_command
from contracts.prove import command as prove_command
from fixtures.sandbox import command as sandbox_command
from reports import command as report_command
from reports.errors import DocumentError

_CliError: type[Exception] = next(
    kind for kind in typer.BadParameter.__mro__ if issubclass(kind, Exception) and kind.__name__ == "ClickException"
)
"""What typer raises for bad usage; newer versions carry a copy of click of their own."""

USAGE = 2
INTERRUPTED = 130

app = typer.Typer(
    name="assay",
    help="Tell whether a Purchases API keeps its promises: one response at a time, across a purchase's history, "
    "when requests truly overlap.",
    epilog="Start with: assay gate        (tests the embedded sandbox; add --url for your own API)",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("gate", epilog=gate_command.GATE_EPILOG)(gate_command.gate)
app.command("replay", epilog=replay_command.EPILOG)(replay_command.replay)
app.command("doctor", epilog=gate_command.DOCTOR_EPILOG)(gate_command.doctor)
app.command("prove", epilog=prove_command.EPILOG)(prove_command.prove)
app.command("sandbox", epilog=sandbox_command.EPILOG)(sandbox_command.sandbox)
app.command("explain")(explain)
app.command("report", epilog=report_command.EPILOG)(report_command.report)


def main() -> None:
    """Run the command line; bad usage is one line and exit code 2, whatever its depth."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that knows ASCII alone gets escapes instead of a traceback.
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(standalone_mode=False)
    except _CliError as error:
        context = getattr(error, "ctx", None)
        where = context.command_path if context is not None else "assay"
        _complain(f"{getattr(error, 'format_message', error.__str__)()} (see {where} --help)")
        code = USAGE
    except (UsageError, DocumentError) as error:
        _complain(str(error))
        code = USAGE
    except (typer.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    sys.exit(code if isinstance(code, int) else 0)


def _complain(text: str) -> None:
    sys.stderr.write(f"assay: {' '.join(text.split())}\n")


if __name__ == "__main__":
    main()
