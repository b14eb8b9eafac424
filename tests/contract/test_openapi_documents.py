"""The OpenAPI documents are sound, complete, and say what the contract says."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode

from contracts.profiles import PROFILES, openapi_document
from contracts.schema import PythonValidator, RustValidator

OPERATIONS = {
    "create_purchase": "POST /v1/purchases",
    "list_purchases": "GET /v1/purchases",
    "retrieve_purchase": "GET /v1/purchases/{purchase_id}",
    "request_code": "POST /v1/purchases/{purchase_id}/request-code",
    "refund_purchase": "POST /v1/purchases/{purchase_id}/refund",
    "get_account": "GET /v1/accounts/{country_code}",
    "get_profile": "GET /v1/profile",
}
COMBINATORS = {"anyOf", "oneOf", "allOf", "not", "if", "then", "else", "dependentSchemas"}


@pytest.fixture(params=PROFILES)
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    return openapi_document(request.param)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in ("get", "post"):
            if method in item:
                yield f"{method.upper()} {path}", item[method]


def inlined(node: Any, document: dict[str, Any]) -> Any:
    """Resolve references on our own, so that the examples do not rest on the code under test."""
    if isinstance(node, list):
        return [inlined(item, document) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target: Any = document
        for step in node["$ref"][2:].split("/"):
            target = target[step]
        return inlined(target, document)
    return {key: inlined(value, document) for key, value in node.items()}


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from nodes(item)


def test_is_valid_openapi(document: dict[str, Any]) -> None:
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_has_the_seven_operations(document: dict[str, Any]) -> None:
    assert {operation["operationId"]: label for label, operation in operations(document)} == OPERATIONS


def test_is_plain_json(document: dict[str, Any]) -> None:
    """YAML would make a date of an unquoted timestamp, and False of the country NO."""
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_the_key_is_wanted_everywhere(document: dict[str, Any]) -> None:
    assert document["security"] == [{"ApiKey": []}]
    scheme = document["components"]["securitySchemes"]["ApiKey"]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "x-api-key")
    assert all("security" not in operation for _, operation in operations(document))


def test_success_is_200_and_refusals_are_json(document: dict[str, Any]) -> None:
    for _, operation in operations(document):
        assert set(operation["responses"]) == {"200", "429", "4XX"}
        for response in inlined(operation["responses"], document).values():
            assert set(response["content"]) == {"application/json"}


def test_every_body_and_answer_has_lawful_examples(document: dict[str, Any]) -> None:
    for label, operation in operations(document):
        whole = inlined(operation, document)
        bodies = [whole["requestBody"]] if "requestBody" in whole else []
        for part in [*bodies, *whole["responses"].values()]:
            media = part["content"]["application/json"]
            assert media["examples"], label
            for name, example in media["examples"].items():
                for validator in (PythonValidator(media["schema"]), RustValidator(media["schema"])):
                    assert list(validator.errors(example["value"])) == [], (label, name)


def test_parameter_examples_are_lawful(document: dict[str, Any]) -> None:
    parameters = [node for node in nodes(inlined(document["paths"], document)) if "in" in node]
    assert len(parameters) >= 8
    for parameter in parameters:
        if "example" in parameter:
            assert PythonValidator(parameter["schema"]).is_valid(parameter["example"]), parameter["name"]


def test_there_is_an_example_of_every_status(document: dict[str, Any]) -> None:
    purchases = [node["value"] for node in document["components"]["examples"].values()]
    assert {purchase["status"] for purchase in purchases} == set(document["components"]["schemas"]["Status"]["enum"])


def test_links_lead_from_a_purchase_to_what_can_be_done_with_it(document: dict[str, Any]) -> None:
    links = {
        (operation["operationId"], link["operationId"])
        for _, operation in operations(document)
        for link in operation["responses"]["200"].get("links", {}).values()
    }
    assert {
        ("create_purchase", "retrieve_purchase"),
        ("create_purchase", "request_code"),
        ("create_purchase", "refund_purchase"),
        ("retrieve_purchase", "request_code"),
        ("retrieve_purchase", "refund_purchase"),
        ("request_code", "retrieve_purchase"),
        ("refund_purchase", "retrieve_purchase"),
    } <= links


def test_answers_are_free_of_combinators(document: dict[str, Any]) -> None:
    """The validators report the errors of a schema without branches; see `contracts.schema`."""
    for node in nodes(document["components"]["schemas"]):
        assert not COMBINATORS & set(node)


def test_patterns_close_the_newline_and_digit_traps(document: dict[str, Any]) -> None:
    for node in nodes(document):
        pattern = node.get("pattern")
        if not isinstance(pattern, str):
            continue
        assert "\\d" not in pattern
        assert pattern.startswith("^")
        bounded = "maxLength" in node and node.get("minLength") == node["maxLength"]
        assert pattern.endswith("$") if bounded else pattern.endswith("(?![\\s\\S])")


def test_answers_may_carry_more_keys(document: dict[str, Any]) -> None:
    assert all("additionalProperties" not in node for node in nodes(document["components"]["schemas"]))


def test_only_2026_05_lists_by_phone_number() -> None:
    parameters = {
        name: {parameter["name"] for parameter in openapi_document(name)["paths"]["/v1/purchases"]["get"]["parameters"]}
        for name in PROFILES
    }
    assert parameters["2026-02"] == {"page", "page_size", "sort", "status"}
    assert parameters["2026-05"] == {"page", "page_size", "sort", "status", "phone_number"}


def generated(document: dict[str, Any], method: str, path: str) -> list[Any]:
    operation = schemathesis.openapi.from_dict(document)[path][method]
    cases: list[Any] = []

    @settings(
        max_examples=60,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def collect(case: Any) -> None:
        cases.append(case)

    collect()
    return cases


def test_schemathesis_knows_every_operation(document: dict[str, Any]) -> None:
    found: Any = schemathesis.openapi.from_dict(document).get_all_operations()
    assert {result.ok().label for result in found} == set(OPERATIONS.values())


def test_schemathesis_buys_only_well_formed_countries(document: dict[str, Any]) -> None:
    codes = {case.body["country_code"] for case in generated(document, "POST", "/v1/purchases")}
    assert len(codes) > 10
    assert [code for code in codes if not re.fullmatch("[A-Z]{2}", code)] == []


def test_schemathesis_asks_for_well_formed_accounts(document: dict[str, Any]) -> None:
    cases = generated(document, "GET", "/v1/accounts/{country_code}")
    codes = {case.path_parameters["country_code"] for case in cases}
    assert len(codes) > 10
    assert [code for code in codes if not re.fullmatch("[A-Z]{2}", code)] == []


def test_schemathesis_asks_for_pages_within_their_domain(document: dict[str, Any]) -> None:
    for case in generated(document, "GET", "/v1/purchases"):
        assert case.query["page"] >= 1
        assert 1 <= case.query["page_size"] <= 50
