"""A recorded request as a curl command line that sends it again, keys taken from the environment."""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from contracts.history import Operation
from contracts.record.masking import Masker

KEY_VARIABLES: Final[Mapping[str, str]] = {
    "owner": "ASSAY_API_KEY",
    "other": "ASSAY_OTHER_API_KEY",
    "admin": "ASSAY_ADMIN_KEY",
}
"""Environment variable that holds the key of each label of the masker."""

MAX_BODY: Final = 8 * 1024
"""Bytes of the longest body that is written into a command line."""

_KEY: Final = re.compile(r"<key:(owner|other|admin)>")
_CURLS_OWN: Final = frozenset({"host", "content-length", "connection", "transfer-encoding", "accept-encoding"})
"""Headers that curl writes itself, and accept-encoding, for which it would print compressed bytes."""

_ESCAPES: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\", "'": "\\'"}


def curl(operation: Operation, base_url: str, masker: Masker) -> str:
    """Return the command line that sends a request again.

    Keys are read from the environment variables in ``KEY_VARIABLES``; other secrets are masked. It is
    written for bash and zsh, for only they can quote control characters.

    Args:
        operation: any recorded call.
        base_url: the target's base URL.
        masker: knows the run's secrets.
    """
    sent = operation.input
    words = ["curl", "-sS", "-i"]
    words += ["--head"] if sent.method == "HEAD" else ["-X", shlex.quote(sent.method)]
    # The base URL holds no secret, and a port may well equal a code.
    url = base_url + masker.mask(sent.path + query_string(sent.query))
    if any(character in url for character in "[]{}"):
        words.append("--globoff")
    if "/." in url:
        words.append("--path-as-is")
    words.append(_quoted(url))
    names = {name.lower() for name, _ in sent.headers}
    for name, value in sent.headers:
        if name.lower() not in _CURLS_OWN:
            # curl drops a header without a value unless a semicolon stands for the colon.
            words += ["-H", _quoted(masker.mask(f"{name}: {value}" if value else f"{name};"))]
    if "x-api-key" not in names and operation.principal in KEY_VARIABLES:
        # A load run records no key, and its principal showed one all the same.
        words += ["-H", _quoted(f"x-api-key: <key:{operation.principal}>")]
    if not sent.body:
        # -X POST alone sends no length, which some servers refuse with 411.
        return " ".join([*words, *(["-H", "'content-length: 0'"] if sent.method not in {"GET", "HEAD"} else [])])
    if "content-type" not in names:
        words += ["-H", "content-type:"]
    return _with_body(words, operation, masker)


def query_string(pairs: tuple[tuple[str, str], ...]) -> str:
    """Return decoded query pairs as they stand in a URL, question mark included; empty without pairs."""
    if not pairs:
        return ""
    return "?" + "&".join("=".join(quote(part, safe="", errors="surrogatepass") for part in pair) for pair in pairs)


def _with_body(words: list[str], operation: Operation, masker: Masker) -> str:
    body = operation.input.body
    if len(body) > MAX_BODY:
        file = f"body-{operation.index}"
        return " ".join([*words, "--data-binary", f"@{file}"]) + f"  # {file}: {len(body)} bytes, see history.jsonl"
    text = masker.mask(body.decode("utf-8", "surrogateescape"))
    try:
        text.encode("utf-8")
        odd = "\0" in text or text.startswith("@")
    except UnicodeEncodeError:
        odd = True
    if not odd:
        return " ".join([*words, "--data-binary", _quoted(text)])
    encoded = base64.b64encode(text.encode("utf-8", "surrogateescape")).decode("ascii")
    return f"printf %s {shlex.quote(encoded)} | base64 -d | " + " ".join([*words, "--data-binary", "@-"])


def _quoted(text: str) -> str:
    """Quote a masked text for a shell; a whole key becomes its environment variable."""
    parts = _KEY.split(text)
    words = [
        f'"${KEY_VARIABLES[part]}"' if number % 2 else _quoted_part(part) for number, part in enumerate(parts) if part
    ]
    return "".join(words) or "''"


def _quoted_part(text: str) -> str:
    if text.isprintable():
        return shlex.quote(text)
    return "$'" + "".join(_escaped(character) for character in text) + "'"


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    # Bytes in octal: \x would swallow a hexadecimal digit that follows.
    errors = "surrogateescape" if "\udc80" <= character <= "\udcff" else "surrogatepass"
    return "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", errors))
