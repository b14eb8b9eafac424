"""The four words for what happened between then and now, and the exit code of each."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class Change(StrEnum):
    """What became of something that was measured or judged twice."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "same"
    CANNOT_TELL = "cannot tell"


EXIT_CODES: Final = {Change.BETTER: 0, Change.SAME: 0, Change.WORSE: 1, Change.CANNOT_TELL: 3}
"""Exit code of a comparison; worse is a verdict as "broken" is one, cannot tell as "inconclusive" is."""


def overall(changes: Iterable[Change]) -> Change:
    """Return one word for many: worse outranks cannot tell, which outranks better and same.

    Of nothing at all nobody can tell anything.
    """
    found = set(changes)
    for change in (Change.WORSE, Change.CANNOT_TELL, Change.BETTER, Change.SAME):
        if change in found:
            return change
    return Change.CANNOT_TELL
