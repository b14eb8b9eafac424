"""The processes of a run, as the one that leads it sees them."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf


@dataclass(slots=True)
class Worker:
    """A process that sends.

    Attributes:
        name: as reports name it.
        state: ``ready``, ``running``, ``finished`` or ``lost``.
        requests: that it told of.
        heard: monotonic time of its last share.
        why: what is known of its loss.
        reached: seconds since the run began that it has told of, by its own clock; infinite for this process itself.
    """

    name: str
    state: str = "ready"
    requests: int = 0
    heard: float = 0.0
    why: str = ""
    reached: float = inf
