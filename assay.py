"""The front door: the command line of assay, assembled from the rooms' commands."""

from contracts.starting import Starting

with Starting():
    from functools import partial
    from typing import Annotated

    import typer

    from contracts.drift import command as drift_command
    from contracts.explain import explain
    from contracts.frontdoor import flowing, run_app
    from contracts.gate import command as gate_command
    from contracts.gate.replay import command as replay_command
    from contracts.prove import command as prove_command
    from contracts.record.recheck import recheck_run
    from contracts.starter import command as starter_command
    from fixtures.sandbox import command as sandbox_command
    from load import command as load_command
    from load.judge.again import JudgedAgain
    from load.version import own_version
    from reports import command as report_command
    from reports.compare import command as compare_command
    from reports.errors import DocumentError
    from reports.trend import command as trend_command
    from verify import command as verify_command

app = typer.Typer(
    name="assay",
    help="Tell whether a Purchases API keeps its promises: one response at a time, across a purchase's history, "
    "when requests truly overlap, and at speed.",
    epilog="Start with: assay gate        (tests the embedded sandbox; add --url for your own API)",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for name, command, epilog in (
    ("gate", gate_command.gate, gate_command.GATE_EPILOG),
    ("load", load_command.load, load_command.EPILOG),
    ("verify", verify_command.verify, verify_command.EPILOG),
    ("replay", replay_command.replay, replay_command.EPILOG),
    ("doctor", gate_command.doctor, gate_command.DOCTOR_EPILOG),
    ("init", starter_command.init, starter_command.EPILOG),
    ("prove", prove_command.prove, prove_command.EPILOG),
    ("sandbox", sandbox_command.sandbox, sandbox_command.EPILOG),
    ("explain", explain, None),
    ("drift", drift_command.drift, drift_command.EPILOG),
    (
        "report",
        report_command.make_report(partial(recheck_run, judges={"load": JudgedAgain})),
        report_command.EPILOG,
    ),
    ("compare", compare_command.compare, compare_command.EPILOG),
    ("trend", trend_command.trend, trend_command.EPILOG),
):
    app.command(name, help=flowing(command.__doc__), epilog=epilog)(command)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"assay {own_version()}")
        raise typer.Exit


@app.callback()
def front(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that belong to no command."""


def main() -> None:
    """Run the command line; bad usage is one line and exit code 2, whatever its depth."""
    run_app(app, DocumentError)


if __name__ == "__main__":
    main()
