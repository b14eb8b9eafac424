"""``exchanges.har``: recorded exchanges as browsers' developer tools open them (HTTP Archive 1.2)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import parse_qsl

import harfile

from reports.errors import DocumentError
from reports.partial import HISTORY, lines


class Exchanges(StrEnum):
    """Which recorded calls an archive holds."""

    FINDINGS = "findings"
    ALL = "all"


_HTTP: Final = "HTTP/1.1"
_CREATOR: Final = harfile.Creator(name="assay", version="1")


def exchanges(document: Mapping[str, Any], run_dir: Path, *, every: bool) -> Iterator[dict[str, Any]]:
    """Yield recorded calls, as ``history.jsonl`` has them.

    Where the history is gone, the evidence of the findings stands for it, without headers.

    Args:
        document: a valid ``run.json``.
        run_dir: where the history is.
        every: whether all calls are wanted, not only those of findings.

    Raises:
        DocumentError: all calls are wanted and there is no history.
    """
    wanted = {call["index"]: call for finding in document["findings"] for call in finding["evidence"]}
    history = run_dir / HISTORY
    if every or history.is_file():
        for line in _recorded(history, None if every else wanted.keys()):
            wanted.pop(line["index"], None)
            yield line
    yield from (_from_evidence(call) for index, call in sorted(wanted.items()) if call["method"] is not None)


def write_har(document: Mapping[str, Any], calls: Iterable[Mapping[str, Any]], stream: IO[str]) -> int:
    """Write recorded calls as an HTTP Archive, one at a time.

    Everything is as masked as the history is. Header sizes and the phases of a call were not recorded: the
    whole time counts as waiting.

    Args:
        document: a valid ``run.json``; the comment of an exchange names its findings in it.
        calls: lines of the history.
        stream: where to; what is written is pure ASCII.

    Returns:
        How many exchanges were written.
    """
    found: dict[int, list[str]] = {}
    for finding in document["findings"]:
        for call in finding["evidence"]:
            found.setdefault(call["index"], []).append(finding["id"])
    started = datetime.fromisoformat(document["started"])
    about = f"assay {document['command']} of {document['target']}, {document['verdict']}, seed {document['seed']}"
    if document["partial"]:
        about += "; the run ended before its time"
    written = 0
    with harfile.HarFile.open(stream, creator=_CREATOR, comment=about) as archive:
        for call in calls:
            milliseconds = round(max(0.0, call["returned"] - call["invoked"]) * 1000, 3)
            try:
                began = started + timedelta(seconds=call["invoked"])
            except (OverflowError, ValueError):
                sent = f"operation {call['index']} was sent {call['invoked']:g} s after {document['started']}"
                raise DocumentError(f"{sent}, which no calendar has") from None
            archive.add_entry(
                startedDateTime=began.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                time=milliseconds,
                request=_request(call, document["target"]),
                response=_response(call),
                timings=harfile.Timings(send=0, wait=milliseconds, receive=0),
                connection=call["lane"] or None,
                comment=_comment(call, found.get(call["index"], ())),
            )
            written += 1
    return written


def _recorded(history: Path, wanted: Iterable[int] | None) -> Iterator[dict[str, Any]]:
    """Yield the lines of a history, those of some indices or all; of the others only the beginning is read."""
    heads = None if wanted is None else {b'{"index":%d' % index for index in wanted}
    try:
        for number, line in enumerate(lines(history), 1):
            if heads is not None:
                if not heads:
                    return
                head = line[: line.find(b",")]
                if head not in heads:
                    continue
                heads.discard(head)
            call = _parsed(line)
            if not _is_call(call):
                raise DocumentError(f"{history}: line {number} is no operation")
            yield call
    except OSError as error:
        raise DocumentError(f"cannot read {history}: {error.strerror}") from None


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _is_call(call: object) -> bool:
    """Tell whether a line has what an exchange is written from."""
    if not isinstance(call, dict):
        return False
    times = (call.get("invoked"), call.get("returned"))
    return (
        isinstance(call.get("index"), int)
        and all(isinstance(time, int | float) and abs(time) < 1e9 for time in times)
        and all(isinstance(call.get(name), str) for name in ("principal", "method", "path", "lane"))
        and all(isinstance(call.get(name), str | None) for name in ("request_body", "response_body", "error"))
        and isinstance(call.get("status"), int | None)
        and all(_are_pairs(call.get(name)) for name in ("query", "request_headers"))
        and (call.get("response_headers") is None or _are_pairs(call["response_headers"]))
    )


def _are_pairs(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair) for pair in value
    )


def _from_evidence(call: Mapping[str, Any]) -> dict[str, Any]:
    path, _, query = call["path"].partition("?")
    return {
        **call,
        "path": path,
        "query": [list(pair) for pair in parse_qsl(query, keep_blank_values=True)],
        "lane": "",
        "request_headers": [],
        "request_body": call["request"],
        "response_headers": [] if call["status"] is not None else None,
        "response_body": call["response"],
    }


def _request(call: Mapping[str, Any], target: str) -> harfile.Request:
    headers = call["request_headers"]
    text, note = _body(call, "request_body")
    query = "&".join("=".join(map(_quoted, pair)) for pair in call["query"])
    post = None
    if text:
        post = harfile.PostData(mimeType=_header(headers, "content-type"), text=text, comment=note)
    return harfile.Request(
        method=call["method"],
        url=target + call["path"] + (f"?{query}" if query else ""),
        httpVersion=_HTTP,
        headers=_records(headers),
        queryString=_records(call["query"]),
        postData=post,
        bodySize=call.get("request_body_cut", len(text.encode("utf-8", "surrogatepass"))),
    )


def _response(call: Mapping[str, Any]) -> harfile.Response:
    headers = call.get("response_headers") or []
    if call["status"] is None:
        # Status 0 is what browsers themselves write of a call without an answer.
        return harfile.Response(0, "", _HTTP, comment=call["error"] or "no answer")
    encoded = call.get("response_body_base64")
    text, note = _body(call, "response_body")
    size = call.get("response_body_cut", len(text.encode("utf-8", "surrogatepass")))
    content = harfile.Content(
        size=size,
        mimeType=_header(headers, "content-type"),
        text=encoded if encoded is not None else text,
        encoding="base64" if encoded is not None else None,
        comment=note,
    )
    return harfile.Response(
        status=call["status"],
        statusText="",
        httpVersion=_HTTP,
        headers=_records(headers),
        content=content,
        redirectURL=_header(headers, "location"),
        bodySize=size,
    )


def _body(call: Mapping[str, Any], name: str) -> tuple[str, str | None]:
    """Return a body as text, and what is to be said of it."""
    encoded, cut = call.get(f"{name}_base64"), call.get(f"{name}_cut")
    notes = [] if cut is None else [f"cut; it had {cut} bytes"]
    if encoded is not None and name == "request_body":
        # A posted text has no encoding of its own in HAR 1.2.
        notes.append("base64 of what was sent")
    return encoded if encoded is not None else call.get(name) or "", "; ".join(notes) or None


def _header(headers: Sequence[Sequence[str]], name: str) -> str:
    return next((value for key, value in headers if key.lower() == name), "")


def _records(pairs: Sequence[Sequence[str]]) -> list[harfile.Record]:
    return [harfile.Record(name, value) for name, value in pairs]


def _quoted(text: str) -> str:
    """Return a part of a query as a URL has it; masks stay readable."""
    return "".join(
        character
        if character.isalnum() or character in "-._~<>:"
        else "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))
        for character in text
    )


def _comment(call: Mapping[str, Any], findings: Sequence[str]) -> str:
    parts = [f"operation {call['index']} by {call['principal']}", *findings]
    return "; ".join(dict.fromkeys(parts))
