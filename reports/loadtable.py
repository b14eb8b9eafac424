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


def summary_lines(load: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return label and text of the lines above the tables.

    Args:
        load: the part ``load`` of run.json.
    """
    seconds = f"{load['measured_s']:,.0f} s measured"
    if load["warmup_s"]:
        seconds += f" after {load['warmup_s']:,.0f} s of warm-up"
    lines = [("load", f"{load['model']} model, {load['shape']}: {seconds}")]
    if load["target_rate"] is not None:
        asked = f"{load['achieved_rate']:,.1f} of {load['target_rate']:,.1f} journeys/s asked for"
        dropped = f", {load['dropped']:,} never sent" if load["dropped"] else ""
        lines.append(("rate", f"{asked}{dropped}; {load['request_rate']:,.0f} requests/s"))
    else:
        lines.append(("rate", f"{load['users']:,} users; {load['request_rate']:,.0f} requests/s"))
    failed = f"{load['failures']:,} of {load['requests']:,} requests failed"
    pressed = f", {load['backpressure']:,} were held back (429)" if load["backpressure"] else ""
    again = f", {load['reconnects']:,} reconnects" if load["reconnects"] else ""
    lines.append(("failures", failed + pressed + again))
    found = load["breakpoint"]
    if found is not None:
        highest = "no rate was carried" if found["highest"] is None else f"{found['highest']:,.1f} journeys/s carried"
        lines.append(("breakpoint", f"{highest}; limited by {found['limited_by']}"))
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
        failures = Text(f"{operation['failures']:,}", style="bold red" if operation["failures"] else "")
        table.add_row(
            plain(operation["name"], 40, ascii_only=ascii_only),
            f"{operation['requests']:,}",
            failures,
            *(in_ms(operation["latency_ms"][name]) for name in names),
        )
    return table


def objective_lines(objectives: Sequence[Mapping[str, Any]]) -> list[tuple[bool, str]]:
    """Return whether each objective was met, and it with what was observed."""
    lines = []
    for objective in objectives:
        observed = objective["observed"]
        shown = "nothing was measured" if observed is None else f"{observed:,.4g}{objective['unit']}"
        lines.append((bool(objective["ok"]), f"{objective['expr']}   {shown}"))
    return lines


def in_ms(value: float | None) -> str:
    """Return milliseconds as people read them."""
    if value is None:
        return "-"
    if value >= 10_000:
        return f"{value / 1000:,.1f} s"
    return f"{value:,.0f} ms" if value >= 100 else f"{value:.1f} ms"
