"""The same seed and the same requests bring the same answers, timestamps apart."""

import re

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def story(api):
    """Everything the API says over a short life, without its timestamps."""
    answers = []

    def note(response):
        answers.append((response.status_code, TIMESTAMP.sub("T", response.text)))
        return response

    ids = []
    for number in range(30):
        code = ("US", "RU", "EE", "ID", "ZZ", "NL")[number % 6]
        response = note(api.owner.post("/v1/purchases", json={"country_code": code}))
        if response.status_code == 200:
            ids.append(response.json()["id"])
    for purchase_id in ids:
        note(api.owner.post(f"/v1/purchases/{purchase_id}/request-code"))
        note(api.owner.get(f"/v1/purchases/{purchase_id}"))
    note(api.owner.get("/v1/purchases", params={"page": 1, "page_size": 50}))
    note(api.owner.get("/v1/profile"))
    note(api.owner.get("/v1/accounts/US"))
    return answers


def test_one_seed_tells_one_story(start):
    settings = {"profile": "2026-05", "failure_rate": 0.3, "pending_rate": 0.3}
    first, second, other = (story(start(seed=seed, **settings)) for seed in (5, 5, 6))
    assert first == second
    assert first != other
    statuses = {status for _, text in first for status in re.findall(r'"status":"([A-Z]+)"', text)}
    assert statuses == {"PENDING", "SUCCESS", "ERROR"}


def test_another_seed_changes_ids_numbers_credentials_and_keys(start):
    apis = [start(seed=seed) for seed in (5, 6)]
    bought = [api.buy() for api in apis]
    credentials = [
        api.code(purchase["id"]).json()["purchase"]["verification"] for api, purchase in zip(apis, bought, strict=True)
    ]
    assert bought[0]["id"] != bought[1]["id"]
    assert bought[0]["phone_number"] != bought[1]["phone_number"]
    assert credentials[0]["password"] != credentials[1]["password"]
    assert apis[0].sandbox.owner_key != apis[1].sandbox.owner_key


def test_the_profile_changes_the_form_and_not_the_content(start):
    older, newer = (start(seed=5, profile=profile).buy() for profile in ("2026-02", "2026-05"))
    assert {**newer, "created_at": None} == {
        **older,
        "created_at": None,
        "emoji": "🇺🇸",
        "purchase_source": "API",
    }
