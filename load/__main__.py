"""`python -m load`: the command `assay load` in an interpreter of its own, patched by gevent before all else."""

from __future__ import annotations

import gevent.monkey

gevent.monkey.patch_all()

import typer  # noqa: E402 - nothing may be imported before the patch

from contracts.frontdoor import run_app  # noqa: E402 - likewise
from load.command import EPILOG, load  # noqa: E402 - likewise
from reports.errors import DocumentError  # noqa: E402 - likewise

app = typer.Typer(
    name="assay load",
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("load", epilog=EPILOG)(load)

if __name__ == "__main__":
    run_app(app, DocumentError)
