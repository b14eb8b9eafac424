"""What one operation must not say after another: the registry of invariants, in the order they judge."""

from contracts.invariants.balance import Balance
from contracts.invariants.credentials import StableCredentials
from contracts.invariants.effects import Effects
from contracts.invariants.identity import Identity
from contracts.invariants.items import Items
from contracts.invariants.lifecycle import Lifecycle
from contracts.invariants.ordering import Ordering
from contracts.invariants.ownership import Ownership
from contracts.invariants.pages import Pages
from contracts.invariants.pricing import Pricing
from contracts.invariants.refunding import Refunding
from contracts.invariants.requesting import Requesting
from contracts.invariants.trespass import Trespass
from contracts.invariants.uniqueness import Uniqueness
from contracts.invariants.visibility import Visibility
from contracts.invariants.walks import Walks
from contracts.monitor import Monitor

INVARIANTS: tuple[type[Monitor], ...] = (
    Lifecycle,
    StableCredentials,
    Identity,
    Items,
    Uniqueness,
    Visibility,
    Requesting,
    Refunding,
    Ownership,
    Trespass,
    Pages,
    Effects,
    Walks,
    Pricing,
    Balance,
    Ordering,
)
"""Every invariant; to add one, add it here. Uniqueness notes which creates raced, and Effects whose account another
program uses as well, before others ask for it."""
