"""Seconds, phases and replies built by hand."""

from collections.abc import Iterator

from contracts.history import ApiOperation
from load.call import Call, Reply
from load.measure.answers import Count
from load.measure.ledger import Closed, Ledger
from load.measure.second import Second
from load.plan.phase import Phase

WARM, MAIN = 0, 1

PHASES = [Phase("warm-up", 0, 3, False, 10), Phase("steady", 3, 13, True, 10)]

CREATE = Call(ApiOperation.CREATE, "POST", "/v1/purchases")
RETRIEVE = Call(ApiOperation.RETRIEVE, "GET", "/v1/purchases/1")


def reply(
    due: float,
    ended: float,
    *,
    sent: float | None = None,
    status: int = 200,
    error: str | None = None,
    headers: tuple[tuple[str, str], ...] = (),
) -> Reply:
    begun = due if sent is None else sent
    return Reply(status=status, headers=headers, body=b"", error=error, detail=b"", due=due, sent=begun, ended=ended)


def second(
    t: int, *times_ms: float, phase: int = MAIN, operation: str = "create_purchase", failures: int = 0
) -> Second:
    """A second in which requests took these times; the first of them failed."""
    built = Second(t)
    for number, ms in enumerate(times_ms):
        failed = number < failures
        built.of(phase, operation).record(
            500 if failed else 200, Count.FAILURE if failed else Count.OK, ms / 1000, ms / 2000
        )
        built.pace_of(phase).lag.record(ms / 2000)
    return built


def asked(start: float, end: float) -> float:
    """What a schedule of ten a second up to second 13 asks for."""
    return 10 * max(min(end, 13) - max(start, 0), 0)


def closed(ledger: Ledger, before: int) -> Iterator[Closed]:
    """Close seconds, without the pauses between the steps."""
    return (step for step in ledger.closing(before) if step is not None)
