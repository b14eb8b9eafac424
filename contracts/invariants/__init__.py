"""What one operation must not say after another: the registry of invariants, in the order they judge."""

from contracts.monitor import Monitor

INVARIANTS: tuple[type[Monitor], ...] = ()
"""Every invariant. Adding one is adding it here (style, rule 1)."""
