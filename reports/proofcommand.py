"""``assay report`` on a proof: shown in a few lines, and its documents written again."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from reports.pages import proof_pages
from reports.plaintext import counted, plain
from reports.proof import load_proof, proof_sentence, state_of, wrong_first
from reports.writing import write_document

_MAX_WRONG: Final = 20


def report_proof(path: Path, *, quiet: bool, as_json: bool) -> None:
    """Show a proof and write its documents anew.

    Args:
        path: the directory of a proof, or its ``proof.json``.
        quiet: whether one line is enough.
        as_json: whether to show ``proof.json`` itself.

    Raises:
        DocumentError: it cannot be read, or a document cannot be written.
    """
    document = load_proof(path)
    directory = path.parent if path.is_file() else path
    ascii_only = not (sys.stdout.encoding or "ascii").lower().startswith("utf")
    if as_json:
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        lines = [f"{document['verdict']}: {proof_sentence(document)}"]
        if not quiet:
            lines += [*_wrong(document), f"Written to {directory}"]
        sys.stdout.writelines(f"{plain(line, 400, ascii_only=ascii_only)}\n" for line in lines)
    for name, content in proof_pages(document).items():
        write_document(directory / name, content)


def _wrong(document: Mapping[str, Any]) -> list[str]:
    wrong = [case for case in wrong_first(document["cases"]) if state_of(case) in {"missed", "alarm"}]
    lines = [f"  {state_of(case)} {case['name']}: {case['statement']}" for case in wrong[:_MAX_WRONG]]
    if len(wrong) > _MAX_WRONG:
        lines.append(f"  {counted(len(wrong) - _MAX_WRONG, 'more case')} in report.html")
    if document["summary"]["not_shown"]:
        lines.append(f"  {counted(document['summary']['not_shown'], 'case')} not shown")
    return lines
