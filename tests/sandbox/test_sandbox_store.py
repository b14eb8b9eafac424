"""What every store promises, whichever database keeps it; and what PostgreSQL promises to several processes."""

import asyncio
import itertools
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.sandbox.app import create_app
from fixtures.sandbox.clock import Clock
from fixtures.sandbox.inputs import Page, PurchaseQuery
from fixtures.sandbox.scenario import Scenario
from fixtures.sandbox.server import STORE_VARIABLE, SandboxThread, child_environment, child_options
from fixtures.sandbox.settings import Settings, SettingsError
from fixtures.sandbox.shared import Shared
from fixtures.sandbox.sqlite import SqliteStore
from fixtures.sandbox.store import MAX_NOTES, Bulk, Common, Purchase, StoreError
from fixtures.sandbox.workers import serve_several
from tests.sandbox.conftest import Api
from tests.sandbox.database import fresh, running
from tests.sandbox.processes import apis

NAMES = itertools.count()


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL server; where none is installed, what needs it is skipped and says so."""
    with running() as url:
        yield url


@pytest.fixture
def database(server):
    """The URL of an empty database."""
    with fresh(server, f"test_{next(NAMES)}") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def store(request):
    """An empty store with one owner and one country."""
    if request.param == "sqlite":
        made = SqliteStore(None)
    else:
        from fixtures.sandbox.postgres import PostgresStore

        made = PostgresStore(request.getfixturevalue("database"))
    with made.transaction():
        made.add_owner(1, "owner", 1000, 5)
        made.add_country("US", None)
    yield made
    made.close()


def purchase(number, **changes):
    values = {
        "id": number, "owner_id": 1, "country_code": "US", "phone_number": f"+1202555{number:04d}", "price": 150,
        "status": "PENDING", "attempts": 0, "code": None, "password": None, "received_ms": None, "created_ms": number,
    }  # fmt: skip
    return Purchase(**{**values, **changes})


def bulk(number):
    return Bulk(number, 1, "US", 3, 150, "PENDING", 0, "success", 0, 9, None, 8, 8)


class TestEveryStore:
    def test_keeps_purchases_as_they_move(self, store):
        with store.transaction():
            store.add_purchase(purchase(7))
            store.count_attempt(7)
            store.deliver(7, "12345", "secret", 99)
        assert store.purchase(7) == purchase(
            7, status="SUCCESS", attempts=1, code="12345", password="secret", received_ms=99
        )
        assert store.purchase(8) is None
        assert (store.newest(), store.latest_ms(), store.successes(1)) == ((7, 7), 99, 1)

    def test_keeps_bulks_as_they_move(self, store):
        with store.transaction():
            store.add_bulk(bulk(3))
        moved = Bulk(3, 1, "US", 3, 150, "ERROR", 0, "failure", 2, 77, None, 8, 88)
        with store.transaction():
            store.set_bulk(moved)
        assert (store.bulk(3), store.bulk(4)) == (moved, None)
        assert (store.newest(), store.latest_ms()) == ((3, 0), 88)

    def test_undoes_a_transaction_that_fails(self, store):
        with suppress(KeyError), store.transaction():
            store.add_purchase(purchase(7))
            store.charge(1, 150)
            store.take("US")
            raise KeyError
        assert (store.purchase(7), store.balance(1), store.stock("US")) == (None, 1000, (0, None))
        with store.transaction():
            store.add_purchase(purchase(7))

    def test_never_charges_more_than_there_is(self, store):
        with store.transaction():
            assert [store.charge(1, 600), store.charge(1, 600), store.charge(1, 400)] == [True, False, True]
        assert store.balance(1) == 0

    def test_remembers_the_first_of_what_it_is_told(self, store):
        with store.transaction():
            assert [store.remember("seed", "1"), store.remember("seed", "2")] == ["1", "1"]
            store.add_owner(1, "owner", 5, 5)
            store.add_country("US", 3)
        assert (store.balance(1), store.stock("US"), store.owner_since(1)) == (1000, (0, None), 5)

    def test_reserves_a_purchase_for_one(self, store):
        assert [store.claim(7, 60), store.claim(7, 60), store.claim(8, 60)] == [True, False, True]
        store.release(7)
        assert store.claim(7, 60)

    def test_gives_scripts_out_in_order_the_particular_one_first(self, store):
        store.scripts.lay(["a", "b"], None)
        store.scripts.lay(["c"], 7)
        assert [store.scripts.take(7) for _ in range(4)] == ["c", "a", "b", None]
        store.scripts.lay(["a"], None)
        store.scripts.lay([], None)
        assert store.scripts.take(7) is None

    def test_limits_each_caller_and_starts_over_when_told(self, store):
        assert [store.limits.take(1, 0.5, now) for now in (0, 0, 1000, 2000)] == [None, 2, 1, None]
        assert store.limits.take(2, 0.5, 2000) is None
        with store.transaction():
            store.limits.clear()
        assert [store.limits.take(1, 3, 2000) for _ in range(4)] == [None, None, None, 1]

    def test_keeps_the_newest_notes(self, store):
        for number in range(3):
            store.note(f"line {number}")
        assert store.notes() == ["line 0", "line 1", "line 2"]
        assert MAX_NOTES >= 1000

    @settings(
        max_examples=40,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        database=None,
    )
    @given(seed=st.integers(0, 10**6))
    def test_pages_as_a_plain_list_would(self, store, seed):
        dice = random.Random(seed)
        known = self.filled(store, dice)
        status = dice.choice([None, "PENDING", "SUCCESS", "REFUND"])
        fragment = dice.choice(["", "", "5", "555", "+1", "99", "5\0"])
        size, number, oldest = dice.randint(1, 50), dice.randint(1, 4), dice.random() < 0.5
        found = [one for one in known if status in (None, one.status) and fragment in one.phone_number]
        found.sort(key=lambda one: one.id, reverse=not oldest)
        page = store.page(1, PurchaseQuery(Page(number, size), oldest, status, fragment))
        assert page == (found[(number - 1) * size : number * size], len(found))
        counts = [sum(one.status == each for one in known) for each in ("PENDING", "SUCCESS", "REFUND")]
        tallies = store.tallies(1)
        assert [tallies[each] for each in ("PENDING", "SUCCESS", "REFUND")] == counts

    def filled(self, store, dice):
        """Add a few purchases, move some, and tell what is there now."""
        with store.transaction():
            first = store.newest()[0] + 1
            for number in range(first, first + dice.randint(0, 4)):
                store.add_purchase(purchase(number))
            if first > 1:
                store.set_status(dice.randrange(1, first), dice.choice(["SUCCESS", "REFUND", "PENDING"]))
        known = [store.purchase(number) for number in range(1, store.newest()[0] + 1)]
        return [one for one in known if one is not None]


class TestOnPostgres:
    def open(self, url):
        from fixtures.sandbox.postgres import PostgresStore

        return PostgresStore(url)

    def test_a_reservation_of_a_process_that_died_ends_by_itself(self, database):
        one, other = self.open(database), self.open(database)
        assert one.claim(7, 0.0)
        assert other.claim(7, 60)
        assert not one.claim(7, 60)
        for each in (one, other):
            each.close()

    def test_a_limit_counts_what_all_processes_served(self, database):
        one, other = self.open(database), self.open(database)
        waits = [store.limits.take(1, 2, now) for store, now in ((one, 50), (other, 0), (one, 50), (other, 550))]
        assert waits == [None, None, 1, None]
        for each in (one, other):
            each.close()

    def test_transactions_take_turns(self, database):
        one, other = self.open(database), self.open(database)
        order = []
        with ThreadPoolExecutor(1) as pool:

            def second():
                with other.transaction():
                    order.append("second")

            with one.transaction():
                waiting = pool.submit(second)
                threading.Event().wait(0.2)
                order.append("first")
            waiting.result(20)
        assert order == ["first", "second"]
        for each in (one, other):
            each.close()

    def test_a_connection_that_broke_is_made_anew(self, database):
        import psycopg

        store = self.open(database)
        with psycopg.connect(database, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'assay sandbox' AND datname = current_database()"
            )
        with pytest.raises(psycopg.OperationalError):
            store.common()
        assert store.common() is None
        store.close()

    def test_notes_beyond_the_limit_go(self, database, monkeypatch):
        from fixtures.sandbox import postgres

        monkeypatch.setattr(postgres, "MAX_NOTES", 2)
        store = self.open(database)
        for number in range(5):
            store.note(str(number))
        assert (store.notes(), store._one("SELECT count(*) FROM note")[0]) == (["3", "4"], 2)
        store.close()

    def test_records_of_something_else_are_left_alone(self, database):
        import psycopg

        with psycopg.connect(database, autocommit=True) as theirs:
            theirs.execute("CREATE SCHEMA assay_sandbox")
        with pytest.raises(StoreError, match="schema assay_sandbox was not made by the sandbox"):
            self.open(database)

    def test_another_version_is_refused(self, database):
        store = self.open(database)
        store._run("UPDATE meta SET value = '1' WHERE name = 'version'")
        store.close()
        with pytest.raises(StoreError, match="not made by this version"):
            self.open(database)

    def test_other_settings_are_refused(self, database):
        app = create_app(Settings(seed=2, store=database))
        with pytest.raises(SettingsError, match="made with seed 2, not 3"):
            create_app(Settings(seed=3, store=database))
        app._close()

    @pytest.mark.parametrize(
        ("url", "message", "told"),
        [
            ("postgresql://me:p@ss@host/db", 'no host name "ss@host"\nmore', 'no host name "..."'),
            ("postgresql://me:pass@host/db", 'at "host": role "me", "pass"', 'at "host": role "me", "..."'),
            ("postgresql://host/db", 'database "db" does not exist', 'database "db" does not exist'),
            ("postgresql://me@host/db", "", "ValueError"),
        ],
    )  # fmt: skip
    def test_an_error_is_told_without_what_may_be_of_the_password(self, url, message, told):
        from fixtures.sandbox import postgres

        assert postgres._told(ValueError(message), url) == told

    def test_an_unreachable_database_is_told_in_one_line_without_the_password(self, tmp_path):
        pytest.importorskip("psycopg", reason="NOT EXERCISED: psycopg is not installed")
        with pytest.raises(StoreError) as refused:
            self.open(f"postgresql://me:geheim@/db?host={tmp_path}")
        assert str(refused.value).startswith("cannot open the PostgreSQL store: ")
        assert "geheim" not in str(refused.value)
        assert "\n" not in str(refused.value)


class TestSeveralProcesses:
    def test_keep_every_promise_that_a_race_could_break(self, database):
        with ExitStack() as stack:
            one, other = pair = apis(database, stack, latency_s=0.05)
            one.do("stock", country_code="US", available=30)
            with ThreadPoolExecutor(8) as pool:

                def both(call, count):
                    return list(pool.map(lambda n: call(pair[n % 2], n), range(count)))

                # Nothing is sold twice, nothing beyond the stock, and each is charged once.
                answers = both(lambda api, _: api.owner.post("/v1/purchases", json={"country_code": "US"}), 36)
                sold = [answer.json() for answer in answers if answer.status_code == 200]
                assert [answer.status_code for answer in answers].count(400) == 6
                assert len({each["id"] for each in sold}) == len({each["phone_number"] for each in sold}) == 30
                assert one.balance() == other.balance() == 1000 - 30 * 1.5

                # One code, whoever asks and wherever.
                wanted = sold[0]["id"]
                codes = both(lambda api, _: api.code(wanted), 8)
                assert sorted(answer.status_code for answer in codes) == [200] + [409] * 7
                assert one.show(wanted) == other.show(wanted)

                # One refund, after one process has moved the clock of both.
                one.advance(1200)
                wanted = sold[1]["id"]
                refunds = both(lambda api, _: api.owner.post(f"/v1/purchases/{wanted}/refund"), 8)
                assert sorted(answer.status_code for answer in refunds) == [200] + [409] * 7
                assert one.balance() == other.balance() == 1000 - 29 * 1.5

                # A bulk is charged and settled once.
                orders = both(
                    lambda api, _: api.owner.post("/v1/purchases/bulk", json={"country_code": "RU", "quantity": 3}), 4
                )
                ids = [answer.json()["bulk_purchase_id"] for answer in orders]
                assert len({*ids, *(each["id"] for each in sold)}) == 34

            # The order of ids is the order of `created_at`, and what one answered the other shows.
            items = other.list(sort="date_asc")["items"]
            assert items == one.list(sort="date_asc")["items"]
            assert [each["id"] for each in items] == sorted(each["id"] for each in sold)
            assert [each["created_at"] for each in items] == sorted(each["created_at"] for each in items)

    def test_take_no_database_that_is_meant_for_another(self, monkeypatch):
        monkeypatch.setenv(STORE_VARIABLE, "postgresql://somebody/else")
        assert STORE_VARIABLE not in child_environment(Settings())
        assert child_environment(Settings(store="postgresql://host/db"))[STORE_VARIABLE] == "postgresql://host/db"

    def test_are_not_told_the_database_on_the_command_line(self):
        url = "postgresql://me:geheim@host/db"
        assert not any("geheim" in option for option in child_options(Settings(store=url), ()))
        assert "geheim" not in repr(Settings(store=url))


class TestWorkers:
    def test_need_a_store_they_can_share(self):
        with pytest.raises(SettingsError, match="several workers need a store they can share"):
            serve_several(Settings(), host="127.0.0.1", port=0, count=2, ready=print)


class TestShared:
    def test_a_change_that_fails_is_told_to_nobody(self):
        class Fake(SqliteStore):
            """A store that several processes could share, with its common facts in a field."""

            told = None

            def common(self):
                return self.told

            def keep_common(self, common):
                self.told = common

        store = Fake(None)
        clocks, scenarios = [Clock(), Clock()], [Scenario(), Scenario()]
        one, other = (Shared(store, *pair) for pair in zip(clocks, scenarios, strict=True))
        other.read()
        assert clocks[1].offset_ms == 0, "nobody has said anything yet"
        with one.changing():
            clocks[0].advance(5)
            scenarios[0].turn({"slow_s": 2})
        with suppress(KeyError), one.changing():
            clocks[0].advance(100)
            raise KeyError
        other.read()
        assert (clocks[1].offset_ms, scenarios[1].slow_s) == (5000, 2)
        with other.changing():
            clocks[1].advance(1)
        assert store.told == Common(6000, store.told.switches)
        store.close()


def test_a_sandbox_thread_serves_a_database_as_well(database):
    with SandboxThread(Settings(store=database)) as sandbox, ExitStack() as stack:
        api = Api(sandbox, stack)
        assert api.show(api.buy()["id"])["status"] == "PENDING"


def test_the_lifespan_closes_the_connection(database):
    app = create_app(Settings(store=database))

    async def live():
        messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

        async def receive():
            return next(messages)

        async def send(message):
            pass

        await app({"type": "lifespan"}, receive, send)

    asyncio.run(live())
    assert app._close.alive is False
