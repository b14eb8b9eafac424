"""The error that ends a report with one clear line."""

from __future__ import annotations


class DocumentError(Exception):
    """A run's documents cannot be read or written: one line, exit code 2."""
