"""What a near miss is, and what of the target it needs to know."""

from __future__ import annotations

from dataclasses import dataclass, field

from contracts.history import OWNER, Aim


@dataclass(frozen=True, slots=True)
class Subject:
    """What near misses are made from.

    Attributes:
        country: a code that the target sells, so that only the slip itself can be the reason of a refusal.
        purchase: id of a purchase of the owner, None while there is none.
        key: the owner's key.
        wrong_key: a key of the same shape that nobody has.
    """

    country: str
    purchase: int | None
    key: str = field(repr=False)
    wrong_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NearMiss:
    """One request that is almost lawful.

    Attributes:
        name: unique, for selection and reports (``country_code/newline-after``).
        method: HTTP method.
        path: path below the base URL, percent-encoded.
        body: bytes of the body.
        query: decoded query pairs.
        headers: further headers; a stranger's key stands here.
        principal: whose key is shown.
        aim: what is meant, where the request alone does not tell.
        essential: sent at every depth; the others from ``full`` on.
    """

    name: str
    method: str
    path: str
    body: bytes = b""
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    principal: str = OWNER
    aim: Aim | None = None
    essential: bool = False
