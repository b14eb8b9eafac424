"""The front door: the command line of assay, assembled from the rooms' commands."""

from contracts.starting import Starting

with Starting():
    from functools import partial

    import typer

    from contracts.drift import command as drift_command
    from contracts.explain import explain
    from contracts.frontdoor import run_app
    from contracts.gate import command as gate_command
    from contracts.gate.replay import command as replay_command
    from contracts.prove import command as prove_command
    from contracts.record.recheck import recheck_run
    from contracts.starter import command as starter_command
    from fixtures.sandbox import command as sandbox_command
    from load import command as load_command
    from load.judge.again import JudgedAgain
    from reports import command as report_command
    from reports.compare import command as compare_command
    from reports.errors import DocumentError
    from reports.trend import command as trend_command
    from verify import command as verify_command

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
app.command("load", epilog=load_command.EPILOG)(load_command.load)
app.command("verify", epilog=verify_command.EPILOG)(verify_command.verify)
app.command("replay", epilog=replay_command.EPILOG)(replay_command.replay)
app.command("doctor", epilog=gate_command.DOCTOR_EPILOG)(gate_command.doctor)
app.command("init", epilog=starter_command.EPILOG)(starter_command.init)
app.command("prove", epilog=prove_command.EPILOG)(prove_command.prove)
app.command("sandbox", epilog=sandbox_command.EPILOG)(sandbox_command.sandbox)
app.command("explain")(explain)
app.command("drift", epilog=drift_command.EPILOG)(drift_command.drift)
rechecked = partial(recheck_run, judges={"load": JudgedAgain})
app.command("report", epilog=report_command.EPILOG)(report_command.make_report(rechecked))
app.command("compare", epilog=compare_command.EPILOG)(compare_command.compare)
app.command("trend", epilog=trend_command.EPILOG)(trend_command.trend)


def main() -> None:
    """Run the command line; bad usage is one line and exit code 2, whatever its depth."""
    run_app(app, DocumentError)


if __name__ == "__main__":
    main()
