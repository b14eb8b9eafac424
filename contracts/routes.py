"""Which API operation a method and path name."""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import unquote

from contracts.history import ApiOperation


class Route(NamedTuple):
    """Where a request goes.

    Attributes:
        api_operation: the operation, OTHER when the method is not one of the path's.
        parameter: the decoded path parameter (an id or a country code), None where there is none.
        slash: True for the form with a trailing slash.
        known_path: True when the path is one of the contract's, whatever the method.
    """

    api_operation: ApiOperation
    parameter: str | None
    slash: bool
    known_path: bool


PATHS: Final[dict[ApiOperation, str]] = {
    ApiOperation.CREATE: "/v1/purchases",
    ApiOperation.LIST: "/v1/purchases",
    ApiOperation.RETRIEVE: "/v1/purchases/{id}",
    ApiOperation.REQUEST_CODE: "/v1/purchases/{id}/request-code",
    ApiOperation.REFUND: "/v1/purchases/{id}/refund",
    ApiOperation.ACCOUNT: "/v1/accounts/{country_code}",
    ApiOperation.PROFILE: "/v1/profile",
}
"""Path template of each API operation, without the trailing slash."""

METHODS: Final[dict[ApiOperation, str]] = {
    ApiOperation.CREATE: "POST",
    ApiOperation.LIST: "GET",
    ApiOperation.RETRIEVE: "GET",
    ApiOperation.REQUEST_CODE: "POST",
    ApiOperation.REFUND: "POST",
    ApiOperation.ACCOUNT: "GET",
    ApiOperation.PROFILE: "GET",
}
"""Method of each API operation."""

_PATTERNS: Final = tuple(
    (operation, METHODS[operation], re.compile(re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(template)) + "(/?)"))
    for operation, template in PATHS.items()
)


def route(method: str, path: str) -> Route:
    """Return where a request goes.

    Args:
        method: HTTP method, upper case.
        path: path below the base URL, percent-encoded, without query.

    Returns:
        The route; OTHER for anything the contract does not have.
    """
    parameter: str | None = None
    slash = path.endswith("/")
    known = False
    for operation, wanted, pattern in _PATTERNS:
        match = pattern.fullmatch(path)
        if match is None:
            continue
        known = True
        parameter = unquote(match.group(1)) if pattern.groups == 2 else None
        if method == wanted:
            return Route(operation, parameter, slash, True)
    return Route(ApiOperation.OTHER, parameter, slash, known)
