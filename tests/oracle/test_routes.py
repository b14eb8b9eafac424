"""Routes: which operation a method and path name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.history import ApiOperation
from contracts.routes import METHODS, PATHS, Route, route

SERVED = [
    ("POST", "/v1/purchases", ApiOperation.CREATE, None),
    ("GET", "/v1/purchases", ApiOperation.LIST, None),
    ("GET", "/v1/purchases/5", ApiOperation.RETRIEVE, "5"),
    ("GET", "/v1/purchases/abc", ApiOperation.RETRIEVE, "abc"),
    ("GET", "/v1/purchases/bulk", ApiOperation.RETRIEVE, "bulk"),
    ("POST", "/v1/purchases/5/request-code", ApiOperation.REQUEST_CODE, "5"),
    ("POST", "/v1/purchases/5/refund", ApiOperation.REFUND, "5"),
    ("GET", "/v1/accounts/US", ApiOperation.ACCOUNT, "US"),
    ("GET", "/v1/accounts/countries", ApiOperation.ACCOUNT, "countries"),
    ("GET", "/v1/profile", ApiOperation.PROFILE, None),
]


@pytest.mark.parametrize(("method", "path", "kind", "parameter"), SERVED)
def test_both_forms_of_every_path(method: str, path: str, kind: ApiOperation, parameter: str | None) -> None:
    assert route(method, path) == Route(kind, parameter, False, True)
    assert route(method, f"{path}/") == Route(kind, parameter, True, True)


@pytest.mark.parametrize(
    ("method", "path", "parameter"),
    [
        ("DELETE", "/v1/purchases", None),
        ("HEAD", "/v1/purchases/5", "5"),
        ("POST", "/v1/purchases/5", "5"),
        ("GET", "/v1/purchases/5/refund", "5"),
        ("post", "/v1/purchases", None),
        ("PATCH", "/v1/profile", None),
    ],
)
def test_a_known_path_with_another_method(method: str, path: str, parameter: str | None) -> None:
    assert route(method, path) == Route(ApiOperation.OTHER, parameter, False, True)


@pytest.mark.parametrize(
    "path",
    [
        "/", "", "*", "/v1", "/v2/purchases", "/v1/purchases2", "/v1/purchases//", "/v1/purchases/5/",
        "/v1/purchases//request-code", "/v1/purchases/5/6/refund", "/v1/purchases/5/refunds", "/V1/purchases",
        "/v1/accounts", "/v1/profile/discount", "/api/v1/purchases", "/v1/purchases?page=1", "/v1/purchases\n",
    ],
)  # fmt: skip
def test_other_paths(path: str) -> None:
    found = route("POST", path)
    assert found.api_operation is ApiOperation.OTHER
    assert found.known_path is (path == "/v1/purchases/5/")
    assert found.slash is path.endswith("/")


@pytest.mark.parametrize(
    ("raw", "parameter"),
    [
        ("%31", "1"),
        ("1%0A", "1\n"),
        ("%2F", "/"),
        ("%00", "\0"),
        ("%FF", "\ufffd"),
        ("%", "%"),
        ("+1", "+1"),
        ("..", ".."),
    ],
)
def test_the_parameter_is_decoded(raw: str, parameter: str) -> None:
    assert route("GET", f"/v1/purchases/{raw}").parameter == parameter


def test_each_operation_has_its_place() -> None:
    kinds = set(ApiOperation) - {ApiOperation.OTHER}
    assert set(PATHS) == set(METHODS) == kinds
    assert len({(METHODS[kind], PATHS[kind]) for kind in kinds}) == len(kinds)


@given(st.text(max_size=10), st.text(max_size=40))
def test_nothing_makes_it_raise(method: str, path: str) -> None:
    assert isinstance(route(method, path), Route)
    assert isinstance(route(method, f"/v1/purchases/{path}"), Route)
