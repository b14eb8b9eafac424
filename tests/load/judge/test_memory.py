"""What is remembered is compact, bounded, and forgotten by a policy that is told; a broken target costs little."""

from __future__ import annotations

import gc
import random
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.finding import ClauseVerdict
from load.judge import forgetting
from load.judge.bench import MAX_PURCHASES, Bench
from load.judge.facts import BREAK, PENDING, SUCCESS, Facts, Kinds, moment
from load.judge.forgetting import Limits
from load.judge.habits import ENOUGH
from load.judge.packed import PackedMap, PackedSet
from load.judge.register import Register
from load.judge.rules import CREATE, RETRIEVE, SUSPECT, Rules
from tests.load.judge.scene import Scene, purchase


def test_a_purchase_takes_400_bytes_at_most():
    kinds, register = Kinds(), Register()
    rules = Rules(register)
    kind = kinds.read(purchase(1)).kind
    count, first = 50_000, 10**12
    gc.collect()
    tracemalloc.start()
    for number in range(first, first + count):
        head = f"+1202{number % 10**7:07d}{BREAK}2026-01-05T12:00:01.000Z"
        proof = f"{number % 10**5:05d}{BREAK}word-{number % 10**6:06d}{BREAK}2026-01-05T12:00:09.000Z"
        assert rules.meet(Facts(number, kind, head, PENDING, None), CREATE, 0.1, 0.2) != SUSPECT
        coded = Facts(number, kind, head, SUCCESS, proof)
        assert rules.see(register.rows[number], coded, RETRIEVE, 0.3, 0.4) != SUSPECT
    grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(register) == count
    assert grown / count <= 400


def test_a_packed_set_is_a_set_of_little_more_than_eight_bytes_a_number():
    chance = random.Random(1)
    numbers = {chance.randrange(2**64) for _ in range(20_000)} | set(range(20_000))
    gc.collect()
    tracemalloc.start()
    packed = PackedSet()
    assert all(packed.add(number) for number in numbers)
    grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert not any(packed.add(number) for number in numbers)
    assert all(number in packed for number in numbers)
    assert not any(number in packed for number in range(20_000, 40_000))
    assert grown / len(numbers) < 14


@given(
    st.lists(
        st.one_of(
            st.integers(0, 2**64 - 1),
            st.integers(0, 9_000),
            st.integers(2**53 - 5_000, 2**53),
            st.integers(0, 12).map(lambda step: step << 12),
        ),
        max_size=60,
    ),
    st.lists(st.tuples(st.integers(0, 2**52), st.integers(1, 600), st.integers(1, 40)), max_size=3),
)
def test_a_packed_set_says_what_a_set_says(single, runs):
    packed, model = PackedSet(), set()
    numbers = [start + step * place for start, count, step in runs for place in range(count)] + single
    for number in numbers + numbers[::7]:
        assert packed.add(number) is (number not in model)
        model.add(number)
    near = {number + by for number in single for by in (-1, 1) if 0 <= number + by < 2**64}
    assert all(number in packed for number in model)
    assert all((number in packed) is (number in model) for number in near)


def test_ids_that_a_server_counts_up_take_a_byte_at_most():
    gc.collect()
    tracemalloc.start()
    packed = PackedSet()
    for number in range(10**9, 10**9 + 2 * 100_000, 2):
        packed.add(number)
    grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert grown / 100_000 < 1


def test_a_packed_map_keeps_the_last_value_and_drops_only_the_one_named():
    packed = PackedMap()
    for key in range(3_000):
        packed.put(key * 7, key)
    packed.put(7, 99)
    packed.drop(14, 5)
    packed.drop(21, 3)
    assert [packed.get(key) for key in (0, 7, 14, 21, 22)] == [0, 99, 2, None, None]


@pytest.mark.parametrize("seed", range(5))
def test_a_packed_map_says_what_a_map_says_whatever_the_order(seed):
    chance, packed, plain = random.Random(seed), PackedMap(), {}
    for _ in range(400):
        key, value = chance.choice([*range(40), 2**64 - 1]), chance.randrange(4)
        if chance.random() < 0.7:
            packed.put(key, value)
            plain[key] = value
        else:
            packed.drop(key, value)
            if plain.get(key) == value:
                del plain[key]
        assert packed.get(key) == plain.get(key)
    assert [packed.get(key) for key in range(42)] == [plain.get(key) for key in range(42)]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:01Z", 1.0),
        ("1970-01-01T00:00:01.250Z", 1.25),
        ("1970-01-01T00:00:01.250000+00:00", 1.25),
        ("1970-01-01T00:00:01.25Z", None),
        ("1970-01-01T00:00:01,250Z", None),
        ("1970-01-01T00:00:60Z", None),
        ("1970-02-30T00:00:00Z", None),
        ("1970-01-01 00:00:01Z", None),
        ("1970-01-01T00:00:01.٢٥٠Z", None),
        ("1970-01-01T00:00:01.250z", None),
        ("1970-01-01T00:00:01.-12Z", None),
        ("", None),
    ],
)
def test_moments_are_read_as_the_contract_writes_them(text, seconds):
    assert moment(text) == seconds


def buy(scene: Scene, count: int, start: float = 0.0) -> None:
    for number in range(1, count + 1):
        at = start + number / 100
        scene.create(at, at + 0.001, number, view={"created_at": "2026-01-05T12:00:01Z"})


def test_the_oldest_purchases_are_forgotten_when_too_many_are_known():
    scene = Scene(limits=Limits(purchases=10))
    buy(scene, 30)
    assert len(scene.judge._register) == 10
    assert scene.judge.forgotten == 20
    assert scene.judge.known == 30
    assert "when 10 newer ones are known" in scene.judge.policy()
    assert scene.findings() == set()


