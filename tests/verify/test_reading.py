"""What a run that ended came to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.verify.documents import finding, run
from verify.part import Name, Part, State
from verify.reading import read_part

HERE = Path("run") / "gate"


def read(code: int, document: dict[str, Any] | None, *, asked: bool = False) -> Part:
    return read_part(Name.GATE, code, document, HERE, 1.5, asked=asked)


def test_a_broken_run_names_what_it_found() -> None:
    document = run(
        "gate", "broken", findings=[finding("SHAPE-6-1", "SHAPE-6"), finding("X", "LIFE-1", severity="warning")]
    )
    part = read(1, document)
    assert part.state is State.BROKEN
    assert "SHAPE-6 a number ends in a newline ('+1555\\n')" in part.sentence
    assert "LIFE-1" not in part.sentence


def test_a_kept_run_is_kept() -> None:
    part = read(0, run())
    assert (part.state, part.document, part.seconds) == (State.KEPT, HERE, 1.5)


@pytest.mark.parametrize(
    ("code", "document", "words"),
    [
        (2, None, "could not begin (exit code 2)"),
        (-11, None, "was ended by SIGSEGV and left no result"),
        (-9, run(partial=True, verdict="inconclusive"), "was ended by SIGKILL before its result was whole"),
        (1, run(), "ended with exit code 1 before its result was whole"),
        (0, None, "left no result"),
    ],
)
def test_a_run_that_crashed_is_never_a_pass(code: int, document: dict[str, Any] | None, words: str) -> None:
    part = read(code, document)
    assert part.state is State.INCONCLUSIVE
    assert words in part.sentence
    assert not part.interrupted


def test_an_interrupted_run_keeps_what_it_found() -> None:
    broken = run("gate", "broken", exit_code=130, findings=[finding("SHAPE-6-1", "SHAPE-6")])
    part = read(130, broken, asked=True)
    assert (part.state, part.interrupted) == (State.BROKEN, True)
    assert "SHAPE-6" in part.sentence


def test_an_interrupted_run_without_findings_came_to_nothing() -> None:
    part = read(130, run("gate", "inconclusive", exit_code=130), asked=True)
    assert (part.state, part.interrupted) == (State.INCONCLUSIVE, True)


def test_a_process_that_died_of_the_signal_passed_on_was_interrupted() -> None:
    assert read(-2, None, asked=True).interrupted
