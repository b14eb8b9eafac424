"""What a load run measured, for the terminal report: how much, how fast, and the objectives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from reports.plaintext import plain

_PERCENTILES: Final = ("p50", "p90", "p99", "max")
_FEW: Final = ("p50", "p99")
_NARROW: Final = 72
_MAX_ROWS: Final = 40
_LARGEST: Final = 1e18
"""Beyond it nothing was measured."""


def summary_lines(load: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return label and text of the lines above the tables.

    Only what its JSON Schema requires of ``load`` is relied on; what is not there is a dash.

    Args:
        load: the part ``load`` of run.json.
    """
    seconds = f"{_told(load.get('measured_s'), ',.0f')} s measured"
    if _finite(load.get("warmup_s")):
        seconds += f" after {_told(load['warmup_s'], ',.0f')} s of warm-up"
    lines = [("load", f"{load['model']} model, {load.get('shape', '-')}: {seconds}")]
    sent = f"{_told(load.get('request_rate'), ',.0f')} requests/s"
    if load["target_rate"] is not None:
        asked = f"{_told(load['achieved_rate'], ',.1f')} of {_told(load['target_rate'], ',.1f')} journeys/s asked for"
        dropped = f", {load['dropped']:,} never sent" if load["dropped"] else ""
        lines.append(("rate", f"{asked}{dropped}; {sent}"))
    else:
        lines.append(("rate", f"{_told(load.get('users'))} users; {sent}"))
    failed = f"{_told(load.get('failures'))} of {_told(load.get('requests'))} requests failed"
    pressed = f", {_told(load['backpressure'])} were held back (429)" if load.get("backpressure") else ""
    again = f", {_told(load['reconnects'])} reconnects" if load.get("reconnects") else ""
    lines.append(("failures", failed + pressed + again))
    found = load.get("breakpoint")
    if isinstance(found, dict):
        highest = _finite(found.get("highest"))
        carried = "no rate was carried" if highest is None else f"{highest:,.1f} journeys/s carried"
        lines.append(("breakpoint", f"{carried}; limited by {found.get('limited_by', '-')}"))
    return lines


def operation_table(operations: Sequence[Mapping[str, Any]], width: int, *, ascii_only: bool) -> Table:
    """Return requests, failures and response times of each operation.

    Args:
        operations: as in run.json.
        width: columns of the terminal.
        ascii_only: whether only ASCII can be shown.
    """
    names = _PERCENTILES if width >= _NARROW else _FEW
    table = Table(box=None, pad_edge=False)
    table.add_column("operation", no_wrap=True, overflow="ellipsis" if not ascii_only else "crop")
    for heading in ("requests", "failed", *names):
        table.add_column(heading, justify="right", no_wrap=True)
    for operation in operations[:_MAX_ROWS]:
        failures, latency = operation.get("failures"), operation.get("latency_ms")
        times = latency if isinstance(latency, dict) else {}
        table.add_row(
            plain(str(operation.get("name", "-")), 40, ascii_only=ascii_only),
            _told(operation.get("requests")),
            Text(_told(failures), style="bold red" if failures else ""),
            *(in_ms(times.get(name)) for name in names),
        )
    return table


def objective_lines(objectives: Sequence[Mapping[str, Any]]) -> list[tuple[bool, str]]:
    """Return whether each objective was met, and it with what was observed."""
    lines = []
    for objective in objectives:
        observed = _finite(objective.get("observed"))
        shown = "nothing was measured" if observed is None else f"{observed:,.4g}{objective.get('unit', '')}"
        lines.append((bool(objective.get("ok")), f"{objective.get('expr', '-')}   {shown}"))
    return lines


def in_ms(value: object) -> str:
    """Return milliseconds as people read them, a dash for what is no number."""
    known = _finite(value)
    if known is None:
        return "-"
    if known >= 10_000:
        return f"{known / 1000:,.1f} s"
    return f"{known:,.0f} ms" if known >= 100 else f"{known:.1f} ms"


def _finite(value: object) -> float | None:
    """Return a number that can be shown, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < _LARGEST else None


def _told(value: object, form: str = ",") -> str:
    known = _finite(value)
    return "-" if known is None else f"{known:{form}}"
