"""Whoever reads standard output may go away, and the verdict stands; what is lost on a full disk is told."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.streams import LastingRaw, lasting
from tests.interruptions.child import ROOT, environment


def wrapped(descriptor: int, encoding: str = "utf-8") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedWriter(io.FileIO(descriptor, "w")), encoding=encoding)


def test_what_is_written_arrives() -> None:
    reading, writing = os.pipe()
    before = wrapped(writing)
    stream, raw = lasting(before)
    stream.write("kept: 57 clauses")
    stream.flush()
    assert os.read(reading, 100) == b"kept: 57 clauses"
    assert raw is not None
    assert (raw.trouble, raw.fileno(), raw.isatty()) == (None, writing, False)
    before.close()
    os.close(reading)


def test_a_pipe_that_nobody_reads_is_no_trouble() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    before = wrapped(writing)
    stream, raw = lasting(before)
    for _ in range(3):
        stream.write("x" * 100_000)
        stream.flush()
    assert raw is not None
    assert raw.trouble is None
    before.close()


class Failing(io.RawIOBase):
    """A raw stream that fails as told, and counts how often it was asked."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.asked = 0

    def write(self, _: object, /) -> int:
        self.asked += 1
        raise OSError(self.number, os.strerror(self.number))


@pytest.mark.parametrize(
    ("number", "told"), [(errno.EPIPE, False), (errno.EIO, False), (errno.ENOSPC, True), (errno.EFBIG, True)]
)
def test_only_what_somebody_could_have_read_is_missed(number: int, *, told: bool) -> None:
    raw = Failing(number)
    stream = LastingRaw(raw)
    assert [stream.write(b"abc"), stream.write(b"de")] == [3, 2]
    assert (stream.trouble is not None) is told
    assert raw.asked == 1


def test_what_an_encoding_lacks_becomes_an_escape() -> None:
    reading, writing = os.pipe()
    before = wrapped(writing, "ascii")
    stream, _ = lasting(before)
    stream.write("Größe ✓")
    stream.flush()
    before.close()
    assert os.read(reading, 100) == rb"Gr\xf6\xdfe \u2713"
    os.close(reading)


def test_a_stream_of_a_test_is_left_alone() -> None:
    own = io.StringIO()
    assert lasting(own) == (own, None)


def test_a_process_without_standard_output_gets_one_that_goes_nowhere() -> None:
    stream, raw = lasting(None)
    assert stream.write("nothing") == 7
    assert raw is None
    stream.close()


CLOSED = """
import os, sys
from contracts.streams import Streams
streams = Streams()
with open(sys.argv[1], "wb") as file:
    assert file.fileno() > 2, file.fileno()
    print("this is for nobody", flush=True)
    file.write(b"a line of history")
assert streams.finish() is None
"""


def test_no_file_takes_the_place_of_standard_output(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(CLOSED)
    command = f'"{sys.executable}" "{script}" "{tmp_path / "history"}" >&- 2>&- <&-'
    done = subprocess.run(command, shell=True, cwd=ROOT, env=environment(), timeout=60, check=False)
    assert done.returncode == 0
    assert (tmp_path / "history").read_bytes() == b"a line of history"


RUN = """
import sys, typer
from contracts.frontdoor import run_app
app = typer.Typer()
@app.command()
def command(code: int) -> int:
    if code == 99:
        raise RuntimeError("owner-key-1234 was not taken")
    print("verdict " * 100)
    return code
sys.argv = ["assay", sys.argv[1]]
run_app(app)
"""


@pytest.mark.parametrize(
    ("redirection", "code", "expected", "said"),
    [
        ("> /dev/full", 0, 2, "assay: standard output is incomplete: No space left on device\n"),
        ("> /dev/full", 1, 1, "assay: standard output is incomplete: No space left on device\n"),
        (">&-", 0, 0, ""),
        (">&-", 3, 3, ""),
        ("> /dev/null", 99, 3, "assay: crashed: RuntimeError (<string>, line 8); a fault of assay's"),
    ],
)
def test_the_exit_code_is_the_verdicts_unless_it_would_hide_a_loss(
    redirection: str, code: int, expected: int, said: str
) -> None:
    command = f'"{sys.executable}" -c "$RUN" {code} {redirection}'
    done = subprocess.run(
        command, shell=True, cwd=ROOT, env=environment(RUN=RUN), stderr=subprocess.PIPE, timeout=60, check=False
    )
    assert done.returncode == expected
    assert done.stderr.decode().startswith(said)
    assert b"Traceback" not in done.stderr
    assert b"owner-key" not in done.stderr
    assert bool(done.stderr) is bool(said)
