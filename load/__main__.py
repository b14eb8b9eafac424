"""`python -m load`: the command `assay load` in an interpreter of its own, patched by gevent before all else."""

from __future__ import annotations

from contracts.interruption import starting

with starting():
    import gevent.monkey

    # Nothing else may be imported before the patch.
    gevent.monkey.patch_all()

    import typer

    from contracts.frontdoor import run_app
    from load.command import EPILOG, load
    from reports.errors import DocumentError

app = typer.Typer(
    name="assay load",
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("load", epilog=EPILOG)(load)

if __name__ == "__main__":
    run_app(app, DocumentError)
