"""The same seed against the same sandbox seed sends the same requests."""

from __future__ import annotations

from contracts.gate.plan import PLANS
from contracts.gate.run import Gate, GateOptions
from contracts.history import OTHER, Operation
from contracts.target import Keys, Target
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings


def _buys_for_the_other(operation: Operation) -> bool:
    return operation.input.method == "POST" and operation.principal == OTHER


def requests_of(seed: int) -> list[tuple[str, str, tuple[tuple[str, str], ...], bytes, str]]:
    """Return the requests of a gate, those of one volley in the order in which they were fired.

    Up to the race of two owners for the last item of stock: what is looked at after it depends on who won.
    """
    sent: list[Operation] = []
    with SandboxThread(Settings(seed=7, failure_rate=0.1, pending_rate=0.1)) as sandbox:
        keys = Keys(sandbox.owner_key, sandbox.other_key, sandbox.admin_key)
        target = Target(sandbox.url, sandbox.url, loopback=True, keys=keys, embedded=True)
        gate = Gate(target, GateOptions(plan=PLANS["quick"], seed=seed, seconds=600.0), sent.append)
        gate.session.pace.took = lambda _: None  # type: ignore[method-assign]  # a slow machine changes nothing here
        gate.run()
    assert gate.troubles == []
    sent.sort(key=lambda operation: (operation.invoked, operation.lane))
    race = next(n for n, o in enumerate(sent) if o.lane.startswith("volley") and _buys_for_the_other(o))
    assert race > len(sent) * 0.8
    sent = sent[:race]
    return [(o.input.method, o.input.path, o.input.query, o.input.body, o.principal) for o in sent]


def test_the_same_seed_is_the_same_run_and_another_one_another() -> None:
    first = requests_of(3)
    assert len(first) > 500
    assert requests_of(3) == first
    assert requests_of(4) != first
