"""Load plans read from TOML or from command-line options, and refused as a whole where anything is wrong."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from contracts.config import MOST_NUMBER, refuse
from contracts.errors import UsageError
from contracts.units import parse_duration
from load.journeys import JOURNEYS
from load.plan.arrivals import ARRIVALS, CONSTANT
from load.plan.expression import Objective, build_objective, parse_objective
from load.plan.fields import LONGEST, MOST_USERS, Fields, refuse_unknown
from load.plan.plan import BREAKPOINT, LEVEL, MODELS, RATE, SHAPES, STAGES, USERS, Plan, Search
from load.plan.shapes import Stage
from load.plan.standing import standing

MOST_STAGES: Final = 200
MOST_OBJECTIVES: Final = 200

_SHOWN: Final = 60
_COUNTRY: Final = re.compile(r"[A-Z]{2}")

_TABLES: Final = ("plan", "journeys", "stages", "objectives", "breakpoint")
_STAGE_KEYS: Final = ("name", "duration", "rate", "users", "hold", "measured")
_OBJECTIVE_KEYS: Final = ("objective", "operation", "metric", "limit", "abort")
_BREAKPOINT_KEYS: Final = ("start", "step", "precision", "hold", "max")
_PLAN_KEYS: Final = (
    "name", "model", "shape", "rate", "users", "base", "duration", "warmup", "arrival", "think_time", "patience",
    "timeout", "max_in_flight", "max_wait", "max_dropped", "max_connections", "seed", "countries",
)  # fmt: skip

_SHAPED: Final = frozenset({"rate", "users", "shape"})
"""Options that say what shape is run, so that another shape's stages or search are not meant any more."""


def overridden(document: Mapping[str, Any], options: Mapping[str, object]) -> dict[str, Any]:
    """Return a plan's document with settings of its table ``plan`` replaced.

    Settings that the new ones contradict go: a rate takes the place of users, another shape that of stages, and
    objectives that need a schedule go where users are given. A breakpoint asked for without a table of its own is
    searched for from a tenth of the rate up to it.

    Args:
        document: of the plan; an empty one for a plan made of options alone.
        options: settings by name; one that is None is not given.
    """
    given = {name: value for name, value in options.items() if value is not None}
    plan = document.get("plan", {})
    if not given or not isinstance(plan, dict):
        return dict(document)
    changed = {name: part for name, part in document.items() if name != "plan"}
    kept = dict(plan)
    for model, other in ((RATE, USERS), (USERS, RATE)):
        if model in given:
            kept.pop("model", None)
            if kept.pop(other, None) is not None:
                kept.pop("base", None)
    if USERS in given:
        kept.pop("arrival", None)
        _drop_objectives(changed, _asks_for_a_schedule)
    if given.keys() & _SHAPED:
        for shape, name in ((STAGES, "stages"), (BREAKPOINT, "breakpoint")):
            if given.get("shape") != shape:
                changed.pop(name, None)
                if kept.get("shape") == shape:
                    kept.pop("shape")
    if "shape" in given:
        kept.pop("base", None)
        if given["shape"] not in LEVEL:
            _drop_objectives(changed, _asks_for_one_level)
    changed["plan"] = {**kept, **given}
    if given.get("shape") == BREAKPOINT and "breakpoint" not in changed and RATE in changed["plan"]:
        _search_up_to_rate(changed)
    return changed


def _search_up_to_rate(document: dict[str, Any]) -> None:
    """Turn a plan's rate into a search from a tenth of it up to it."""
    document["plan"].pop("duration", None)
    highest = Fields({RATE: document["plan"].pop(RATE)}, "options:").rate(RATE)
    document["breakpoint"] = {"start": highest / 10, "max": highest}


def _drop_objectives(document: dict[str, Any], unwanted: Callable[[object], bool]) -> None:
    """Take objectives out that have no meaning any more."""
    if isinstance(document.get("objectives"), list):
        document["objectives"] = [item for item in document["objectives"] if not unwanted(item)]


