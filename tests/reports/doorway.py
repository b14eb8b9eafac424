"""Commands as a user meets them: through the front door, which tells bad input in one line."""

from __future__ import annotations

import contextlib
import io
import sys
from types import SimpleNamespace
from unittest import mock

import typer

from contracts import frontdoor
from contracts.errors import UsageError
from reports.errors import DocumentError


def invoke(app: typer.Typer, *arguments: object) -> SimpleNamespace:
    """Run a command in this process; return its ``exit_code``, ``stdout`` and ``stderr``."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["assay", *map(str, arguments)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = frontdoor._run(app, (UsageError, DocumentError))
    return SimpleNamespace(exit_code=code, stdout=out.getvalue(), stderr=err.getvalue())
