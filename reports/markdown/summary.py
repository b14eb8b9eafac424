"""The job summary of a CI server: ``report.md`` appended to the file that it names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from reports.markdown.run import run_markdown

VARIABLE: Final = "GITHUB_STEP_SUMMARY"
"""Environment variable that names the file; GitHub and Forgejo Actions set it."""


def append_summary(document: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> str | None:
    """Append a run to the job summary, where there is one.

    A summary that cannot be written changes no verdict: the trouble is told instead of raised.

    Args:
        document: a valid ``run.json``.
        environment: where the variable is looked up, None for the process's own.

    Returns:
        What went wrong in one line, None when nothing did or no summary is wanted.
    """
    name = (os.environ if environment is None else environment).get(VARIABLE)
    if not name:
        return None
    try:
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(f"{run_markdown(document)}\n")
    except (OSError, ValueError) as error:
        return f"{VARIABLE}: cannot write {name}: {getattr(error, 'strerror', None) or error}"
    return None
