"""Which values of an operation are secret: phone numbers, codes and passwords, wherever a body shows them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, islice
from typing import Final, Literal, TypeGuard

from contracts.document import parse
from contracts.history import Operation

Kind = Literal["code", "password", "phone", "withheld"]
"""What a secret is; ``withheld`` is what may be one for all that is known yet."""

_NAMES: Final[dict[Kind, str]] = {
    "code": "code logincode authcode smscode verificationcode onetimecode otp otpcode pin pincode",
    "password": "password passwd passcode passphrase pass pwd loginpassword secret",
    "phone": "phonenumber phone phonenr msisdn",
}
"""By kind, what members may be called: as the contract has it, and as a target may that shows what it should not.

What a target shows by any other name is withheld from the history (``doubtful_in``) until the run has told what it is.
"""

_KINDS: Final[dict[str, Kind]] = {name: kind for kind, names in _NAMES.items() for name in names.split()}
_MAX_BODY: Final = 1024 * 1024
"""Bytes of a body that are searched; what the record keeps of one is far less."""

_MAX_NODES: Final = 50_000
"""Values of a decoded body that are looked at."""

_MAX_FOUND: Final = 5_000
"""Secrets learnt from one body; a page of fifty purchases holds 150."""

_MEMBER: Final = re.compile(
    r'"([A-Za-z_-]{2,40})"\s{0,100}:\s{0,100}(?:"((?:[^"\\]|\\.){1,5000})|([0-9]{3,18})(?![0-9.eE]))',
    re.DOTALL,
)
_CREDENTIALS: Final = re.compile('"(?:verification|password|received_at)"')
_LONGEST_NAME: Final = 40
_NEAR: Final = 200
"""Characters before and after a member in which the rest of the credentials is looked for."""

_EXPECTED: Final = frozenset(
    "id country_code display_name ru en phone_number price amount currency_code status purchase_type verification code "
    "password received_at created_at emoji purchase_source items pagination current_page total_pages has_next purchase "
    "code_request attempt max_attempts next_attempt_at retry_after refund reason refunded_at discount base_price "
    "percent available balance statistics total_purchases error errors message detail details title type msg".split()
)
"""Members that answers have by the contract, and those in which refusals are told."""

_EXPECTED_HEADERS: Final = frozenset(
    "accept-ranges age allow alt-svc cache-control connection content-encoding content-language content-length "
    "content-type date expires keep-alive last-modified location pragma retry-after server strict-transport-security "
    "transfer-encoding vary via".split()
)
"""Header fields whose values are needed to judge an answer, or are no place for a secret."""

_NUMBER: Final = re.compile(r"\+[1-9][0-9]{7,14}(?![0-9])")
_LONGEST_STRAY: Final = 4096
_SHORTEST_STRAY: Final = 4
_IN_HEADER: Final = re.compile(r'[^\s;,="]{4,4096}')

_LOGIN_CODE: Final = re.compile(r"[0-9]{4,8}")
_SHORTEST_FRAGMENT: Final = 6


def secrets_in(operation: Operation) -> Iterator[tuple[Kind, str]]:
    """Yield the kind and value of every secret that an operation shows.

    Bodies are searched as text, so that secrets of a body that is cut, nested beyond reason or has a key
    twice are found, and decoded, so that keys and values written with escapes are.

    Args:
        operation: any recorded call.
    """
    yield from _in_body(operation.input.body, served=False)
    for name, value in operation.input.query:
        kind = _kind(name)
        # The list takes a fragment of a phone number; a short one tells nothing and occurs everywhere.
        if kind is not None and len(value) >= _SHORTEST_FRAGMENT:
            yield kind, value
    if operation.answer is not None:
        yield from _in_body(operation.answer.body, served=200 <= operation.answer.status < 300)


def strays_in(operation: Operation) -> Iterator[tuple[Kind, str]]:
    """Yield what may be anybody's secret in an answer, for those who have not seen all answers of a run.

    A target may repeat in one answer what it told somebody else in another one: phone numbers anywhere, and single
    words in members that nobody expects.

    Args:
        operation: any recorded call.
    """
    if operation.answer is None:
        return
    body = operation.answer.body[:_MAX_BODY]
    yield from (("phone", number) for number in _numbers(body))
    yield from (("password", node) for node, stray in _leaves(body) if stray and _is_word(node))


def _numbers(body: bytes) -> Iterator[str]:
    found = _NUMBER.finditer(body.decode("utf-8", "surrogateescape"))
    return islice((match.group() for match in found), _MAX_FOUND)


def _leaves(body: bytes) -> Iterator[tuple[object, bool]]:
    """Yield what is neither object nor list, and whether it stands in a member that nobody expects."""
    pending: list[tuple[object, bool]] = [(parse(body).value, False)]
    looked = 0
    while pending and looked < _MAX_NODES:
        node, stray = pending.pop()
        looked += 1
        if isinstance(node, dict):
            pending.extend((child, stray or key not in _EXPECTED) for key, child in node.items())
        elif isinstance(node, list):
            pending.extend((child, stray) for child in node)
        else:
            yield node, stray


def doubtful_in(operation: Operation) -> Iterator[str]:
    """Yield what an answer shows that may turn out to be a secret: strays, and words in header fields of no known use.

    What an expected member of the same answer shows as well is left out: there it is needed, and hides nothing.

    Args:
        operation: any recorded call.
    """
    if operation.answer is None:
        return
    body = operation.answer.body[:_MAX_BODY]
    yield from _numbers(body)
    leaves = list(_leaves(body))
    if any(stray for _, stray in leaves):
        expected = {str(node) for node, stray in leaves if not stray}
        yield from (node for node, stray in leaves if stray and _is_word(node) and node not in expected)
    for name, value in operation.answer.headers:
        if name.lower() not in _EXPECTED_HEADERS:
            yield from islice((match.group() for match in _IN_HEADER.finditer(value)), _MAX_FOUND)


def _is_word(text: object) -> TypeGuard[str]:
    """Tell a word from a sentence, which is for people to read."""
    if not isinstance(text, str):
        return False
    return _SHORTEST_STRAY <= len(text) <= _LONGEST_STRAY and not any(map(str.isspace, text))


def _in_body(body: bytes, *, served: bool) -> Iterator[tuple[Kind, str]]:
    part = body[:_MAX_BODY]
    if part:
        yield from islice(chain(_in_text(part, served=served), _in_document(part, served=served)), _MAX_FOUND)


def _in_text(body: bytes, *, served: bool) -> Iterator[tuple[Kind, str]]:
    # Without its NUL bytes, ASCII text in UTF-16 reads as UTF-8.
    text = body.decode("utf-8", "surrogateescape").replace("\0", "")
    for match in _MEMBER.finditer(text):
        kind = _kind(match.group(1))
        if kind is None:
            continue
        value = _unescaped(match.group(2)) if match.group(2) is not None else int(match.group(3))
        near = text[max(0, match.start() - _NEAR) : match.end() + _NEAR]
        if _is_secret(value, kind, sure=_CREDENTIALS.search(near) is not None, served=served):
            yield kind, str(value)


def _in_document(body: bytes, *, served: bool) -> Iterator[tuple[Kind, str]]:
    """Walk a decoded body without recursion, for a target decides how deep it is."""
    pending: list[tuple[object, Kind | None, bool]] = [(parse(body).value, None, False)]
    looked = 0
    while pending and looked < _MAX_NODES:
        node, kind, sure = pending.pop()
        looked += 1
        if isinstance(node, dict):
            inside = sure or "password" in node or "received_at" in node
            pending.extend((child, _kind(key), inside or key == "verification") for key, child in node.items())
        elif isinstance(node, list):
            pending.extend((child, kind, sure) for child in node)
        elif kind is not None and _is_secret(node, kind, sure=sure, served=served):
            yield kind, str(node)


def _is_secret(value: object, kind: Kind, *, sure: bool, served: bool) -> bool:
    """Tell a secret from what else may be called ``code``: error documents have one, a word for programs."""
    if isinstance(value, int):
        return not isinstance(value, bool) and 0 <= value < 10**18 and (sure or served or kind != "code")
    if not isinstance(value, str):
        return False
    if kind != "code" or sure:
        return True
    return any(map(str.isdigit, value)) if served else _LOGIN_CODE.fullmatch(value) is not None


@lru_cache(maxsize=1000)
def _kind(name: str) -> Kind | None:
    """Return what a member holds by its name, letter case and what joins its words left out."""
    return _KINDS.get(name.lower().replace("_", "").replace("-", "")) if len(name) <= _LONGEST_NAME else None


def _unescaped(raw: str) -> str:
    try:
        return str(json.loads(f'"{raw}"', strict=False))
    except ValueError:
        return raw
