"""The documents that people read, ``report.html`` and ``report.md``, with what a run's history adds to them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from reports.html.proof import proof_page
from reports.html.run import run_page
from reports.lanes import lanes_of
from reports.markdown.proof import proof_markdown
from reports.markdown.run import run_markdown
from reports.partial import kept

HTML: Final = "report.html"
MARKDOWN: Final = "report.md"


def pages(document: Mapping[str, Any], history_of: Path) -> dict[str, bytes]:
    """Return the pages of a run by file name.

    Args:
        document: a valid ``run.json``.
        history_of: the run directory whose history tells of its calls; one without a history will do.
    """
    calls = {call["index"] for finding in document["findings"] for call in finding["evidence"]}
    lanes = lanes_of(history_of, calls) if calls else {}
    held = kept(history_of) if document["partial"] else None
    return {
        HTML: run_page(document, lanes=lanes, recorded=held),
        MARKDOWN: run_markdown(document, held).encode("utf-8"),
    }


def proof_pages(document: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the pages of a proof by file name.

    Args:
        document: a valid ``proof.json``.
    """
    return {HTML: proof_page(document), MARKDOWN: proof_markdown(document).encode("utf-8")}
