"""What a comparison says: changes, each under one rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from contracts.drift.rules import RULES, Rule, Severity


@dataclass(frozen=True, slots=True)
class Note:
    """One difference at one place.

    Attributes:
        rule: id of the rule.
        steps: path from ``anchor`` to the value, as a reader writes it (``verification``, ``[]``).
        before: how it was, empty where it was not.
        after: how it is, likewise.
        anchor: name of the component that the path starts from, None while it is not known.
    """

    rule: str
    steps: tuple[str, ...] = ()
    before: str = ""
    after: str = ""
    anchor: str | None = None

    def below(self, step: str) -> Note:
        """Return the note as seen from one level up."""
        return self if self.anchor is not None else Note(self.rule, (step, *self.steps), self.before, self.after)

    def under(self, name: str | None) -> Note:
        """Return the note as one on a component, where it is not on one already."""
        if self.anchor is not None or name is None:
            return self
        return Note(self.rule, self.steps, self.before, self.after, name)

    @property
    def subject(self) -> str:
        """The path as one text: ``Purchase.display_name.ru``, ``items[].id``."""
        steps = self.steps if self.anchor is None else (self.anchor, *self.steps)
        return "".join(
            step if not place or step.startswith(("[", "(")) else f".{step}" for place, step in enumerate(steps)
        )


@dataclass(frozen=True, slots=True)
class Change:
    """One difference with every place where it shows.

    Attributes:
        rule: the rule.
        subject: what changed.
        before: how it was, empty where it was not.
        after: how it is, likewise.
        places: where it shows: ``POST /v1/purchases 200``.
        count: how often it was seen, None for a comparison of documents.
        examples: values in which it was seen.
    """

    rule: Rule
    subject: str
    before: str
    after: str
    places: tuple[str, ...]
    count: int | None = None
    examples: tuple[str, ...] = ()


@dataclass(slots=True)
class Ledger:
    """Collects notes; those that say the same of one component become one change with several places."""

    _found: dict[tuple[str, str, str, str], list[str]] = field(default_factory=dict)

    def add(self, place: str, notes: Iterable[Note]) -> None:
        """Add notes from one place.

        Args:
            place: an operation, and where in it.
            notes: the differences there.
        """
        for note in notes:
            # Without a component's name the place itself is what changed, and no other has the same.
            subject = note.subject if note.anchor is not None else " ".join(filter(None, (place, note.subject)))
            places = self._found.setdefault((note.rule, subject, note.before, note.after), [])
            if place not in places:
                places.append(place)

    def changes(self) -> list[Change]:
        """Return the changes in the order of `ordered`."""
        found = [
            Change(RULES[rule], subject, before, after, tuple(places))
            for (rule, subject, before, after), places in self._found.items()
        ]
        return ordered(found)


def ordered(changes: Sequence[Change]) -> list[Change]:
    """Return changes with the worst first, then in the order of the rules and of their being found."""
    severities = {severity: rank for rank, severity in enumerate(Severity)}
    rules = {name: rank for rank, name in enumerate(RULES)}
    return sorted(changes, key=lambda change: (severities[change.rule.severity], rules[change.rule.id]))


def is_breaking(changes: Iterable[Change]) -> bool:
    """Tell whether any of the changes breaks a consumer of the old contract."""
    return any(change.rule.severity is Severity.BREAKING for change in changes)
