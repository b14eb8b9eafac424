"""The sandbox's pure parts, each by itself."""

import random
import re
from collections import Counter

import phonenumbers
import pytest

from fixtures.sandbox import chance, discounts, inputs, routes
from fixtures.sandbox.clock import Clock, iso
from fixtures.sandbox.countries import COUNTRIES
from fixtures.sandbox.limits import Bucket
from fixtures.sandbox.money import amount, cents, discounted
from fixtures.sandbox.profiles import PROFILES
from fixtures.sandbox.provider import MAX_ATTEMPTS, Outcome, Provider
from fixtures.sandbox.refusal import Refusal
from fixtures.sandbox.settings import MAX_ID, Settings, SettingsError, derive_key


@pytest.mark.parametrize(
    ("text", "value"), [("0", 0), ("12", 1200), ("12.5", 1250), ("12.34", 1234), ("0.01", 1), ("007", 700)]
)
def test_amounts_are_read(text, value):
    assert cents(text) == value


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.", ".5", "1.234", "1e3", "1,5", " 1", "1\n", "١", "nan"])
def test_what_is_no_amount_is_not_read(text):
    assert cents(text) is None


def test_amounts_are_written_with_two_decimals():
    assert [amount(value) for value in (0, 5, 50, 150, 123456)] == ["0.00", "0.05", "0.50", "1.50", "1234.56"]


@pytest.mark.parametrize(
    ("base", "percent", "price"), [(300, 10, 270), (150, 5, 143), (250, 5, 238), (150, 0, 150), (45, 15, 38)]
)
def test_half_a_cent_is_rounded_up(base, percent, price):
    assert discounted(base, percent) == price


def test_some_discounted_prices_need_rounding():
    halves = [c.code for c in COUNTRIES.values() for step in discounts.LADDER if c.base * step.percent % 100]
    assert halves


def test_levels_are_reached_at_their_thresholds():
    assert [discounts.level(n).name for n in (0, 4, 5, 19, 20, 100, 500, 1999, 2000)] == [
        "none",
        "none",
        "bronze",
        "bronze",
        "silver",
        "gold",
        "platinum",
        "platinum",
        "premium",
    ]


def test_the_clock_never_runs_backward():
    wall = [100.0, 99.0, 100.5]
    clock = Clock(lambda: wall.pop(0))
    assert [clock.now_ms(), clock.now_ms(), clock.now_ms()] == [100_000, 100_000, 100_500]


def test_the_clock_moves_forward_on_demand():
    clock = Clock(lambda: 1_700_000_000.25)
    clock.advance(1200)
    assert clock.now_ms() == 1_700_001_200_250
    assert clock.http_date() == b"Tue, 14 Nov 2023 22:33:20 GMT"
    clock.not_before(1_700_009_000_000)
    assert clock.now_ms() == 1_700_009_000_000
    clock.not_before(1)
    assert clock.now_ms() == 1_700_009_000_000


def test_moments_are_written_with_milliseconds():
    assert iso(1_732_002_600_007) == "2024-11-19T07:50:00.007Z"


@pytest.mark.parametrize("country", COUNTRIES.values(), ids=COUNTRIES.keys())
def test_numbers_are_valid_ones_of_their_country(country):
    dice = random.Random(country.code)
    for lead in country.leads:
        for _ in range(100):
            number = f"+{country.calling}{lead}{dice.randrange(10**country.tail):0{country.tail}d}"
            assert phonenumbers.is_valid_number_for_region(phonenumbers.parse(number), country.code), number


@pytest.mark.parametrize("country", COUNTRIES.values(), ids=COUNTRIES.keys())
def test_numbers_do_not_repeat(country):
    numbers = chance.Numbers(5, country)
    given = {numbers.number(index) for index in range(3000)}
    assert len(given) == 3000
    assert all(re.fullmatch(r"\+[1-9][0-9]{1,14}", number, re.ASCII) for number in given)


