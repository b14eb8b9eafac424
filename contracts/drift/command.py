"""The command `assay drift`: two contracts compared, or a run's answers laid beside one."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import yaml
from rich.console import Console

from contracts.drift.compare import compare
from contracts.drift.load import load_api
from contracts.drift.observe import Observer
from contracts.drift.overlay import apply_overlay, propose
from contracts.drift.rules import RULES
from contracts.drift.tell import Comparison, Source, document, markdown, one_line, plain, render, render_rules
from contracts.drift.walk import Api, read_api
from contracts.errors import UsageError
from contracts.foreign import open_foreign
from contracts.history import OWNER, Operation
from contracts.profiles import DEFAULT_PROFILE, PROFILES, openapi_document
from contracts.record.historyfile import read_history
from contracts.record.rundir import HISTORY, RESULT
from contracts.target import KEY_VARIABLES

EPILOG: Final = (
    "Examples:\n\n"
    "assay drift 2026-02 2026-05                          the two profiles\n\n"
    "assay drift openapi.yaml http://127.0.0.1:8080       a file and a running target\n\n"
    "assay drift old.yaml new.yaml --markdown drift.md    for a pull request\n\n"
    "assay drift --observed reports/runs/20260223T101500Z-gate --write overlay.yaml\n\n"
    "Exit codes: 0 nothing breaks a consumer of the old contract, 1 something does, 2 usage."
)
"""Text below the command's options."""

_MAX_RESULT: Final = 8 * 1024 * 1024


def drift(
    old: Annotated[
        str | None,
        typer.Argument(help=f"What consumers were built for: an OpenAPI file, a URL, or {' or '.join(PROFILES)}."),
    ] = None,
    new: Annotated[str | None, typer.Argument(help="What they will meet, likewise.")] = None,
    *,
    observed: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Instead: what the answers of a run showed beyond its profile.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help=f"With --observed, the profile to compare with: {', '.join(PROFILES)}.")
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --observed, propose an OpenAPI Overlay in a new file, YAML or JSON."),
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="A host that is not loopback and whose document may be read.")
    ] = None,
    markdown_file: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Write the result as Markdown as well.")
    ] = None,
    rules: Annotated[bool, typer.Option("--rules", help="List the rules and end.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show one line.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write the result as JSON to standard output.")] = False,
) -> int:
    """Compare two contracts: what was added, removed or changed, and does it break who was built for the old one?

    Requests and answers are judged apart: a new required key breaks in a request, and does not in an answer. Only
    GET is sent to a URL; where the target asks for a key, that of ASSAY_API_KEY is shown.
    """
    if rules:
        _show_rules(as_json=as_json)
        return 0
    if observed is not None:
        if old is not None:
            raise UsageError(f"--observed takes a run alone, and {old!r} was given as well; leave one of them out")
        comparison = _observed(observed, profile, write)
    else:
        for option, value in (("--profile", profile), ("--write", write)):
            if value is not None:
                raise UsageError(f"{option} {str(value)!r} goes with --observed RUN alone")
        if old is None or new is None:
            raise UsageError("two contracts are compared: assay drift OLD NEW, such as assay drift 2026-02 2026-05")
        comparison = _compared(old, new, allow_host or [])
    if markdown_file is not None:
        _write(markdown_file, markdown(comparison), fresh=False)
    if as_json:
        # Pure ASCII, so that no text of a document can trouble a terminal or a pipe.
        sys.stdout.write(json.dumps(document(comparison), indent=2) + "\n")
    elif quiet:
        typer.echo(one_line(comparison))
    else:
        render(comparison, Console(highlight=False))
    return comparison.exit_code


def _show_rules(*, as_json: bool) -> None:
    if as_json:
        entries = [
            {"id": rule.id, "severity": rule.severity, "kind": rule.kind, "side": rule.side, "title": rule.title,
             "why": rule.why}
            for rule in RULES.values()
        ]  # fmt: skip
        sys.stdout.write(json.dumps(entries, indent=2) + "\n")
    else:
        render_rules(Console(highlight=False))


