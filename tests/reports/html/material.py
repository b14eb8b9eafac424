"""Runs to make pages of, and a reader of pages that holds them to what every page owes."""

from __future__ import annotations

import base64
import hashlib
import math
from html.parser import HTMLParser
from typing import Any

INLINE = {"a", "b", "code", "i", "mark", "span", "strong"}
VOID = {"meta", "link", "br", "input", "img", "hr"}
HOSTILE = (
    "<script>window.owned=1</script><img src=x onerror=window.owned=1>"
    "\"'><svg onload=window.owned=1></style></script>&lt;{{7*7}}\u202e\u2028\x1b[31m\x00\ud800\u200b"
)
"""What a target could answer to be markup, script, template, or to turn a line around."""

KEPT_WORDS = {
    "verdict", "severity", "outcome", "spend", "started", "basis", "expires", "kind", "caught_by", "warned_by",
    "clauses", "clause", "command",
}  # fmt: skip
"""Members that a JSON Schema holds to known words, so that no target can write in them."""


class Page(HTMLParser):
    """A page read strictly: every element is closed in order."""

    def __init__(self, content: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.scripts: list[tuple[dict[str, str], str]] = []
        self.styles: list[str] = []
        self._texts: list[str] = []
        self.feed(content.decode("utf-8"))
        self.close()
        assert self.open == []
        self.text = "".join(self._texts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        assert len(attributes) == len(attrs), f"an attribute twice in <{tag}>"
        self.elements.append((tag, attributes))
        if tag == "script":
            self.scripts.append((attributes, ""))
        if tag == "style":
            self.styles.append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another element"
        if tag not in INLINE:
            self._texts.append(" ")

    def handle_data(self, data: str) -> None:
        inside = self.open[-1] if self.open else ""
        if inside == "script":
            attributes, text = self.scripts[-1]
            self.scripts[-1] = (attributes, text + data)
        elif inside == "style":
            self.styles[-1] += data
        else:
            self._texts.append(data)

    def all(self, tag: str, **wanted: str) -> list[dict[str, str]]:
        named = {name.replace("_", "-"): value for name, value in wanted.items()}
        return [a for t, a in self.elements if t == tag and all(a.get(n) == v for n, v in named.items())]

    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]

    def values(self, name: str) -> list[str]:
        return [attributes[name] for _, attributes in self.elements if name in attributes]


def sha256(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def poisoned(value: Any, text: str = HOSTILE, key: str = "") -> Any:
    """Return a document with every text that a target may have a say in replaced."""
    if isinstance(value, dict):
        return {name: poisoned(child, text, name) for name, child in value.items()}
    if isinstance(value, list):
        return [poisoned(child, text, key) for child in value]
    return text if isinstance(value, str) and key not in KEPT_WORDS else value


def quantiles(factor: float) -> dict[str, float]:
    return {
        "mean": 12 * factor, "p50": 9 * factor, "p90": 22 * factor, "p95": 28 * factor, "p99": 55 * factor,
        "p999": 180 * factor, "max": 402.5 * factor,
    }  # fmt: skip


def load_section(seconds: int = 60, **changes: Any) -> dict[str, Any]:
    """The load part of a run with a breakpoint, one missed objective and a stall."""
    rows = [
        {
            "t": t, "phase": "warm-up" if t < 10 else "steady", "measured": t >= 10, "asked": 200, "achieved": 199,
            "requests": 1000, "failures": int(30 <= t < 33), "backpressure": 0, "findings": 0, "in_flight": 20 + t % 7,
            "users": None, "p50": 9 + math.sin(t), "p90": 20, "p99": 50 + (300 if 30 <= t < 33 else 0), "max": 400,
            "service_p50": 8, "service_p99": 40, "lag_p99": 0.4, "cpu": 0.31, "loop_delay_ms": 1.5,
        }
        for t in range(seconds)
    ]  # fmt: skip
    return {
        "model": "open", "shape": "breakpoint", "plan": "plans/nightly.toml", "target_rate": 200,
        "achieved_rate": 198.4, "request_rate": 993.2, "users": None, "dropped": 41, "dropped_share": 0.0007,
        "saturated": False, "saturation": "", "warmup_s": 10, "measured_s": 50.0, "requests": 60_000, "failures": 3,
        "backpressure": 0, "reconnects": 2, "connections": 64, "statuses": {"200": 59_997, "timeout": 3},
        "operations": [
            {
                "name": name, "requests": 30_000, "failures": 3, "statuses": {"200": 29_997, "timeout": 3},
                "latency_ms": quantiles(factor), "service_ms": quantiles(factor * 0.8),
                "distribution": [
                    [part, latency * factor, latency * factor * 0.8]
                    for part, latency in ((0, 1), (50, 9), (90, 22), (99, 55), (99.9, 180), (100, 402.5))
                ],
            }
            for name, factor in (("all", 1.0), ("create_purchase", 1.6))
        ],
        "lag_ms": quantiles(0.01), "connect_ms": None, "tls_ms": None,
        "objectives": [
            {
                "expr": "create_purchase p99 < 250ms", "operation": "create_purchase", "metric": "p99", "limit": 250,
                "observed": 88.1, "unit": "ms", "ok": True, "margin": 0.6476, "abort": False,
            },
            {
                "expr": "all p999 < 150ms", "operation": "all", "metric": "p999", "limit": 150, "observed": 180,
                "unit": "ms", "ok": False, "margin": -0.2, "abort": True,
            },
            {
                "expr": "list p99 < 50ms", "operation": "list", "metric": "p99", "limit": 50, "observed": None,
                "unit": "ms", "ok": False, "margin": None, "abort": False,
            },
        ],
        "timeline": rows,
        "phases": [
            {
                "name": "warm-up", "start_s": 0, "end_s": 10, "rate": 200, "users": None, "measured": False,
                "requests": 10_000, "failures": 0, "p50": 9, "p90": 18, "p99": 40, "max": 90,
            },
            {
                "name": "steady", "start_s": 10, "end_s": seconds, "rate": 200, "users": None, "measured": True,
                "requests": 50_000, "failures": 3, "p50": 9, "p90": 22, "p99": 55, "max": 402,
            },
        ],
        "breakpoint": {
            "highest": 400, "limited_by": "all p999 < 150ms",
            "steps": [
                {
                    "rate": rate, "ok": rate <= 400, "achieved": rate, "p50": 9, "p99": rate / 4, "error_rate": 0.0,
                    "dropped_share": 0.0, "reason": "" if rate <= 400 else "p999 was 512 ms",
                }
                for rate in (200, 400, 800, 600)
            ],
        },
        "generator": {
            "processes": 2, "cpu_max": 0.62, "lag_p99_ms": 1.3, "loop_delay_max_ms": 14.2,
            "workers": [{"name": "worker-1", "state": "finished", "requests": 60_000}],
        },
        "journeys": [{"name": "buyer", "weight": 8, "started": 9_000, "finished": 8_998, "abandoned": 2}],
        "forgetting": "Purchases are forgotten two minutes after their last answer.",
        **changes,
    }  # fmt: skip


def parts() -> list[dict[str, Any]]:
    """Parts of a verification: one kept, one broken, one that could not tell, one left out."""
    told = (
        ("gate", "kept", 0, "gate", 41.2, "57 clauses kept"),
        ("load", "broken", 1, "load", 62.0, "p99 of create_purchase is 180 ms, at most 150 were promised"),
        ("drift", "inconclusive", 3, "drift.json", 0.4, "the target serves no document"),
        ("compare", "left_out", None, None, 0.0, "no release to compare with was named"),
    )
    names = ("name", "verdict", "exit_code", "document", "seconds", "sentence")
    return [dict(zip(names, part, strict=True)) for part in told]


def case(name: str, kind: str = "defect", **changes: Any) -> dict[str, Any]:
    return {
        "name": name, "kind": kind, "family": "LIFE", "statement": "whoever buys is charged twice",
        "clauses": ["LIFE-3", "RACE-2"], "right": True, "verdict": "broken", "caught_by": ["LIFE-3"], "warned_by": [],
        "seconds": 6.1, "catch_seconds": 1.5, "purchases": 42, "catch_purchases": 12, "note": "", "seed": 0,
        "depth": "quick", "profile": "2026-02", **changes,
    }  # fmt: skip


def proof(**changes: Any) -> dict[str, Any]:
    """A proof with a defect caught, one missed, a variant silent, one not, and a case that was not shown."""
    quiet: dict[str, Any] = {
        "clauses": [],
        "caught_by": [],
        "family": "VARIANT",
        "catch_seconds": None,
        "catch_purchases": None,
    }
    return {
        "schema": 1, "command": "prove", "verdict": "broken", "exit_code": 1, "reasons": ["1 defect was missed"],
        "partial": False, "started": "2026-02-23T10:15:00.000Z", "duration_s": 125.0, "target": "embedded sandbox",
        "profiles": ["2026-02"], "depth": "quick", "seeds": [0],
        "summary": {
            "defects": 2, "caught": 1, "mutants": 1, "caught_mutants": 1, "variants": 2, "silent": 1,
            "median_seconds": 1.5, "median_purchases": 12, "not_shown": 1,
        },
        "cases": [
            case("code-changes", caught_by=["LIFE-3", "SHAPE-1"]),
            case("id-as-text", "mutant", family="SHAPE", clauses=["SHAPE-3"], caught_by=["SHAPE-3"]),
            case("lists-twice", right=False, verdict="kept", caught_by=[], warned_by=["RACE-2"], catch_seconds=None,
                 catch_purchases=None, note="57 clauses kept"),
            case("keys-in-other-order", "variant", **{**quiet, "verdict": "kept"}),
            case("slow-answers", "variant", **{**quiet, "right": False, "caught_by": ["LIFE-3"]}),
            case("late", right=None, verdict="not_shown", caught_by=[], seconds=None, catch_seconds=None,
                 purchases=None, catch_purchases=None, note="the budget was spent"),
        ],
        **changes,
    }  # fmt: skip