def test_numbers_wrap_only_after_the_last_one():
    """The order is a permutation: its step shares no factor with the count of numbers."""
    for country in COUNTRIES.values():
        numbers = chance.Numbers(6, country)
        assert numbers.number(0) == numbers.number(country.capacity)
        assert numbers.number(0) != numbers.number(country.capacity // 2)
        assert numbers.number(0) != numbers.number(country.capacity // 5)


def test_credentials_look_the_part():
    for purchase_id in range(1, 200):
        assert re.fullmatch(r"[0-9]{5}", chance.code(1, purchase_id))
        assert re.fullmatch(r"[A-Za-z0-9]{16}", chance.password(1, purchase_id))
    assert len({chance.password(1, purchase_id) for purchase_id in range(500)}) == 500


def test_a_draw_depends_on_seed_and_subject_alone():
    assert chance.draw(1, "x", 2) == chance.draw(1, "x", 2)
    assert len({chance.draw(1, "x", 2), chance.draw(2, "x", 2), chance.draw(1, "y", 2)}) == 3
    assert all(0 <= chance.fraction(1, n) < 1 for n in range(1000))


def test_the_provider_keeps_to_its_rates():
    provider = Provider(Settings(seed=4, failure_rate=0.2, pending_rate=0.3, latency_s=1.0))
    plans = [provider.plan(number, 1) for number in range(4000)]
    counted = Counter(plan.outcome for plan in plans)
    assert counted[Outcome.FAILURE] == pytest.approx(800, rel=0.15)
    assert counted[Outcome.PENDING] == pytest.approx(1200, rel=0.15)
    assert all(0.75 <= plan.latency_s <= 1.25 for plan in plans)
    assert sum(plan.latency_s for plan in plans) / len(plans) == pytest.approx(1.0, rel=0.02)


def test_a_script_overrules_the_rates_and_one_for_a_purchase_comes_first():
    provider = Provider(Settings())
    provider.script([Outcome.PENDING, Outcome.FAILURE], None)
    provider.script([Outcome.FAILURE], 7)
    assert [provider.plan(7, 1).outcome, provider.plan(7, 2).outcome] == [Outcome.FAILURE, Outcome.PENDING]
    assert [provider.plan(8, 1).outcome, provider.plan(8, 2).outcome] == [Outcome.FAILURE, Outcome.SUCCESS]


def test_a_new_script_replaces_the_old_one():
    provider = Provider(Settings())
    provider.script([Outcome.PENDING], None)
    provider.script([], None)
    assert provider.plan(1, 1).outcome is Outcome.SUCCESS


def test_the_provider_gives_up_after_the_last_attempt():
    provider = Provider(Settings(pending_rate=1.0))
    assert provider.plan(1, MAX_ATTEMPTS - 1).outcome is Outcome.PENDING
    assert provider.plan(1, MAX_ATTEMPTS).outcome is Outcome.FAILURE


def test_a_bucket_lets_a_burst_through_and_then_its_rate():
    bucket = Bucket(2.0, 0)
    assert [bucket.take(0), bucket.take(0), bucket.take(0)] == [None, None, 1]
    assert [bucket.take(499), bucket.take(500), bucket.take(500)] == [1, None, 1]
    assert [bucket.take(10_000) for _ in range(3)] == [None, None, 1]


def test_a_slow_bucket_tells_the_whole_wait():
    bucket = Bucket(0.1, 0)
    assert [bucket.take(0), bucket.take(0), bucket.take(9_000), bucket.take(10_000)] == [None, 10, 1, None]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/v1/purchases", (routes.PURCHASES, "")),
        ("/v1/purchases/", (routes.PURCHASES, "")),
        ("/v1/purchases/12", (routes.PURCHASE, "12")),
        ("/v1/purchases/12/", (routes.PURCHASE, "12")),
        ("/v1/purchases/12/refund/", (routes.REFUND, "12")),
        ("/v1/purchases//refund", (routes.REFUND, "")),
        ("/v1/%70urchases", (routes.PURCHASES, "")),
        ("/v1/purchases/1%2Frefund", (routes.PURCHASE, "1/refund")),
        ("/v1/purchases/%31", (routes.PURCHASE, "1")),
        ("/v1%2Fpurchases", None),
        ("/v1/purchases//", (routes.PURCHASE, "")),
        ("/V1/purchases", None),
        ("/v1/purchases/12/request-code/x", None),
        ("/v1", None),
        ("/", None),
        ("", None),
        ("//v1/purchases", None),
    ],
)
def test_paths(path, found):
    plain = path.replace("%70", "p").replace("%2F", "/").replace("%31", "1")
    assert routes.find(plain, path.encode(), has_bulk=False) == found


@pytest.mark.parametrize(
    "uri",
    [
        "https://buyer.example/hooks/code?x=1#top",
        "http://127.0.0.1:8080",
        "http://[::1]:80/a",
        "https://user:pw@host/%20",
        "mailto:a@b.example",
        "urn:isbn:0451450523",
        "a:",
    ],
)
def test_uris_are_taken_for_callbacks(uri):
    assert inputs.callback({"callback_url": uri}) == uri


@pytest.mark.parametrize(
    "value",
    ["", "no uri", "/relative", "//host/path", "http://a b", "http://a/%zz", "http://a\n", "1a:b", None, 5, [], "é:"],
)
def test_what_is_no_uri_is_refused_as_callback(value):
    with pytest.raises(Refusal, match="callback_url must be a URI") as refused:
        inputs.callback({"callback_url": value})
    assert refused.value.status == 422


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"profile": "2027"}, "unknown profile '2027'; the known ones are 2026-02 and 2026-05"),
        ({"latency_s": -1.0}, "latency -1.0 is not between 0 and 3,600"),
        ({"latency_s": float("nan")}, "latency nan is not between 0 and 3,600"),
        ({"failure_rate": 1.5}, "failure rate 1.5 is not between 0 and 1"),
        ({"failure_rate": 0.6, "pending_rate": 0.6}, "failure rate and pending rate add up to more than 1"),
        ({"rate_limit": 0}, "rate limit 0 is not between 0.001 and 1,000,000,000"),
        ({"first_id": 0}, "first id 0 is not between 1 and 9,007,199,254,740,991"),
        ({"first_id": MAX_ID + 1}, "first id 9007199254740992 is not between 1 and 9,007,199,254,740,991"),
        ({"balance": "-5"}, "balance '-5' is not an amount such as 1000.00"),
        ({"null_password": True}, "profile 2026-02 has no null password"),
        ({"owner_key": "short"}, "the owner key is not 8 to 200 visible ASCII characters"),
        ({"owner_key": "same-same", "other_key": "same-same"}, "the three keys must differ"),
    ],
)
def test_a_setting_out_of_its_domain_is_refused_in_one_line(changes, message):
    with pytest.raises(SettingsError) as refused:
        Settings(**changes)
    assert str(refused.value) == message


def test_keys_come_from_the_seed_and_stay_out_of_sight():
    settings = Settings(seed=9)
    assert settings.owner_key == derive_key(9, "owner") != Settings(seed=8).owner_key
    for key in (settings.owner_key, settings.other_key, settings.admin_key):
        assert re.fullmatch(r"[A-Za-z0-9]{35}", key)
        assert key.lower() != key != key.upper()
        assert key not in repr(settings)


def test_a_given_key_is_kept():
    assert Settings(owner_key="my-own-key").owner_key == "my-own-key"


def test_the_default_profile_comes_first():
    assert next(iter(PROFILES)) == Settings().profile == "2026-02"