def _compared(old: str, new: str, allow_hosts: list[str]) -> Comparison:
    key = os.environ.get(KEY_VARIABLES[OWNER]) or None
    if key is not None and not (key.isascii() and key.isprintable() and key.strip() == key):
        raise UsageError(f"{KEY_VARIABLES[OWNER]} holds characters that cannot stand in a header; it is not shown here")
    before = load_api(old, allow_hosts=allow_hosts, key=key)
    after = load_api(new, allow_hosts=allow_hosts, key=key)
    return Comparison(_source(before), _source(after), compare(before, after), {})


def _source(api: Api) -> Source:
    return Source(api.name, api.title, api.version)


def _observed(run: Path, profile: str | None, write: Path | None) -> Comparison:
    directory = run.parent if run.name in {RESULT, HISTORY} else run
    name = profile if profile is not None else _profile_of(directory)
    if name not in PROFILES:
        raise UsageError(f"--profile {name!r} is not one of {', '.join(PROFILES)}")
    if write is not None and write.exists():
        raise UsageError(f"{write} exists; give --write a new file")
    observer = Observer(name)
    for operation in _operations(directory):
        observer.take(operation)
    if not observer.answers:
        raise UsageError(f"{directory} holds no answer that could be laid beside the contract")
    overlay = propose(name, openapi_document(name), observer.sightings)
    notes = [f"{observer.answers:,} answers compared, {observer.unread:,} could not be read"]
    if observer.dropped:
        notes.append(f"{observer.dropped:,} further differences are not told apart")
    written = None
    if write is not None and overlay is not None:
        _write_overlay(write, name, overlay)
        written = str(write)
        notes.append(f"proposed: {len(overlay['actions'])} actions in {write}")
    elif write is not None:
        notes.append(f"nothing to propose; {write} is not written")
    facts = {
        "observed": {
            "run": str(directory), "answers": observer.answers, "unread": observer.unread,
            "dropped": observer.dropped, "overlay": written,
        }
    }  # fmt: skip
    info = openapi_document(name)["info"]
    old = Source(name, info["title"], info["version"])
    return Comparison(old, Source(str(directory), "observed answers", ""), observer.changes(), facts, notes)


def _profile_of(directory: Path) -> str:
    """Return the profile that a run was judged by; a killed run that wrote none was told it or has the default."""
    path = directory / RESULT
    try:
        with open_foreign(path, links=False) as stream:
            result = json.loads(stream.read(_MAX_RESULT))
    except FileNotFoundError:
        return DEFAULT_PROFILE
    except NotADirectoryError:
        raise UsageError(f"{directory} is no run directory") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{path} is not the result of a run; name the profile with --profile") from None
    profile = result.get("profile") if isinstance(result, dict) else None
    if profile not in PROFILES:
        raise UsageError(f"{path} names no profile that is known; name one with --profile")
    return str(profile)


def _operations(directory: Path) -> Iterator[Operation]:
    path = directory / HISTORY
    try:
        yield from read_history(path)
    except FileNotFoundError:
        raise UsageError(f"{directory} holds no run: there is no {path}") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(str(error)) from None


def _write_overlay(path: Path, profile: str, overlay: dict[str, Any]) -> None:
    # What is proposed must be a contract again; an overlay that is not would be a fault of ours.
    read_api(str(path), apply_overlay(openapi_document(profile), overlay))
    if path.suffix.lower() == ".json":
        text = json.dumps(overlay, indent=2, ensure_ascii=False) + "\n"
    else:
        text = yaml.safe_dump(overlay, sort_keys=False, allow_unicode=True, width=110)
    _write(path, text, fresh=True)


def _write(path: Path, text: str, *, fresh: bool) -> None:
    try:
        with path.open("x" if fresh else "w", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(text)
    except FileExistsError:
        raise UsageError(f"{path} exists; give --write a new file") from None
    except OSError as error:
        raise UsageError(f"cannot write {plain(str(path))}: {error.strerror}") from None
