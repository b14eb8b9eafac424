"""A run shows itself: lines in logs, a table on a terminal however narrow, nothing when asked for quiet."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from rich.console import Console

from load import view as module
from load.view import LINE_EVERY, Frame, Lines, Picture, Silence, in_one_line, make_view, picture

ROW: dict[str, Any] = {
    "t": 65, "phase": "steady", "asked": 200.0, "achieved": 198, "users": 0, "requests": 1234, "p50": 4.25,
    "p99": 151.6, "failures": 0, "findings": 0, "in_flight": 17,
}  # fmt: skip
LATENCY = {"p50": 4.2, "p90": 12.0, "p99": 151.6, "max": 12_300.0}


def frame(planned: float = 90.0, failures: int = 0, **changes: Any) -> Frame:
    operation = {"name": "create_purchase", "requests": 5000, "failures": failures, "latency_ms": LATENCY}
    return Frame({**ROW, **changes}, [operation], planned)


def console(width: int = 200, **more: Any) -> Console:
    return Console(file=io.StringIO(), width=width, highlight=False, **more)


def written(where: Console) -> str:
    assert isinstance(where.file, io.StringIO)
    return where.file.getvalue()


def drawn(what: Frame, width: int, **more: Any) -> list[str]:
    page = console(width, **more)
    page.print(picture(what, width))
    return [line.strip() for line in written(page).splitlines()]


def test_a_second_of_the_open_model_is_one_line() -> None:
    assert in_one_line(frame()) == (
        "1:05/1:30 · steady · 198 of 200 journeys/s · 1,234 requests/s · p50 4.2 ms, p99 152 ms · "
        "0 failures · 0 findings · 17 in flight"
    )


def test_a_second_of_the_closed_model_tells_its_users_and_no_schedule() -> None:
    told = in_one_line(frame(asked=None, users=1500))
    assert "1,500 users" in told
    assert "journeys/s" not in told


def test_a_run_whose_end_nobody_knows_tells_only_how_long_it_went_on() -> None:
    assert in_one_line(frame(planned=0.0)).startswith("1:05 · ")


def test_a_second_without_answers_has_no_latencies() -> None:
    assert "p50 -, p99 -" in in_one_line(frame(p50=None, p99=None))


@pytest.mark.parametrize(
    ("ms", "told"), [(0.04, "0.0 ms"), (99.94, "99.9 ms"), (100.0, "100 ms"), (9999.0, "9999 ms"), (12_340.0, "12.3 s")]
)
def test_latencies_are_told_as_exactly_as_they_matter(ms: float, told: str) -> None:
    assert f"p50 {told}," in in_one_line(frame(p50=ms))


def test_lines_come_now_and_then_and_remarks_at_once() -> None:
    page = console(width=40)
    lines = Lines(page)
    for t in range(12):
        lines.show(frame(t=t))
    lines.say("100.0/s: carried")
    lines.close()
    told = written(page).splitlines()
    # A log's line is never folded, whatever the width.
    assert [line.split("/")[0] for line in told] == ["0:00", "0:05", "0:10", "100.0"]
    assert LINE_EVERY == 5


def test_what_looks_like_markup_is_shown_as_it_is() -> None:
    page = console()
    Lines(page).show(frame(phase="[bold]peak[/nonsense]"))
    Lines(page).say("[red]x")
    assert "[bold]peak[/nonsense]" in written(page)
    assert "[red]x" in written(page)


def test_a_wide_terminal_shows_every_column() -> None:
    told = drawn(frame(failures=3), 120)
    head = next(line for line in told if line.startswith("operation"))
    assert head.split() == ["operation", "requests", "failures", "p50", "p90", "p99", "max"]
    row = next(line for line in told if line.startswith("create_purchase"))
    assert row.split() == ["create_purchase", "5,000", "3", "4.2", "ms", "12.0", "ms", "152", "ms", "12.3", "s"]


@pytest.mark.parametrize("width", [24, 30, 59])
def test_a_narrow_terminal_shows_fewer_columns_and_no_line_is_wider(width: int) -> None:
    told = drawn(frame(failures=3, findings=2), width)
    assert all(len(line) <= width for line in told)
    assert not any("failures" in line and "operation" in line for line in told)
    # A bar that did not end its line would stand before the names of the columns.
    assert any(re.fullmatch(r"op\S+ +requests +p99", line) for line in told)
    assert any(re.fullmatch(r"cr\S+ +5,000 +152 ms", line) for line in told), "the figures are whole"


def test_findings_of_this_second_are_told_below_the_table() -> None:
    assert not any("this second" in line for line in drawn(frame(), 120))
    assert drawn(frame(findings=2), 120)[-1] == "2 findings this second"


def test_without_colour_nothing_but_text_is_written() -> None:
    told = "\n".join(drawn(frame(failures=3, findings=2), 80, force_terminal=True, no_color=True, color_system=None))
    assert "\x1b" not in told
    coloured = "\n".join(drawn(frame(failures=3), 80, force_terminal=True, color_system="standard"))
    assert re.search(r"\x1b\[31m\s*3", coloured), "failures stand out in red"


def test_a_picture_draws_over_itself_and_is_gone_at_the_end() -> None:
    page = console(100, force_terminal=True, color_system=None)
    view = Picture(page)
    view.show(frame(t=1))
    view.say("50.0/s: carried")
    view.show(frame(t=2))
    view.close()
    told = written(page)
    assert "0:01/1:30" in told
    assert "0:02/1:30" in told
    assert "50.0/s: carried" in told
    # Up one line and clear it, as often as there are lines.
    ending = re.search(r"(?:\x1b\[1A\x1b\[2K)+$", told)
    assert ending is not None
    assert ending[0].count("\x1b[1A") == len(drawn(frame(t=2), 100))


def test_a_run_with_neither_plan_nor_operations_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    told = drawn(Frame({**ROW, "phase": ""}, [], 0.0), 80)
    assert any("requests/s" in line for line in told)


def test_the_view_suits_where_the_output_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(make_view(quiet=True), Silence)
    monkeypatch.setattr(module, "Console", lambda **_: console(force_terminal=False))
    assert isinstance(make_view(quiet=False), Lines)
    monkeypatch.setattr(module, "Console", lambda **_: console(force_terminal=True))
    view = make_view(quiet=False)
    view.close()
    assert isinstance(view, Picture)


def test_silence_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    silence = make_view(quiet=True)
    silence.show(frame())
    silence.say("something")
    silence.close()
    assert capsys.readouterr() == ("", "")
