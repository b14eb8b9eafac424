"""Measures what reading one answer from bytes costs: the quick way, the strict reader, and httptools beside them.

    python benchmarks/wire_parse.py [--rounds 5] [--answers 20000]

The answer is a purchase of some 500 bytes under a head as nginx writes it, in one piece. `head known` is the common
case, `head new` what every answer costs when a field such as a request id differs each time. httptools is given the
least a client needs: a list of header pairs, the body, and a new parser for each answer, as one refuses to be reused
after `connection: close`. Everything is processor time in one process, so that other programs hardly matter.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httptools

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from load.wire.head import Heads
from load.wire.limits import Limits
from load.wire.response import AnswerReader, read_at_once

BODY = b'{"id":123456,"country_code":"US","display_name":{"en":"' + b"n" * 440 + b'"}}'
HEAD = (
    b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Mon, 23 Feb 2026 10:15:00 GMT\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\nConnection: keep-alive\r\nX-Request-Id: %d\r\n\r\n"
)


class Collected:
    """What httptools calls back."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.whole = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header field."""
        self.headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body."""
        self.body += body

    def on_message_complete(self) -> None:
        """Note the end."""
        self.whole = True


def main() -> int:
    """Run the benchmark; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, choices=range(1, 101), default=5, metavar="1..100")
    parser.add_argument("--answers", type=int, choices=range(100, 1_000_001), default=20_000, metavar="100..1000000")
    options = parser.parse_args()
    same = [HEAD % (len(BODY), 1) + BODY] * options.answers
    each = [HEAD % (len(BODY), number) + BODY for number in range(options.answers)]
    ways: dict[str, tuple[Callable[[bytes], object], list[bytes]]] = {
        "the quick way, head known": (quick(), same),
        "the quick way, head new": (quick(), each),
        "the strict reader, head known": (strict(), same),
        "the strict reader, head new": (strict(), each),
        "httptools": (peer, each),
    }
    figures: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(options.rounds):
        for name, (read, answers) in ways.items():
            began = time.process_time()
            for answer in answers:
                if not read(answer):
                    raise RuntimeError(f"{name} did not read {answer!r}")
            figures[name].append((time.process_time() - began) / len(answers) * 1e6)
    for name, costs in figures.items():
        print(f"{name:<30} {statistics.median(costs):6.2f} us an answer ({min(costs):.2f} to {max(costs):.2f})")
    return 0


def quick() -> Callable[[bytes], object]:
    """Return what reads as a connection does first."""
    heads = Heads(Limits())
    return lambda answer: read_at_once(answer, heads)


def strict() -> Callable[[bytes], object]:
    """Return what reads when an answer is out of the ordinary."""
    limits = Limits()
    heads = Heads(limits)
    return lambda answer: AnswerReader(limits, heads).feed(answer)


def peer(answer: bytes) -> bool:
    """Read with httptools."""
    collected = Collected()
    parser = httptools.HttpResponseParser(collected)
    parser.feed_data(answer)
    return collected.whole and parser.get_status_code() == 200


if __name__ == "__main__":
    sys.exit(main())
