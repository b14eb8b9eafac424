"""Secrets as a document must never show them: the forms they can take, and a search through every layer of a file."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote


def forms(secret: str) -> dict[str, bytes]:
    """Return a secret plain, percent-encoded, in base64, with JSON's escapes, and in UTF-16, by name."""
    raw = secret.encode()
    return {
        "plain": raw,
        "percent": quote(secret, safe="").encode(),
        "percent, each byte": "".join(f"%{byte:02X}" for byte in raw).encode(),
        "percent, each byte, lower case": "".join(f"%{byte:02x}" for byte in raw).encode(),
        "base64": base64.b64encode(raw).rstrip(b"="),
        "base64 for URLs": base64.urlsafe_b64encode(raw).rstrip(b"="),
        "JSON": json.dumps(secret)[1:-1].encode(),
        "JSON, each character": "".join(f"\\u{ord(character):04x}" for character in secret).encode(),
        "UTF-16, little end first": secret.encode("utf-16-le"),
        "UTF-16, big end first": secret.encode("utf-16-be"),
    }


def leaks(content: bytes, secrets: Sequence[str]) -> list[str]:
    """Return which secrets stand in a document in which form; empty where none does."""
    layers = list(_layers(content))
    return [
        f"{secret} ({name})"
        for secret in secrets
        for name, form in forms(secret).items()
        if any(form in layer for layer in layers)
    ]


def leaking(directory: Path, secrets: Sequence[str]) -> dict[str, list[str]]:
    """Return the files below a directory that show a secret, by name."""
    found = {
        str(path.relative_to(directory)): leaks(path.read_bytes(), secrets)
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }
    return {name: secrets_ for name, secrets_ in found.items() if secrets_}


def _layers(content: bytes) -> Iterator[bytes]:
    """Yield a document as it is, and as those see it who take its encodings off."""
    yield content
    yield html.unescape(content.decode("utf-8", "replace")).encode("utf-8", "surrogatepass")
    texts = "\n".join(_strings(content))
    yield texts.encode("utf-8", "surrogatepass")
    # JSON inside of JSON: the bodies of a history.
    yield texts.replace('\\"', '"').replace("\\\\", "\\").encode("utf-8", "surrogatepass")
    for text in texts.split("\n"):
        try:
            yield base64.b64decode(text, validate=True)
        except ValueError:
            continue


def _strings(content: bytes) -> Iterator[str]:
    for part in (content, *content.splitlines()):
        try:
            pending = [json.loads(part)]
        except ValueError:
            continue
        while pending:
            node = pending.pop()
            if isinstance(node, str):
                yield node
            elif isinstance(node, dict):
                pending += [*node.keys(), *node.values()]
            elif isinstance(node, list):
                pending += node
