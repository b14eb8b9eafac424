"""Settings from ``assay.toml`` or the table ``[tool.assay]`` of ``pyproject.toml``."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NoReturn

from contracts.clauses import Clause, load_clauses
from contracts.errors import UsageError
from contracts.finding import Severity
from contracts.foreign import open_foreign
from contracts.profiles import PROFILES
from contracts.units import parse_amount, parse_duration

AUTO: Final = "auto"
DEPTHS: Final = ("quick", "full", "deep")

_OWN_FILE: Final = "assay.toml"
_SHARED_FILE: Final = "pyproject.toml"
MOST_NUMBER: Final = 1e300
"""Largest number of a setting; an integer of TOML may be too large for a float."""

_MAX_FILE: Final = 1024 * 1024
_DEEP_KEY: Final = re.compile(rb"(?<![\w-])(?:(?:[\w-]++|\"[^\"\n]*+\"|'[^'\n]*+')[ \t]*+\.[ \t]*+){100}")
"""A dotted key of more than 100 parts, of which tomllib takes the square of their number in time."""

_SHOWN: Final = 60

_KEY_NAME: Final = re.compile(r"(?i)(?:.*[_-])?(?:api[_-]?key|keys?|token|secret)")
"""Names under which somebody might put an API key into a file that is committed and shared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a settings file says; every setting may be missing.

    Attributes:
        url: base URL of the target.
        profile: a profile's name or ``auto``.
        seed: of every random choice.
        out: run directory; relative to the current directory, as on the command line.
        baseline: file of accepted findings, likewise.
        depth: quick, full or deep.
        time: time budget of a run, seconds.
        timeout: how long to wait for one answer, seconds.
        max_purchases: cap on purchases.
        max_spend: cap on what they cost.
        allow_host: hosts beside loopback that may be tested.
        countries: codes of the countries to buy, none for all.
        severity: by clause id, over the catalogue's.
        tolerance: by clause id and name, over the catalogue's.
        require: clauses required over the catalogue's.
        optional: clauses not required though the catalogue does.
    """

    url: str | None = None
    profile: str | None = None
    seed: int | None = None
    out: Path | None = None
    baseline: Path | None = None
    depth: str | None = None
    time: float | None = None
    timeout: float | None = None
    max_purchases: int | None = None
    max_spend: Decimal | None = None
    allow_host: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    tolerance: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    require: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


def load_settings(config: Path | None, directory: Path) -> Settings:
    """Return the settings of a directory, or of a file that the user named.

    Where ``assay.toml`` is there, ``pyproject.toml`` is not looked at.

    Args:
        config: the file of ``--config``, None to look for one.
        directory: where to look.

    Raises:
        UsageError: the file cannot be read or holds what is no setting.
    """
    if config is not None:
        table = read_toml(config)
        if config.name == _SHARED_FILE:
            return parse_settings(_tool_table(table, str(config), must_exist=True), f"{config} [tool.assay]")
        return parse_settings(table, str(config))
    if (directory / _OWN_FILE).exists():
        return parse_settings(read_toml(directory / _OWN_FILE), _OWN_FILE)
    if (directory / _SHARED_FILE).exists():
        table = read_toml(directory / _SHARED_FILE)
        return parse_settings(_tool_table(table, _SHARED_FILE, must_exist=False), f"{_SHARED_FILE} [tool.assay]")
    return Settings()


def parse_settings(table: Mapping[str, Any], source: str) -> Settings:
    """Return the settings of a decoded table.

    Args:
        table: a TOML table.
        source: how messages name the file.

    Raises:
        UsageError: a setting is unknown, or its value is not one it can have; the message shows the value
            and what is expected.
    """
    for name in table:
        if name not in _READERS:
            _refuse_unknown(name, source)
    settings = Settings(**{name: _READERS[name](value, f"{source}: {name}") for name, value in table.items()})
    for clause in settings.require:
        if clause in settings.optional:
            raise UsageError(f"{source}: {clause} is both in require and in optional; take it out of one")
    return settings


def _refuse_unknown(name: str, source: str) -> NoReturn:
    if _KEY_NAME.fullmatch(name):
        raise UsageError(
            f"{source}: {name[:_SHOWN]!r}: API keys do not belong in a file; "
            "set ASSAY_API_KEY and ASSAY_OTHER_API_KEY in the environment"
        )
    raise UsageError(f"{source}: unknown setting {name[:_SHOWN]!r}; {nearest(name, _READERS)}")


def nearest(name: str, known: Collection[str]) -> str:
    """Say which known name was probably meant, else name them all."""
    close = difflib.get_close_matches(name[:_SHOWN], known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"


def refuse(where: str, value: object, expected: str) -> NoReturn:
    """Refuse a value in one line that shows it.

    Raises:
        UsageError: always.
    """
    try:
        shown = repr(value)
    except (ValueError, RecursionError):
        # A hexadecimal number of any length, and a dotted key of any depth, are TOML; neither can be written out.
        shown = "a number too long to show" if isinstance(value, int) else "nested too deeply to show"
    raise UsageError(f"{where} is {shown if len(shown) <= _SHOWN else shown[:_SHOWN] + '…'}; expected {expected}")


def _text(value: object, where: str, expected: str) -> str:
    if not isinstance(value, str) or not value or not value.isprintable():
        refuse(where, value, expected)
    return value


def _url(value: object, where: str) -> str:
    expected = 'a base URL such as "http://127.0.0.1:8080"'
    text = _text(value, where, expected)
    if "@" in text:
        # The value is not shown: what stands before the @ is a password.
        raise UsageError(f"{where} carries a user name or password; credentials belong in the environment")
    if not text.startswith(("http://", "https://")):
        refuse(where, value, expected)
    return text


def _out(value: object, where: str) -> Path:
    return Path(_text(value, where, 'a directory such as "reports/runs/nightly"'))


def _file(value: object, where: str) -> Path:
    return Path(_text(value, where, 'a file such as "assay-baseline.toml"'))


def _choice(*known: str) -> Callable[[object, str], str]:
    def read(value: object, where: str) -> str:
        if value not in known:
            refuse(where, value, f"one of {', '.join(known)}")
        return str(value)

    return read


def _count(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        refuse(where, value, "a whole number from 0")
    return value


def _duration(value: object, where: str) -> float:
    expected = 'a duration above zero such as "250ms", "90s" or "10m"'
    try:
        seconds = parse_duration(_text(value, where, expected))
    except ValueError:
        refuse(where, value, expected)
    if seconds <= 0:
        refuse(where, value, expected)
    return seconds


def _amount(value: object, where: str) -> Decimal:
    expected = 'an amount in quotes such as "25.00"'
    try:
        return parse_amount(_text(value, where, expected))
    except ValueError:
        refuse(where, value, expected)


def _texts(value: object, where: str, expected: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        refuse(where, value, f"a list of {expected}")
    return tuple(dict.fromkeys(_text(item, where, expected) for item in value))


def _hosts(value: object, where: str) -> tuple[str, ...]:
    expected = 'host names such as "staging.example"'
    hosts = _texts(value, where, expected)
    for host in hosts:
        if "/" in host or "@" in host or " " in host:
            refuse(where, host, expected)
    return hosts


def _countries(value: object, where: str) -> tuple[str, ...]:
    expected = 'country codes such as "US"'
    codes = _texts(value, where, expected)
    for code in codes:
        if re.fullmatch("[A-Z]{2}", code) is None:
            refuse(where, code, expected)
    return codes


def _clauses(value: object, where: str) -> tuple[str, ...]:
    names = _texts(value, where, 'clause ids such as "LIFE-3"')
    return tuple(_clause(name, where).id for name in names)


def _clause(name: str, where: str) -> Clause:
    clauses = load_clauses()
    if name not in clauses:
        close = difflib.get_close_matches(name.upper()[:_SHOWN], clauses, n=1)
        hint = f"did you mean {close[0]!r}?" if close else "assay explain lists them"
        raise UsageError(f"{where}: unknown clause {name[:_SHOWN]!r}; {hint}")
    return clauses[name]


def _table(value: object, where: str, expected: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        refuse(where, value, expected)
    return value


def _severities(value: object, where: str) -> Mapping[str, Severity]:
    read = _choice(*Severity)
    table = _table(value, where, 'a table such as { LIFE-4 = "warning" }')
    return {_clause(name, where).id: Severity(read(level, f"{where}.{name}")) for name, level in table.items()}


def _tolerances(value: object, where: str) -> Mapping[str, Mapping[str, float]]:
    expected = "a table such as { VALUE-5 = { clock_skew_s = 600 } }"
    found: dict[str, Mapping[str, float]] = {}
    for name, numbers in _table(value, where, expected).items():
        clause = _clause(name, where)
        found[clause.id] = {
            tolerance: _tolerance(clause, tolerance, number, f"{where}.{name}")
            for tolerance, number in _table(numbers, f"{where}.{name}", expected).items()
        }
    return found


def _tolerance(clause: Clause, name: str, value: object, where: str) -> float:
    if not clause.tolerance:
        raise UsageError(f"{where}: {clause.id} has no tolerance to set")
    if name not in clause.tolerance:
        raise UsageError(f"{where}: unknown tolerance {name[:_SHOWN]!r}; {nearest(name, clause.tolerance)}")
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= MOST_NUMBER:
        refuse(f"{where}.{name}", value, "a number from 0")
    return float(value)


_READERS: Final[Mapping[str, Callable[[object, str], Any]]] = {
    "url": _url,
    "profile": _choice(*PROFILES, AUTO),
    "seed": _count,
    "out": _out,
    "baseline": _file,
    "depth": _choice(*DEPTHS),
    "time": _duration,
    "timeout": _duration,
    "max_purchases": _count,
    "max_spend": _amount,
    "allow_host": _hosts,
    "countries": _countries,
    "severity": _severities,
    "tolerance": _tolerances,
    "require": _clauses,
    "optional": _clauses,
}
"""How each setting is read; the names are the fields of ``Settings``."""


def read_toml(path: Path) -> Mapping[str, Any]:
    """Return a TOML file's document.

    Raises:
        UsageError: it cannot be read or is not TOML.
    """
    try:
        with open_foreign(path, links=True) as file:
            content = file.read(_MAX_FILE + 1)
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is not a file") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    if len(content) > _MAX_FILE:
        raise UsageError(f"{path} is larger than {_MAX_FILE} bytes; that is no settings file")
    if _DEEP_KEY.search(content):
        raise UsageError(f"{path} has a dotted key of more than 100 parts; that is no settings file")
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        # A decoding error's text may quote the file, which may hold anything; its first line is enough.
        reason = str(error).partition("\n")[0][:200]
        raise UsageError(f"{path} is not TOML: {reason}") from None


def _tool_table(document: Mapping[str, Any], source: str, *, must_exist: bool) -> Mapping[str, Any]:
    tool = document.get("tool", {})
    table = tool.get("assay") if isinstance(tool, dict) else None
    if table is None:
        if must_exist:
            raise UsageError(f"{source} has no table [tool.assay]")
        return {}
    return _table(table, f"{source}: tool.assay", "a table")