def _asks_for_one_level(item: object) -> bool:
    """Tell whether an objective, as written, has no meaning where the load climbs."""
    return "growth" in _told(item)


def _asks_for_a_schedule(item: object) -> bool:
    """Tell whether an objective, as written, has no meaning without a schedule."""
    told = _told(item)
    return "dropped" in told or ("achieved_rate" in told and "%" in told)


def _told(item: object) -> str:
    """Return an objective as written, in one line; what is no text or table tells nothing."""
    parts = item.values() if isinstance(item, dict) else [item]
    return " ".join(part for part in parts if isinstance(part, str))


def parse_plan(document: Mapping[str, Any], source: str, *, default_name: str = "options") -> Plan:
    """Return the plan of a decoded document.

    Args:
        document: tables ``plan``, ``journeys``, ``breakpoint``, lists ``stages`` and ``objectives``.
        source: how messages name it.
        default_name: of a plan that has no name.

    Raises:
        UsageError: something is unknown, missing, contradictory or not what it can be.
    """
    refuse_unknown(document, _TABLES, source, "table")
    table = _table(document.get("plan", {}), f"{source}: [plan]")
    for name in table:
        if name in _TABLES:
            # In TOML a line belongs to the table above it.
            raise UsageError(f"{source}: {name} stands within [plan]; write it above the first table, or as a table")
    refuse_unknown(table, _PLAN_KEYS, f"{source}: [plan]", "setting")
    here = Fields(table, f"{source}: [plan]")
    stages_given, search_given = "stages" in document, "breakpoint" in document
    shape = here.choice("shape", SHAPES, STAGES if stages_given else BREAKPOINT if search_given else "steady")
    for given, wanted in ((stages_given, STAGES), (search_given, BREAKPOINT)):
        if given and shape != wanted:
            raise UsageError(
                f"{source}: {_heading(wanted)} is given, but the shape is {shape!r}; leave one of them out"
            )
        if not given and shape == wanted:
            raise UsageError(f"{source}: the shape is {shape!r}, but there is no {_heading(wanted)}")
    model = _model(here, document, shape)
    stages = _stages(document["stages"], model, source) if stages_given else ()
    search = _search(document["breakpoint"], source) if search_given else None
    level = _level(here, model, shape, stages, search)
    duration = _length(here, shape, stages)
    if model == USERS and "arrival" in table:
        raise UsageError(f"{source}: [plan] arrival is of a plan by rate; users begin when they are ready")
    objectives = _objectives(document.get("objectives", []), model, shape, source)
    plan = Plan(
        name=here.text("name", default_name),
        model=model,
        shape=shape,
        level=level,
        base=_base(here, model, shape, level),
        duration=duration,
        warmup=here.duration("warmup", 0.0, zero=True),
        arrival=here.choice("arrival", ARRIVALS, CONSTANT),
        think=_think(here),
        patience=here.duration("patience", 60.0),
        timeout=here.duration("timeout", 10.0),
        max_in_flight=here.count("max_in_flight", 10_000, 1, 1_000_000),
        max_wait=here.duration("max_wait", 10.0, zero=True),
        max_dropped=here.share("max_dropped", 0.01),
        max_connections=here.count("max_connections", 256, 1, 60_000),
        seed=here.count("seed", 0, 0, 2**63 - 1) if "seed" in table else None,
        journeys=_journeys(document.get("journeys", {"buyer": 1}), source),
        countries=_countries(table.get("countries", []), f"{source}: [plan] countries"),
        stages=stages,
        objectives=objectives,
        # An empty list is a word on all of them.
        standing=standing(objectives, duration, level=shape in LEVEL) if document.get("objectives") != [] else (),
        search=search,
    )
    if plan.timetable().total <= 0:
        raise UsageError(f"{source}: no stage has a {model} above zero; nothing would be sent")
    return plan


def _heading(shape: str) -> str:
    return "[[stages]]" if shape == STAGES else "[breakpoint]"


