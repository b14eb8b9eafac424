"""Documents that are small, or would be if they were packed, and ask for much."""

from __future__ import annotations

HEAD = b'openapi: 3.1.0\ninfo: {title: a, version: "1"}\n'
ROOT_SCHEMA = (
    b'paths: {/a: {get: {responses: {"200": {content: {application/json: {schema: '
    b'{$ref: "#/components/schemas/Root"}}}}}}}}\n'
)
M = 1024 * 1024


def hard_patterns() -> bytes:
    """Fifteen hundred patterns, each as hard to compare with another as one can be made."""
    many = "".join(f"{chr(0x100 + 4 * place)}-{chr(0x101 + 4 * place)}" for place in range(60))
    rows = ", ".join(
        f'p{row}: {{type: string, pattern: "(?:[{many}]|a){{{40 + row % 3}}}{row}"}}' for row in range(1500)
    )
    return (
        HEAD + ROOT_SCHEMA + f"components: {{schemas: {{Root: {{type: object, properties: {{{rows}}}}}}}}}\n".encode()
    )


def large_defaults() -> bytes:
    """A default of a hundred thousand values, met in two thousand places."""
    large = "[" + ",".join(["1"] * 100_000) + "]"
    rows = ", ".join(f'p{row}: {{$ref: "#/components/schemas/C{row}"}}' for row in range(2000))
    schemas = [
        f"    Root: {{type: object, properties: {{{rows}}}}}",
        f"    A: {{properties: {{p: {{default: {large}}}}}}}",
    ]
    schemas += [
        f'    C{row}: {{allOf: [{{$ref: "#/components/schemas/A"}}, {{properties: {{p: {{title: t{row}}}}}}}]}}'
        for row in range(2000)
    ]
    return HEAD + ROOT_SCHEMA + b"components:\n  schemas:\n" + "\n".join(schemas).encode()


def laughs() -> bytes:
    levels = [b"a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    levels += [b"a%d: &a%d [%s]" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 40)]
    return b"\n".join(levels)


def second(latency: bytes, t: int = 0) -> bytes:
    head = b'{"t":%d,"phase":"p","measured":true,"operation":"o","requests":1,"failures":0,"service":[],"latency":[' % t
    return head + latency + b"]}\n"


BOMBS = {
    "a dotted key of 500,000 parts": ("settings", lambda: b"a." * 499_999 + b"a = 1\n"),
    "quoted parts of a key": ("plan", lambda: b"'a' . " * 150_000 + b"a = 1\n"),
    "a table of 300,000 parts": ("baseline", lambda: b"[" + b"a." * 300_000 + b"a]\n"),
    "values in values in TOML": ("settings", lambda: b"seed = " + b"[" * 900_000),
    "a billion laughs": ("contract", laughs),
    "400,000 tag directives": ("contract", lambda: b"".join(b"%%TAG !%d! b\n" % n for n in range(400_000))),
    "values in values in YAML": ("contract", lambda: b"- " * 4_000_000),
    "two million lists": ("contract", lambda: b"[" + b"[]," * 2_000_000 + b"0]"),
    "a million objects": ("contract", lambda: b"[" + b'{"":0},' * 1_100_000 + b"0]"),
    "hard patterns": ("contract", hard_patterns),
    "large defaults": ("contract", large_defaults),
    "a result of twenty million lists": ("report", lambda: b'{"schema":1,"x":[' + b"[]," * 20_000_000 + b"0]}"),
    "a result of 300,000 objects": ("report", lambda: b'{"schema":1,"x":[' + b'{"":0},' * 300_000 + b"0]}"),
    "a result of 70 megabytes": ("compare of results", lambda: b'{"schema":1,"x":"' + b"x" * (70 * M) + b'"}'),
    "a proof of twenty million lists": ("proof", lambda: b'{"schema":1,"x":[' + b"[]," * 20_000_000 + b"0]}"),
    "a history line of 100 megabytes": ("recheck", lambda: b"[" * (100 * M)),
    "a history line of a million lists": ("observed drift", lambda: b'{"index":[' + b"[]," * 1_000_000 + b"0]}\n"),
    "seconds of a million buckets": (
        "compare",
        lambda: b"".join(
            second(b",".join(b"[%d.%d,1]" % (n, t + 1) for n in range(100_000)), t) for t in range(0, 400, 5)
        ),
    ),
}  # fmt: skip
"""By name, the reader and the content."""

COMPARABLE = ("hard patterns", "large defaults")
"""Contracts that can be compared, if not in every detail; all others are refused."""

SLOW = (
    "hard patterns", "large defaults", "two million lists", "a million objects", "a result of twenty million lists",
    "a result of 70 megabytes", "a history line of 100 megabytes", "a history line of a million lists",
    "seconds of a million buckets", "a proof of twenty million lists",
)  # fmt: skip
"""Those that take a second or more to make or to read."""