def test_purchases_that_nobody_looks_at_are_forgotten_and_others_are_not():
    scene = Scene(limits=Limits(horizon_s=60))
    buy(scene, 3)
    scene.retrieve(50, 51, 2, view={"created_at": "2026-01-05T12:00:01Z"})
    scene.judge.flush(70)
    assert list(scene.judge._register.rows) == [2]
    scene.judge.flush(200)
    assert scene.judge.known == scene.judge.forgotten == 3


def test_what_a_journey_has_left_is_forgotten():
    scene = Scene()
    buy(scene, 2)
    scene.judge.forget(1)
    scene.judge.forget(99)
    assert scene.judge.forgotten == 1
    # A poller may come late: a forgotten purchase is met anew.
    scene.retrieve(9, 9.5, 1, view={"created_at": "2026-01-05T12:00:01Z"})
    assert scene.findings() == set()


def test_the_bench_begins_anew_when_it_is_full():
    scene = Scene()
    buy(scene, 3)
    scene.retrieve(9, 9.5, 1, view={"created_at": "2026-01-05T12:00:02Z"})
    book = scene.judge._bench.book
    assert list(book.purchases) == [1]
    book.purchases.update(dict.fromkeys(range(10_000, 10_000 + MAX_PURCHASES), book.purchases[1]))
    scene.judge.flush(10)
    assert scene.judge._bench.book.purchases == {}
    scene.create(11, 12, 1, view={"phone_number": "+12025559999"})
    assert ("LIFE-7", "id-given-twice", "error") in scene.findings()


def counting(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the answers that are judged in full."""
    judged: list[int] = []
    for name in ("judge_answer", "judge_life"):
        whole = getattr(Bench, name)

        def act(self, operation, *args, _whole=whole, **more):
            judged.append(operation.index)
            _whole(self, operation, *args, **more)

        monkeypatch.setattr(Bench, name, act)
    return judged


def test_a_lawful_run_is_never_judged_in_full(monkeypatch):
    judged = counting(monkeypatch)
    scene = Scene()
    for number in range(1, 50):
        at = float(number)
        scene.create(at, at + 0.1, number)
        scene.code(at + 0.2, at + 0.3, number)
        scene.code(at + 0.4, at + 0.5, number, status=409, again=True)
        scene.retrieve(at + 0.4, at + 0.6, number)
        scene.retrieve(at + 0.7, at + 0.8, number, shown="SUCCESS")
        told = {"total_pages": number, "has_next": number > 1}
        scene.list(at + 0.85, at + 0.9, [purchase(number, "SUCCESS")], told=told)
    assert scene.findings() == set()
    assert judged == []


STORIES = {
    "a key is missing everywhere": lambda s, n: s.create(n, n + 0.1, n, view={"display_name": {"ru": "x"}}),
    "ids are given twice": lambda s, n: s.create(n, n + 0.1, 1),
    "every answer has a surplus key": lambda s, n: s.create(n, n + 0.1, n, view={"more": n}),
    "another country each time": lambda s, n: s.create(n, n + 0.1, n, view={"country_code": "CA"}),
}


@pytest.mark.parametrize("name", STORIES)
def test_what_is_wrong_in_one_way_is_judged_in_full_some_times_and_counted_every_time(name, monkeypatch):
    judged = counting(monkeypatch)
    scene = Scene()
    times = 6 * ENOUGH
    for number in range(1, times + 1):
        STORIES[name](scene, number)
    scene.judge.finish()
    worst = max(f.count for f in scene.judge.docket.findings if f.clause != "LOAD-1")
    assert worst >= times - 1
    assert len(judged) < 4 * ENOUGH
    assert scene.judge.docket.exercised["SHAPE-1"] == times


def test_a_check_that_crashes_leaves_its_clauses_without_a_verdict(monkeypatch):
    scene = Scene()

    def crash(*_args, **_more):
        raise ZeroDivisionError("what now")

    monkeypatch.setattr("load.judge.single.Answers.create", crash)
    assert scene.create(0, 1).lawful
    scene.judge.finish()
    (result,) = [r for r in scene.judge.docket.results(mode="load") if r.id == "LOAD-1"]
    assert result.verdict is ClauseVerdict.NOT_EXERCISED
    assert result.required
    assert "ZeroDivisionError: what now" in result.reason


def test_a_sweep_looks_at_so_many_purchases_and_the_next_one_at_more(monkeypatch):
    monkeypatch.setattr(forgetting, "_SWEPT", 2)
    scene = Scene(limits=Limits(horizon_s=100))
    for number in (1, 2, 3):
        scene.create(number, number + 0.5, number)
    scene.judge.flush(1_000)
    assert scene.judge.forgotten == 2
    scene.judge.flush(1_001)
    assert scene.judge.forgotten == 3


def test_what_the_bench_forgets_is_remembered_as_given_and_sold():
    scene = Scene()
    scene.create(0, 1, 1)
    scene.create(0, 1, 2, view={"phone_number": None})
    scene.list(0, 1, [purchase(3)])
    for number in (1, 2, 3):
        scene.judge._lives._promote(number)
    scene.retrieve(4, 5, 1)
    scene.judge._lives.close()
    assert scene.judge.take_sold(all_of_them=True) == [(12025550001, 1, 1.0, 4.0)]
    assert [number in scene.judge._register.given for number in (1, 2, 3)] == [True, True, False]
    assert scene.judge._register.odd == set()
