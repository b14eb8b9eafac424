"""What a replay shows in a terminal: its steps before they are sent, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from contracts.gate.replay.options import Outcome
from contracts.gate.replay.replay import Replay, others_of
from contracts.gate.replay.steps import purchases_of
from contracts.gate.replay.wording import lines_of
from reports.plaintext import counted, plain

MOST_LINES: Final = 24
"""Lines of steps shown; of more the beginning and the end."""

MOST_OTHERS: Final = 6
"""Other findings named."""

_STYLES: Final = {
    Outcome.FAILS: "bold red",
    Outcome.DIFFERS: "bold red",
    Outcome.GONE: "bold green",
    Outcome.UNPLAYED: "bold yellow",
}


class Teller:
    """Shows one replay.

    Args:
        console: where to; its width and encoding are kept to.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._ascii = not console.encoding.lower().startswith("utf")

    def before(self, replay: Replay, run: str, finding: Mapping[str, Any]) -> None:
        """Show what is about to be sent, and what it may cost."""
        where = "the embedded sandbox" if replay.target.embedded else replay.target.url
        cap = replay.budget.max_purchases
        self._line(f"{finding['id']} of {run}", "bold")
        self._line(f"{finding['title']}", indent=2)
        buys = counted(purchases_of(replay.script), "purchase")
        self._line(f"{buys} a try, up to {counted(replay.tries, 'time')}, against {where}", indent=2)
        self._line(f"at most {counted(cap or 0, 'purchase')} in all" if cap is not None else "", indent=2)
        self._line()
        self._line("Steps", "bold")
        self._steps(lines_of(replay.script))
        self._line()

    def after(self, replay: Replay, document: Mapping[str, Any], run_dir: str) -> None:
        """Show what came of it, and the shortest steps that show the finding."""
        told = document["replay"]
        outcome = Outcome(told["outcome"])
        for place, reason in enumerate(document["reasons"]):
            self._line(reason, _STYLES[outcome] if place == 0 else "")
        for finding in document["findings"]:
            self._line(f"{finding['clause']}  {finding['title']}", indent=2)
            self._line(f"expected  {finding['expected']}", indent=2)
            self._line(f"observed  {finding['observed']}", indent=2)
        if told["shortest"] is not None:
            self._line()
            left = "" if replay.shortest and purchases_of(replay.shortest.script) else " (on what was there already)"
            self._line(f"Shortest steps that show it{left}", "bold")
            self._steps(told["shortest"])
        others = [found for found in others_of(replay.attempts) if found not in {f["id"] for f in document["findings"]}]
        if others:
            named = ", ".join(others[:MOST_OTHERS]) + (" and more" if len(others) > MOST_OTHERS else "")
            self._line(f"On the way others showed as well: {named}")
        self._line()
        spend = f"{document['spend']} {document['spend_currency'] or 'spent'}"
        costs = [counted(document["requests"], "request"), counted(document["purchases"], "purchase"), spend]
        self._line((", " if self._ascii else " · ").join([*costs, f"{document['duration_s']:.1f} s"]), "dim")
        self._line(f"Written to {run_dir}", "dim")

    def _steps(self, lines: Sequence[str]) -> None:
        shown = [line if line.startswith(" ") else f"- {line}" for line in lines]
        if len(shown) > MOST_LINES:
            half = MOST_LINES // 2
            shown[half:-half] = [f"… {len(shown) - 2 * half} more lines, in run.json …"]
        for line in shown:
            self._line(line, indent=2)

    def _line(self, text: str = "", style: str = "", *, indent: int = 0) -> None:
        safe = plain(text, ascii_only=self._ascii)
        self._console.print(Text(" " * indent + safe, style=style), soft_wrap=True)


def in_one_line(document: Mapping[str, Any], run_dir: str, *, ascii_only: bool) -> str:
    """Return what came of a replay in one line."""
    parts = [
        document["reasons"][0],
        counted(document["requests"], "request"),
        counted(document["purchases"], "purchase"),
        run_dir,
    ]
    separator = " | " if ascii_only else " · "
    return separator.join(plain(part, ascii_only=ascii_only) for part in parts)