def _table(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        refuse(where, value, "a table")
    return value


def _list(value: object, where: str, expected: str) -> list[Any]:
    if not isinstance(value, list):
        refuse(where, value, expected)
    return value


def _model(here: Fields, document: Mapping[str, Any], shape: str) -> str:
    tables = [here.table]
    stages = document.get("stages")
    if isinstance(stages, list):
        tables += [stage for stage in stages if isinstance(stage, dict)]
    given = [model for model in MODELS if any(model in table for table in tables)]
    if len(given) > 1:
        raise UsageError(f"{here.where} gives both rate and users; a plan has one of them")
    model = here.choice("model", MODELS, given[0] if given else RATE)
    if given and given[0] != model:
        raise UsageError(f"{here.where} model is {model!r}, but {given[0]} is given; leave one of them out")
    if shape == BREAKPOINT and model == USERS:
        raise UsageError(f"{here.where} model is 'users', but a breakpoint is searched for by rate")
    return model


def _level(here: Fields, model: str, shape: str, stages: tuple[Stage, ...], search: Search | None) -> float:
    if shape in {STAGES, BREAKPOINT}:
        if model in here.table:
            raise UsageError(f"{here.where} {model} has no part in the shape {shape!r}; {_heading(shape)} sets it")
        return search.highest if search else max(stage.level for stage in stages)
    if model not in here.table:
        raise UsageError(f"{here.where} has no {model}; write {model} = " + ('"20/s"' if model == RATE else "20"))
    return here.level(model)


def _length(here: Fields, shape: str, stages: tuple[Stage, ...]) -> float:
    if shape in {STAGES, BREAKPOINT}:
        if "duration" in here.table:
            raise UsageError(f"{here.where} duration has no part in the shape {shape!r}; {_heading(shape)} sets it")
        return sum(stage.seconds for stage in stages)
    return here.duration("duration", 30.0)


def _base(here: Fields, model: str, shape: str, level: float) -> float:
    if "base" not in here.table:
        return level / 10
    if shape not in {"ramp", "spike"}:
        raise UsageError(f"{here.where} base is of the shapes ramp and spike, not of {shape!r}")
    base = here.rate("base", zero=True) if model == RATE else float(here.count("base", 0, 0, MOST_USERS))
    if base > level:
        here.refuse("base", "a level below the one that the shape is after")
    return base


def _think(here: Fields) -> tuple[float, float]:
    value = here.table.get("think_time", "0s")
    expected = 'a duration such as "2s", or the shortest and the longest: ["1s", "3s"]'
    ends = value if isinstance(value, list) else [value]
    try:
        times = [parse_duration(end) if isinstance(end, str) else math.nan for end in ends]
    except ValueError:
        times = []
    if len(times) not in {1, 2} or not 0 <= times[0] <= times[-1] <= LONGEST:
        here.refuse("think_time", expected)
    return times[0], times[-1]


def _weights(value: object, where: str, expected: str) -> dict[str, float]:
    table = _table(value, where)
    for name, weight in table.items():
        if not isinstance(weight, int | float) or isinstance(weight, bool) or not 0 <= weight <= MOST_NUMBER:
            refuse(f"{where} {name[:_SHOWN]}", weight, "a weight from 0")
    weights = {name: float(weight) for name, weight in table.items() if weight > 0}
    if not weights:
        raise UsageError(f"{where} has no weight above 0; write {expected}")
    return weights


def _journeys(value: object, source: str) -> dict[str, float]:
    where = f"{source}: [journeys]"
    refuse_unknown(_table(value, where), JOURNEYS, where, "journey")
    return _weights(value, where, "buyer = 1")


def _countries(value: object, where: str) -> dict[str, float]:
    if isinstance(value, list):
        for code in value:
            if not isinstance(code, str):
                refuse(where, code, 'country codes such as "US"')
        value = dict.fromkeys(value, 1)
    if value == {}:
        return {}
    weights = _weights(value, where, '["US"]')
    for code in weights:
        if _COUNTRY.fullmatch(code) is None:
            refuse(where, code, 'country codes such as "US"')
    return weights


def _stages(value: object, model: str, source: str) -> tuple[Stage, ...]:
    items = _list(value, f"{source}: stages", "tables [[stages]]")
    if not 1 <= len(items) <= MOST_STAGES:
        raise UsageError(f"{source}: {len(items)} stages; expected 1 to {MOST_STAGES}")
    return tuple(_stage(item, model, f"{source}: stage {number}", number) for number, item in enumerate(items, 1))


def _stage(item: object, model: str, where: str, number: int) -> Stage:
    table = _table(item, where)
    refuse_unknown(table, _STAGE_KEYS, where, "setting")
    here = Fields(table, where)
    for name in ("duration", model):
        if name not in table:
            raise UsageError(f"{where} has no {name}")
    return Stage(
        here.text("name", f"stage {number}"),
        here.duration("duration", 0.0),
        here.level(model, zero=True),
        here.truth("hold", False),
        here.truth("measured", True),
    )


def _objectives(value: object, model: str, shape: str, source: str) -> tuple[Objective, ...]:
    items = _list(value, f"{source}: objectives", 'a list such as ["p99 < 250ms"], or tables [[objectives]]')
    if len(items) > MOST_OBJECTIVES:
        raise UsageError(f"{source}: {len(items):,} objectives; expected {MOST_OBJECTIVES} at most")
    found = tuple(_objective(item, f"{source}: objective {number}") for number, item in enumerate(items, 1))
    for number, objective in enumerate(found, 1):
        if model == USERS and (
            objective.metric == "dropped" or (objective.metric, objective.unit) == ("achieved_rate", "%")
        ):
            raise UsageError(
                f"{source}: objective {number}: {objective.expr} needs a plan by rate; users ask for no rate"
            )
        if objective.metric == "growth" and shape not in LEVEL:
            raise UsageError(
                f"{source}: objective {number}: {objective.expr} needs a shape that stays at one level: "
                f"{' or '.join(LEVEL)}, not {shape!r}"
            )
    return found


def _objective(item: object, where: str) -> Objective:
    if isinstance(item, str):
        return parse_objective(item, where)
    table = _table(item, where)
    refuse_unknown(table, _OBJECTIVE_KEYS, where, "setting")
    abort = Fields(table, where).truth("abort", False)
    if "objective" in table:
        if table.keys() - {"objective", "abort"}:
            raise UsageError(f"{where} tells itself twice; leave objective out, or the rest")
        if not isinstance(table["objective"], str):
            refuse(f"{where} objective", table["objective"], 'a text such as "p99 < 250ms"')
        return parse_objective(table["objective"], where, abort=abort)
    for name in ("metric", "limit"):
        if name not in table:
            raise UsageError(f"{where} has no {name}")
    for name in ("metric", "operation"):
        if not isinstance(table.get(name, ""), str):
            refuse(f"{where} {name}", table[name], "a name")
    return build_objective(table.get("operation", "all"), table["metric"], None, table["limit"], where, abort=abort)


def _search(value: object, source: str) -> Search:
    where = f"{source}: [breakpoint]"
    table = _table(value, where)
    refuse_unknown(table, _BREAKPOINT_KEYS, where, "setting")
    here = Fields(table, where)
    for name in ("start", "max"):
        if name not in table:
            raise UsageError(f'{where} has no {name}; write {name} = "100/s"')
    start, highest = here.rate("start"), here.rate("max")
    if highest < start:
        here.refuse("max", "a rate not below start")
    step, growth = here.rate_or_share("step", None, 0.5)
    precision, share = here.rate_or_share("precision", None, 0.05)
    return Search(
        start=start,
        step=step,
        factor=None if growth is None else 1 + growth,
        precision=precision,
        share=share,
        hold=here.duration("hold", 20.0),
        highest=highest,
    )
