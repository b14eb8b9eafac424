"""`python -m load`: the command `assay load` in an interpreter of its own, patched by gevent before all else."""

from contracts.starting import Starting

with Starting():
    import gevent.monkey

    # Nothing else may be imported before the patch.
    gevent.monkey.patch_all()

    from gevent.hub import Hub

    # What a signal raises while the event loop waits goes to the main greenlet; the loop need not print it as well.
    Hub.NOT_ERROR = (*Hub.NOT_ERROR, KeyboardInterrupt)

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
