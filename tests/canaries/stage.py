"""A target that gives every secret away, and commands run where everything they leave behind can be searched."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings
from tests.gate.stand import falsified
from tests.reports.canaries import leaks

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("ASSAY_API_KEY", "ASSAY_OTHER_API_KEY", "ASSAY_ADMIN_KEY")
LATEST = 60
"""Secrets of purchases that are looked for: the first and the last of so many; all keys always are."""


class Gossip:
    """A target that repeats, in its refusals, its lists and its errors, whatever it has ever told anybody."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = list(keys)
        self.secrets: dict[str, None] = dict.fromkeys(keys)
        self._lock = threading.Lock()

    def __call__(self, method: str, path: str, body: bytes, status: int, document: Any) -> tuple[int, Any]:
        with self._lock:
            for purchase in _purchases(document):
                verification = purchase.get("verification") or {}
                found = [purchase.get("phone_number"), verification.get("code"), verification.get("password")]
                self.secrets |= dict.fromkeys(value for value in found if isinstance(value, str))
            known = list(self.secrets)
        if isinstance(document, dict) and (status >= 400 or path == "/v1/profile"):
            document["debug"] = [form for secret in [*known[:3], *known[-6:]] for form in _spellings(secret)]
            if b"ZZ" in body or len(body) > 60:
                status = 500
        return status, document

    @property
    def told(self) -> list[str]:
        """Secrets to look for; sandbox codes of five digits stand in times and ids by chance."""
        long = [secret for secret in self.secrets if len(secret) > 5]
        return list(dict.fromkeys([*self.keys, *long[:LATEST], *long[-LATEST:]]))


def _purchases(document: Any) -> Iterator[dict[str, Any]]:
    if isinstance(document, dict):
        shown = [document, document.get("purchase"), *(document.get("items") or [])]
        yield from (purchase for purchase in shown if isinstance(purchase, dict) and "phone_number" in purchase)


def _spellings(secret: str) -> list[str]:
    encoded = base64.b64encode(secret.encode()).decode()
    spelt = "".join(f"\\u{ord(character):04x}" for character in secret)
    utf_16 = "\0".join(secret) + "\0"
    return [
        secret,
        quote(secret, safe=""),
        encoded,
        spelt,
        json.dumps(secret),
        utf_16,
        secret.upper(),
        *_layers(secret),
    ]


def _layers(secret: str) -> list[str]:
    """Return forms that have to be taken apart, or that lie over one another."""
    packed = base64.urlsafe_b64encode(json.dumps({"k": secret}).encode()).decode().rstrip("=")
    references = "".join(f"&#{ord(character)};" for character in secret)
    twice = quote(quote(secret, safe=""), safe="")
    forms = [packed, references, secret.encode().hex(":"), json.dumps(list(secret.encode())), twice]
    return [form for form in forms if form != secret]


@dataclass
class Ran:
    """What a command left on its way: exit code, both streams, and the command lines of it and its children."""

    code: int
    out: bytes
    err: bytes
    commands: set[bytes] = field(default_factory=set)


class Stage:
    """Fresh folders for everything that a command may write to, and the environment that leads there.

    Args:
        place: an empty folder.
        keys: of the target.
    """

    def __init__(self, place: Path, keys: Sequence[str]) -> None:
        self.place = place
        self.cwd, home, temporary = (place / name for name in ("cwd", "home", "tmp"))
        for folder in (self.cwd, home, temporary):
            folder.mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "PYTEST"))}
        self.environment = {
            **kept, "PYTHONPATH": str(ROOT), "HOME": str(home), "TMPDIR": str(temporary),
            **dict(zip(NAMES, keys, strict=True)),
        }  # fmt: skip

    def run(self, *command: str, during: Any = None, **environment: str) -> Ran:
        """Run Python to its end; ``during`` is called again and again until then."""
        process = subprocess.Popen(
            [sys.executable, *command], cwd=self.cwd, env=self.environment | environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        commands: set[bytes] = set()
        streams: list[bytes] = []
        reader = threading.Thread(target=lambda: streams.extend(process.communicate()))
        reader.start()
        while reader.is_alive():
            commands |= _command_lines(process.pid)
            if during is not None:
                during()
            reader.join(0.1)
        return Ran(process.returncode, streams[0], streams[1], commands)

    def assay(self, *arguments: str, **environment: str) -> Ran:
        """Run a command of ours."""
        return self.run("-m", "assay", *arguments, **environment)

    def leaks(self, secrets: Sequence[str], *ran: Ran) -> dict[str, list[str]]:
        """Return where secrets stand: in streams, command lines, names or contents of files; empty where nowhere."""
        found: dict[str, list[str]] = {}
        for number, one in enumerate(ran):
            found[f"stdout {number}"] = spelt(one.out, secrets)
            found[f"stderr {number}"] = spelt(one.err, secrets)
            found[f"command lines {number}"] = spelt(b"\n".join(one.commands), secrets)
        for path in sorted(self.place.rglob("*")):
            name = str(path.relative_to(self.place))
            found[f"name {name}"] = spelt(name.encode(), secrets)
            if path.is_file() and not path.is_symlink():
                for inside, content in opened(path.name, path.read_bytes()):
                    found[f"{name} {inside}".strip()] = spelt(content, secrets)
        return {where: what for where, what in found.items() if what}


def spelt(content: bytes, secrets: Sequence[str]) -> list[str]:
    """Return which secrets stand in bytes, in hexadecimal as well."""
    hexadecimal = [s for s in secrets if s.encode().hex().encode() in content.lower()]
    layered = [secret for secret in secrets if any(form.encode() in content for form in _layers(secret))]
    return [
        *leaks(content, secrets),
        *(f"{secret} (hexadecimal)" for secret in hexadecimal),
        *(f"{secret} (layered)" for secret in layered),
    ]


def opened(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a file as it is, and what is packed into it."""
    yield "", content
    if content[:2] == b"\x1f\x8b":
        with suppress(OSError, EOFError):
            yield "unpacked", gzip.decompress(content)
    elif content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                yield from ((f"{member} {inside}", data) for inside, data in opened(member, archive.read(member)))


def _command_lines(pid: int) -> set[bytes]:
    """Return the command lines of a process and of all that it started."""
    found: set[bytes] = set()
    pending = [pid]
    while pending:
        one = pending.pop()
        with suppress(OSError):
            found.add(Path(f"/proc/{one}/cmdline").read_bytes().replace(b"\0", b" "))
            for task in Path(f"/proc/{one}/task").iterdir():
                pending += map(int, (task / "children").read_text().split())
    return found


@contextmanager
def gossiping(place: Path, seed: int = 5) -> Iterator[tuple[str, Gossip, Stage]]:
    """Yield the URL of a target that gives everything away, what it knows, and a stage for commands against it."""
    settings = Settings(seed=seed, failure_rate=0.1, balance="999999.00")
    keys = (settings.owner_key, settings.other_key, settings.admin_key)
    target = Gossip(keys)
    with SandboxThread(settings, falsified(target)) as sandbox:
        yield sandbox.url, target, Stage(place, keys)
