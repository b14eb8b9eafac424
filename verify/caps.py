"""The caps on purchases and spend, shared by the parts: what the gate left is the load run's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Caps:
    """What may still be bought.

    Attributes:
        purchases: how many, None for no cap.
        spend: what they may cost, None for no cap.
    """

    purchases: int | None = None
    spend: Decimal | None = None

    @property
    def spent(self) -> bool:
        """Whether nothing more may be bought."""
        return self.purchases == 0 or (self.spend is not None and self.spend <= 0)

    def after(self, document: Mapping[str, Any] | None) -> Caps | None:
        """Return what a run left of the caps.

        Args:
            document: its ``run.json``, None where it left none.

        Returns:
            None where there is a cap and the run, or a worker of it, was cut short: what was spent is then not known,
            and nothing more may be bought.
        """
        if self.purchases is None and self.spend is None:
            return self
        if document is None or document["partial"] or _unfinished(document):
            return None
        left = None if self.purchases is None else max(0, self.purchases - int(document["purchases"]))
        money = None if self.spend is None else max(Decimal(0), self.spend - Decimal(document["spend"]))
        return Caps(left, money)


def _unfinished(document: Mapping[str, Any]) -> bool:
    """Tell whether a worker of a load run may have bought more than it told."""
    generator = (document.get("load") or {}).get("generator") or {}
    return any(worker["state"] != "finished" for worker in generator.get("workers", ()))
