"""The import picture of the design, held by reading every import."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("contracts", "fixtures", "load", "reports", "verify")

# Room by room, from the most particular prefix to the least: which prefixes it may import.
ALLOWED = {
    "assay": ("contracts", "fixtures", "load", "reports", "verify"),
    "contracts.gate": ("contracts", "fixtures", "reports"),
    "contracts.prove": ("contracts", "fixtures", "reports"),
    "contracts.starter": ("contracts",),
    "contracts.oracle": ("contracts",),
    "contracts.checks": ("contracts",),
    "contracts.invariants": ("contracts",),
    "contracts.history": (),
    "contracts.finding": ("contracts.history",),
    "contracts": ("contracts",),
    "load": ("contracts", "fixtures.sandbox", "load", "reports"),
    "fixtures.sandbox": ("fixtures",),
    "fixtures.defects": ("fixtures.defects",),
    "fixtures": ("fixtures",),
    "reports": ("reports",),
    "verify": ("contracts", "fixtures", "load", "reports", "verify"),
}
"""Imports point down; the sandbox and the defects know nothing of the contract that judges them."""

GATE_ONLY = ("contracts.gate", "contracts.prove", "contracts.starter")
"""Prefixes that nothing below the commands may import."""


def modules() -> dict[str, Path]:
    found = {"assay": ROOT / "assay.py"}
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[name] = path
    return found


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def under(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def rule(module: str) -> tuple[str, ...]:
    return ALLOWED[max((prefix for prefix in ALLOWED if under(module, prefix)), key=len)]


@pytest.mark.parametrize("module", sorted(modules()))
def test_imports_point_down(module: str) -> None:
    ours = {name for name in imports(modules()[module]) if name.split(".")[0] in ROOMS}
    wrong = {name for name in ours if not any(under(name, prefix) for prefix in rule(module))}
    if not any(under(module, prefix) for prefix in ("assay", "verify", *GATE_ONLY)):
        wrong |= {name for name in ours if any(under(name, prefix) for prefix in GATE_ONLY)}
    assert not wrong, f"{module} imports {sorted(wrong)}"


def test_history_and_finding_need_the_standard_library_alone() -> None:
    for module in ("contracts.history", "contracts.finding"):
        outside = {name for name in imports(modules()[module]) if not under(name, "contracts")}
        assert {name.split(".")[0] for name in outside} <= {"__future__", "dataclasses", "enum", "hashlib", "typing"}


def test_locust_is_imported_by_the_load_room_alone() -> None:
    guilty = {
        module
        for module, path in modules().items()
        if not under(module, "load") and any(under(name, "locust") or under(name, "gevent") for name in imports(path))
    }
    assert guilty == set()


def test_no_module_is_out_of_proportion() -> None:
    long = {
        name: lines for name, path in modules().items() if (lines := len(path.read_text("utf-8").splitlines())) > 430
    }
    assert long == {}
