"""Fuzzing by coverage: ``python tests/strangers/atheris_readers.py --seconds 60 "baseline"``.

The same changes as in the default tests, but atheris chooses them, by which parts of the project they reach. Without
the name of a reader it tells which there are. A crash ends it with a traceback and leaves the input in the present
directory.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

ROOMS = [
    "contracts.baseline", "contracts.config", "contracts.drift", "contracts.gate.replay", "contracts.prove.kept",
    "contracts.record",
    "load.plan", "reports", "tomllib", "verify.accepted", "verify.answers",
]  # fmt: skip
"""What reads; to watch everything takes a minute before the first input."""

with atheris.instrument_imports(include=ROOMS):
    from tests.strangers.mutations import mutated
    from tests.strangers.readers import READERS, attempt

RAW = 4
"""One input in so many is read as it is."""


class Provided:
    """Choices that atheris makes.

    Args:
        data: bytes of its making.
    """

    def __init__(self, data: bytes) -> None:
        self._provider = atheris.FuzzedDataProvider(data)

    def below(self, end: int) -> int:
        return int(self._provider.ConsumeIntInRange(0, end - 1))


def main() -> None:
    """Fuzz one reader."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader", choices=list(READERS), nargs="?")
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    if options.reader is None:
        parser.error(f"name a reader: {', '.join(READERS)}")
    reader = READERS[options.reader]
    seeds = reader.seeds()

    def once(data: bytes) -> None:
        attempt(reader, data[1:] if data[:1] and data[0] % RAW == 0 else mutated(Provided(data), seeds))

    atheris.Setup(
        [sys.argv[0], f"-max_total_time={options.seconds}", "-timeout=20", "-rss_limit_mb=1500", "-max_len=4096",
         "-len_control=0",
         "-print_final_stats=1"],
        once,
    )  # fmt: skip
    atheris.Fuzz()


if __name__ == "__main__":
    main()
