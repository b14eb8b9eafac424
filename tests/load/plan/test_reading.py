"""Plans are read whole, or refused in one line that shows the value and the way out."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import load
from contracts.config import read_toml
from contracts.errors import UsageError
from load.journeys import JOURNEYS
from load.plan import reading
from load.plan.expression import Objective
from load.plan.plan import Plan, Search
from load.plan.reading import overridden, parse_plan
from load.plan.shapes import Stage

READY = sorted(Path(load.__file__).parent.glob("*.toml"))


def parsed(text: str) -> Plan:
    return parse_plan(tomllib.loads(text), "plan.toml")


def ready(path: Path) -> Plan:
    return parse_plan(read_toml(path), str(path))


@pytest.mark.parametrize("path", READY, ids=lambda path: path.stem)
def test_a_plan_that_is_ready_to_run_is_lawful(path: Path) -> None:
    plan = ready(path)
    assert plan.name == path.stem
    assert plan.objectives
    assert "findings <= 0" in {objective.expr for objective in plan.objectives}
    assert set(plan.journeys) <= set(JOURNEYS)
    assert plan.timetable().total > 0


def test_the_plans_that_the_documents_name_are_there() -> None:
    assert [path.stem for path in READY] == ["nightly", "prerelease", "smoke"]


def test_the_smoke_plan_is_over_in_twenty_seconds() -> None:
    plan = ready(next(path for path in READY if path.stem == "smoke"))
    assert plan.timetable().end <= 20
    assert plan.timetable().highest <= 10


def test_the_shortest_plan_has_defaults_for_the_rest() -> None:
    plan = parsed('plan = { rate = "20/s" }')
    assert (plan.model, plan.shape, plan.level, plan.duration) == ("rate", "steady", 20, 30)
    assert (plan.arrival, plan.seed, plan.journeys, plan.think) == ("constant", None, {"buyer": 1}, (0, 0))
    assert [phase.name for phase in plan.timetable().phases] == ["steady"]


def test_every_setting_is_read() -> None:
    plan = parsed("""
        objectives = ["p99 < 250ms"]
        [plan]
        name = "all of it"
        model = "rate"
        shape = "spike"
        rate = "120/m"
        base = "0.5/s"
        duration = "1m"
        warmup = "5s"
        arrival = "poisson"
        think_time = ["1s", "3s"]
        patience = "20s"
        timeout = "3s"
        max_in_flight = 10
        max_wait = "0s"
        max_dropped = "2%"
        max_connections = 5
        seed = 9
        countries = { US = 2, GB = 1, FR = 0 }
        [journeys]
        buyer = 3
        racers = 0.5
        poller = 0
    """)
    assert plan == Plan(
        name="all of it",
        model="rate",
        shape="spike",
        level=2,
        base=0.5,
        duration=60,
        warmup=5,
        arrival="poisson",
        think=(1, 3),
        patience=20,
        timeout=3,
        max_in_flight=10,
        max_wait=0,
        max_dropped=0.02,
        max_connections=5,
        seed=9,
        journeys={"buyer": 3, "racers": 0.5},
        countries={"US": 2, "GB": 1},
        objectives=(Objective("all", "p99", "<", 250, "ms"),),
        standing=(Objective("all", "error_rate", "<=", 1, "%"),),
    )


def test_users_make_a_closed_plan() -> None:
    plan = parsed('plan = { users = 20, warmup = "5s", duration = "10s" }')
    assert (plan.model, plan.level, plan.open_model) == ("users", 20, False)
    assert [(phase.users, phase.rate) for phase in plan.timetable().phases] == [(20, None), (20, None)]


def test_stages_make_their_own_shape() -> None:
    plan = parsed("""
        plan = { warmup = "2s" }
        [[stages]]
        duration = "10s"
        rate = "50/s"
        [[stages]]
        name = "flat"
        duration = "20s"
        rate = 10
        hold = true
        measured = false
    """)
    assert plan.stages == (Stage("stage 1", 10, 50), Stage("flat", 20, 10, hold=True, measured=False))
    assert (plan.shape, plan.level, plan.duration) == ("stages", 50, 30)
    assert [(phase.name, phase.measured) for phase in plan.timetable().phases] == [
        ("warm-up", False),
        ("stage 1", True),
        ("flat", False),
    ]


def test_a_warm_up_before_a_climb_from_nothing_sends_something() -> None:
    plan = parsed('plan = { warmup = "2s" }\nstages = [{ duration = "10s", rate = "50/s" }]')
    assert plan.timetable().area(2) > 0


def test_a_breakpoint_is_read_with_rates_or_percentages() -> None:
    by_rate = parsed('breakpoint = { start = "10/s", step = "5/s", precision = "1/s", hold = "15s", max = "90/s" }')
    assert by_rate.search == Search(start=10, step=5, factor=None, precision=1, share=None, hold=15, highest=90)
    by_share = parsed('breakpoint = { start = "10/s", step = "25%", precision = "2%", max = "90/s" }')
    assert by_share.search == Search(start=10, step=None, factor=1.25, precision=None, share=0.02, hold=20, highest=90)
    assert (by_share.shape, by_share.level, by_share.duration) == ("breakpoint", 90, 0)


STAGE = 'stages = [{ duration = "1s", rate = 5 }]\n'
BREAK = 'breakpoint = { start = "1/s", max = "9/s" }\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("plan = {}", '[plan] has no rate; write rate = "20/s"'),
        ('plan = { model = "users" }', "[plan] has no users; write users = 20"),
        ('plan = { rat = "20/s" }', "[plan]: unknown setting 'rat'; did you mean 'rate'?"),
        ("plans = {}", "unknown table 'plans'; did you mean 'plan'?"),
        ("[plan]\nrate = 5\nobjectives = []", "objectives stands within [plan]; write it above the first table"),
        ("plan = 5", "[plan] is 5; expected a table"),
        ('plan = { rate = "fast" }', "[plan] rate is 'fast'; expected a rate above zero such as \"200/s\""),
        ("plan = { rate = 0 }", "[plan] rate is 0; expected a rate above zero"),
        ('plan = { rate = "9999999/s" }', "[plan] rate is '9999999/s'; expected a rate"),
        ("plan = { users = 2.5 }", "[plan] users is 2.5; expected a whole number from 1"),
        ("plan = { rate = 5, users = 5 }", "[plan] gives both rate and users"),
        ('plan = { rate = 5, model = "users" }', "model is 'users', but rate is given"),
        ('plan = { rate = 5, shape = "steddy" }', "shape is 'steddy'; did you mean 'steady'?"),
        ('plan = { rate = 5, duration = "5" }', "duration is '5'; expected a duration above zero such as"),
        ('plan = { rate = 5, duration = "0s" }', "duration is '0s'; expected a duration above zero"),
        ('plan = { rate = 5, duration = "9999h" }', "duration is '9999h'; expected a duration above zero"),
        ("plan = { rate = 5, warmup = 5 }", "warmup is 5; expected a duration such as"),
        ('plan = { rate = 5, arrival = "random" }', "arrival is 'random'; known are constant, poisson"),
        ('plan = { users = 5, arrival = "poisson" }', "arrival is of a plan by rate"),
        ('plan = { rate = 5, think_time = ["3s", "1s"] }', "think_time is ['3s', '1s']; expected"),
        ("plan = { rate = 5, think_time = [] }", "think_time is []; expected"),
        ('plan = { rate = 5, max_dropped = "200%" }', "max_dropped is '200%'; expected a percentage"),
        ("plan = { rate = 5, max_in_flight = 0 }", "max_in_flight is 0; expected a whole number from 1"),
        ("plan = { rate = 5, seed = true }", "seed is True; expected a whole number"),
        ('plan = { rate = 5, base = "1/s" }', "base is of the shapes ramp and spike, not of 'steady'"),
        ('plan = { rate = 5, shape = "ramp", base = 6 }', "base is 6; expected a level below"),
        ('plan = { rate = 5, name = "" }', "name is ''; expected a name"),
        ('plan = { rate = 5, countries = ["us"] }', "countries is 'us'; expected country codes"),
        ("plan = { rate = 5, countries = [5] }", "countries is 5; expected country codes"),
        ("plan = { rate = 5, countries = { US = -1 } }", "countries US is -1; expected a weight from 0"),
        ("plan = { rate = 5 }\njourneys = { byer = 1 }", "[journeys]: unknown journey 'byer'; did you mean 'buyer'?"),
        ("plan = { rate = 5 }\njourneys = { buyer = 0 }", "[journeys] has no weight above 0; write buyer = 1"),
        ('plan = { rate = 5 }\njourneys = { buyer = "1" }', "[journeys] buyer is '1'; expected a weight from 0"),
        ('plan = { rate = 5 }\njourneys = ["buyer"]', "[journeys] is ['buyer']; expected a table"),
        (STAGE + "plan = { rate = 5 }", "rate has no part in the shape 'stages'; [[stages]] sets it"),
        (STAGE + 'plan = { duration = "5s" }', "duration has no part in the shape 'stages'"),
        (STAGE + 'plan = { shape = "ramp" }', "[[stages]] is given, but the shape is 'ramp'"),
        (STAGE + BREAK, "[breakpoint] is given, but the shape is 'stages'"),
        ('plan = { shape = "stages" }', "the shape is 'stages', but there is no [[stages]]"),
        ("stages = []", "0 stages; expected 1 to 200"),
        ("stages = 5", "stages is 5; expected tables"),
        ("stages = [{ rate = 5 }]", "stage 1 has no duration"),
        ('stages = [{ duration = "5s" }]', "stage 1 has no rate"),
        ('stages = [{ duration = "5s", rate = 5 }, { duration = "5s", users = 5 }]', "gives both rate and users"),
        ('stages = [{ duration = "5s", rate = 5, hold = 1 }]', "stage 1 hold is 1; expected true or false"),
        ('stages = [{ duration = "5s", rat = 5 }]', "stage 1: unknown setting 'rat'; did you mean 'rate'?"),
        ('stages = [{ duration = "5s", rate = 0 }]', "no stage has a rate above zero"),
        ('breakpoint = { max = "9/s" }', "[breakpoint] has no start"),
        ('breakpoint = { start = "1/s" }', "[breakpoint] has no max"),
        ('breakpoint = { start = "10/s", max = "9/s" }', "max is '9/s'; expected a rate not below start"),
        ('breakpoint = { start = "1/s", max = "9/s", step = "x" }', "step is 'x'; expected a rate such as"),
        ('breakpoint = { start = "1/s", max = "9/s", step = "0%" }', "step is '0%'; expected a rate such as"),
        (BREAK + "plan = { users = 5 }", "a breakpoint is searched for by rate"),
        ('plan = { rate = 5 }\nobjectives = "p99 < 5ms"', "objectives is 'p99 < 5ms'; expected a list"),
        ("plan = { rate = 5 }\nobjectives = [5]", "objective 1 is 5; expected a table"),
        ('plan = { rate = 5 }\nobjectives = [{ metric = "p99" }]', "objective 1 has no limit"),
        (
            'plan = { rate = 5 }\nobjectives = [{ metric = 5, limit = "1ms" }]',
            "objective 1 metric is 5; expected a name",
        ),
        (
            'plan = { rate = 5 }\nobjectives = [{ objective = "p99 < 5ms", limit = "1ms" }]',
            "objective 1 tells itself twice",
        ),
        ('plan = { users = 5 }\nobjectives = ["dropped <= 1%"]', "dropped <= 1% needs a plan by rate"),
        (
            'plan = { rate = 5, shape = "ramp" }\nobjectives = ["growth <= 50%"]',
            "objective 1: growth <= 50% needs a shape that stays at one level: steady or soak, not 'ramp'",
        ),
    ],
)
def test_a_bad_plan_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        parsed(text)
    assert message in str(refused.value)
    assert str(refused.value).startswith("plan.toml")
    assert "\n" not in str(refused.value)


def test_a_plan_without_a_name_is_named_after_where_it_comes_from() -> None:
    assert parse_plan({"plan": {"rate": 5}}, "plans/mine.toml", default_name="mine").name == "mine"


SMOKE: dict[str, Any] = {
    "plan": {"shape": "steady", "rate": "8/s", "duration": "15s", "arrival": "poisson"},
    "objectives": ["p99 < 1s", "achieved_rate >= 95%", "achieved_rate >= 5/s", {"metric": "dropped", "limit": "1%"}],
}


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("plan = { rate = 5 }", ["error_rate <= 1%", "growth <= 100%"]),
        ("plan = { users = 5 }", ["error_rate <= 1%", "growth <= 100%"]),
        ('plan = { rate = 5, duration = "9s" }', ["error_rate <= 1%"]),
        ('plan = { rate = 5, shape = "spike" }', ["error_rate <= 1%"]),
        ('plan = { rate = 5 }\nobjectives = ["error_rate < 50%"]', ["growth <= 100%"]),
        ('plan = { rate = 5 }\nobjectives = ["create_purchase error_rate < 5%", "growth < 20%"]', []),
        ("plan = { rate = 5 }\nobjectives = []", []),
    ],
)
def test_a_plan_is_held_to_what_it_does_not_speak_of(text: str, held: list[str]) -> None:
    assert [objective.expr for objective in parsed(text).standing] == held


def test_growth_goes_where_another_shape_is_asked_for() -> None:
    document = overridden({**SMOKE, "objectives": ["growth < 20%", "p99 < 1s"]}, {"shape": "ramp"})
    assert [objective.expr for objective in parse_plan(document, "options").asked] == [
        "p99 < 1000ms",
        "error_rate <= 1%",
    ]


def test_options_win_over_the_file() -> None:
    plan = parse_plan(overridden(SMOKE, {"rate": "30/s", "duration": "5s", "seed": None}), "options")
    assert (plan.level, plan.duration, plan.arrival) == (30, 5, "poisson")


def test_without_options_a_plan_stays_as_it_is() -> None:
    assert overridden(SMOKE, {"rate": None}) == SMOKE


def test_users_take_the_place_of_a_rate_and_of_what_needs_one() -> None:
    plan = parse_plan(overridden(SMOKE, {"users": 4}), "options")
    assert (plan.model, plan.level) == ("users", 4)
    assert [objective.expr for objective in plan.objectives] == ["p99 < 1000ms", "achieved_rate >= 5/s"]


def test_a_rate_takes_the_place_of_stages_and_of_a_search() -> None:
    staged = {"stages": [{"duration": "5s", "rate": 5}]}
    searched = {"plan": {"shape": "breakpoint"}, "breakpoint": {"start": 1, "max": 9}}
    for document in (staged, searched):
        assert parse_plan(overridden(document, {"rate": 3}), "options").shape == "steady"


def test_naming_the_shape_that_a_plan_has_changes_nothing() -> None:
    staged = {"stages": [{"duration": "5s", "rate": 5}]}
    searched = {"breakpoint": {"start": 1, "max": 9}}
    assert parse_plan(overridden(staged, {"shape": "stages"}), "options") == parse_plan(staged, "options")
    assert parse_plan(overridden(searched, {"shape": "breakpoint"}), "options") == parse_plan(searched, "options")


def test_a_length_does_not_silently_replace_stages() -> None:
    with pytest.raises(UsageError, match=r"duration has no part in the shape 'stages'"):
        parse_plan(overridden({"stages": [{"duration": "5s", "rate": 5}]}, {"duration": "9s"}), "options")


def test_another_shape_is_taken_at_the_same_rate() -> None:
    spiky = {"plan": {"shape": "spike", "rate": 8, "base": 2}}
    assert parse_plan(overridden(spiky, {"shape": "steady"}), "options").level == 8
    assert parse_plan(overridden(SMOKE, {"shape": "ramp"}), "options").base == pytest.approx(0.8)


def test_a_breakpoint_asked_for_by_option_is_searched_for_up_to_the_rate() -> None:
    plan = parse_plan(overridden(SMOKE, {"shape": "breakpoint", "rate": "200/s"}), "options")
    assert plan.search is not None
    assert (plan.search.start, plan.search.highest) == (20, 200)


def test_options_alone_make_a_plan() -> None:
    plan = parse_plan(overridden({}, {"rate": "5/s", "duration": "1m", "shape": "soak"}), "options")
    assert (plan.shape, plan.level, plan.duration) == ("soak", 5, 60)


def test_a_bad_option_is_refused_as_a_bad_setting_is() -> None:
    with pytest.raises(UsageError, match="rate is 'much'; expected a rate"):
        parse_plan(overridden(SMOKE, {"shape": "breakpoint", "rate": "much"}), "options")
    with pytest.raises(UsageError, match="rate is 'much'; expected a rate"):
        parse_plan(overridden(SMOKE, {"rate": "much"}), "options")


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["5/s", "1s", "1%", "US"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["rate", "duration", "metric", "limit", "objective", "start", "max"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
NAMES = st.sampled_from([*reading._PLAN_KEYS, "surprise"])
DOCUMENTS = st.fixed_dictionaries(
    {"plan": st.dictionaries(NAMES, JUNK, max_size=4).map(lambda plan: {"rate": 5, **plan})},
    optional=dict.fromkeys(("journeys", "stages", "objectives", "breakpoint", "surprise"), JUNK),
)


@settings(deadline=None)
@given(DOCUMENTS, st.dictionaries(NAMES, JUNK, max_size=3))
def test_whatever_stands_in_a_plan_it_is_read_or_refused_in_one_line(
    document: dict[str, Any], options: dict[str, Any]
) -> None:
    refusal, plan = "", None
    try:
        plan = parse_plan(overridden(document, options), "plan.toml")
    except UsageError as error:
        refusal = str(error)
    assert "\n" not in refusal
    assert len(refusal) < 400
    assert refusal or (plan is not None and plan.timetable().total > 0)
