"""What one answer must look like and say: the registry of checks, in the order they judge."""

from contracts.checks.disclosure import DisclosureCheck
from contracts.checks.emptybody import EmptyBodyCheck
from contracts.checks.leak import LeakCheck
from contracts.checks.listserved import ListServedCheck
from contracts.checks.pagination import PaginationCheck
from contracts.checks.pressure import PressureCheck
from contracts.checks.refusal import RefusalCheck
from contracts.checks.shape import ShapeCheck
from contracts.checks.slash import SlashCheck
from contracts.checks.value import ValueCheck
from contracts.monitor import Monitor

CHECKS: tuple[type[Monitor], ...] = (
    ShapeCheck,
    ValueCheck,
    RefusalCheck,
    DisclosureCheck,
    LeakCheck,
    PressureCheck,
    SlashCheck,
    EmptyBodyCheck,
    PaginationCheck,
    ListServedCheck,
)
"""Every check. Adding one is adding it here (style, rule 1)."""
