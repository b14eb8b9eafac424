"""What a user asks of a load run is put together and refused before anything is sent."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from contracts.config import Settings
from contracts.errors import UsageError
from load.orders import Orders
from load.request import PLANS, LoadRequest, address, make_load_request


def ask(**more: Any) -> LoadRequest:
    given: dict[str, Any] = {
        "plan": None, "url": None, "profile": None, "seed": None, "allow_host": None, "max_purchases": None,
        "max_spend": None, "out": None, "options": {},
    }  # fmt: skip
    settings = more.pop("settings", Settings())
    return make_load_request(settings, **{**given, **more})


@pytest.mark.parametrize("name", PLANS)
def test_the_plans_that_come_with_assay_can_be_asked_for_by_name(name: str) -> None:
    assert ask(plan=name).plan.name == name


def test_an_empty_address_is_not_that_of_the_sandbox() -> None:
    assert ask(url="").url == ""
    assert ask(url="", settings=Settings(url="http://127.0.0.1:8080")).url == ""
    assert ask(settings=Settings(url="http://127.0.0.1:8080")).url == "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"options": {"rate": "-1"}}, "smoke.toml with --rate: [plan] rate is '-1'"),
        ({"options": {"rate": "9/s", "users": 3}}, "smoke.toml with --rate, --users: [plan] gives both"),
        ({"profile": ""}, "--profile '' is not one of"),
    ],
)
def test_an_option_is_blamed_for_what_the_plan_does_not_say(more: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UsageError, match=re.escape(complaint)):
        ask(**more)


def test_without_a_plan_it_is_the_smoke_plan() -> None:
    assert ask().plan.name == "smoke"


def test_an_option_wins_over_the_plan_and_another_model_takes_its_place() -> None:
    request = ask(options={"users": 5, "duration": "7s"})
    assert not request.plan.open_model
    assert request.plan.level == 5
    assert request.plan.duration == 7


def test_a_locustfile_is_held_to_objectives_of_single_operations_only_where_a_plan_names_them(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("")
    more: dict[str, Any] = {"locustfile": file, "options": {"users": 2}}
    assert [one.expr for one in ask(**more).plan.objectives][:2] == ["error_rate < 1%", "findings <= 0"]
    assert {one.operation for one in ask(**more).plan.objectives} == {"all"}
    assert "retrieve_purchase" in {one.operation for one in ask(plan="smoke", **more).plan.objectives}
    assert "retrieve_purchase" in {one.operation for one in ask(options={"users": 2}).plan.objectives}


def test_the_seed_comes_from_the_option_then_the_plan_then_the_settings(tmp_path: Path) -> None:
    plan = tmp_path / "p.toml"
    plan.write_text('[plan]\nrate = "1/s"\nseed = 3\n')
    settings = Settings(seed=2)
    assert ask(plan=str(plan), seed=4, settings=settings).seed == 4
    assert ask(plan=str(plan), settings=settings).seed == 3
    assert ask(settings=settings).seed == 2
    assert ask().seed == 0


def test_the_rerun_names_the_seed_and_not_the_directory() -> None:
    request = ask(arguments=["nightly", "--out", "x", "--rate", "5/s", "--out=y", "-q"])
    assert request.rerun == "assay load nightly --rate 5/s --seed 0"
    assert ask(seed=7, arguments=["--seed", "7"]).rerun == "assay load --seed 7"


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"plan": "nihgtly"}, "did you mean 'nightly'"),
        ({"plan": "missing.toml"}, "missing.toml does not exist"),
        ({"options": {"rate": "many"}}, "many"),
        ({"options": {"shape": "square"}}, "square"),
        ({"profile": "2031-01"}, "2031-01"),
        ({"url": "http://127.0.0.1:1", "defects": ["noop"]}, "--defect goes around the embedded sandbox"),
        ({"master": "here"}, "HOST:PORT"),
        ({"max_spend": "lots"}, "--max-spend"),
        ({"locustfile": Path("nowhere.py"), "options": {"users": 2}}, "nowhere.py is not a file"),
        ({"locustfile": Path("x.py")}, "--users"),
        ({"locustfile": Path("x.py"), "options": {"users": 2}, "processes": 2}, "leave out --processes 2"),
        ({"locustfile": Path("x.py"), "options": {"users": 2}, "master": "127.0.0.1:1"}, "leave out --master"),
        ({"history": "some"}, "--history 'some' is not findings or all"),
        ({"history": "all", "processes": 2}, "--history all is for one process"),
        ({"history": "all", "master": "127.0.0.1:1"}, "--history all is for one process"),
    ],
)
def test_bad_usage_shows_the_value_and_the_way_out(more: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint.replace("(", r"\(")):
        ask(**more)


@pytest.mark.parametrize(
    ("text", "parts"),
    [("10.0.0.5:5557", ("10.0.0.5", 5557)), ("[::1]:80", ("::1", 80)), ("host:65535", ("host", 65535))],
)
def test_an_address_is_host_and_port(text: str, parts: tuple[str, int]) -> None:
    assert address(text, "--worker") == parts


@pytest.mark.parametrize("text", ["host", ":80", "host:", "host:0", "host:65536", "host:٣", "host:1e3"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--worker"):
        address(text, "--worker")


def orders(**more: Any) -> Orders:
    request = ask()
    given: dict[str, Any] = {
        "document": request.document, "source": "p", "url": "http://127.0.0.1:1", "loopback": True,
        "profile": "2026-02", "seed": 1, "identity": "0" * 32, "prices": {"US": "0.50", "GB": "0.90"},
    }  # fmt: skip
    return Orders(**{**given, **more})


def test_orders_survive_a_message() -> None:
    sent = orders(max_purchases=5, max_spend="2.50", workers=3)
    assert Orders.from_plain(sent.plain()) == sent
    assert sent.price_list() == {"US": Decimal("0.50"), "GB": Decimal("0.90")}


def test_orders_of_another_version_are_refused() -> None:
    with pytest.raises(ValueError, match="no orders"):
        Orders.from_plain({**orders().plain(), "colour": "red"})


def test_countries_are_the_plans_as_far_as_they_are_in_stock() -> None:
    document = {"plan": {"rate": "1/s", "countries": {"US": 3, "FR": 1}}}
    wanted = orders(document=document)
    assert wanted.countries(wanted.plan()) == {"US": 3.0}
    everything = orders()
    assert everything.countries(everything.plan()) == {"US": 1.0, "GB": 1.0}
