"""The errors that end a command with one clear line."""

from __future__ import annotations


class UsageError(Exception):
    """Bad usage or configuration: one line that shows the offending value and the way out, exit code 2."""
