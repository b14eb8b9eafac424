"""Giveaways: what server software really writes into errors, beside prose and structures that resemble it."""

from __future__ import annotations

import time

import pytest

from contracts.checks.giveaways import MAX_TEXT, giveaways

TRACES = {
    "python": 'Traceback (most recent call last):\n  File "/app/main.py", line 12, in create\nValueError: x',
    "python frame": '  File "main.py", line 12, in create',
    "java": "java.lang.NullPointerException\n\tat com.shop.Purchases.create(Purchases.java:42)",
    "java module": "at java.base/java.lang.Thread.run(Thread.java:833)",
    "kotlin": "at shop.api.MainKt$main$1.invoke(Main.kt:10)",
    "java native": "at jdk.internal.Reflect.invoke0(Native Method)",
    "java thread": 'Exception in thread "main" java.lang.Error',
    "node": "TypeError: x\n    at Object.create (/srv/shop/index.js:10:5)",
    "node anonymous": "at Object.<anonymous> (/srv/index.js:1:7)",
    "node bare": "at /srv/index.js:1:7",
    "node async": "at async Server.handle (file:///srv/index.mjs:3:9)",
    "node internal": "at node:internal/process/task_queues:95:5",
    "node windows": "at create (C:\\shop\\index.js:10:5)",
    "dotnet": "at Shop.Api.Create(String code) in D:\\a\\Shop\\Api.cs:line 12",
    "dotnet without files": "System.FormatException: x\n   at System.Number.Parse(String s)\n   at Shop.Api.Create()",
    "go": "goroutine 1 [running]:\nmain.create()",
    "go frame": "\t/build/main.go:12 +0x1b",
    "rust": "thread 'main' panicked at src/main.rs:3:5",
    "rust numbered": "thread 'tokio-runtime-worker' (1234) panicked at src/main.rs:3:5",
    "ruby": "app/controllers/purchases_controller.rb:12:in `create'",
    "ruby newer": "purchases.rb:12:in 'Purchases#create'",
    "php": "Stack trace:\n#0 /var/www/index.php(12): create()",
    "php frame": "#1 /srv/www/index.php(12): create()",
    "php warning": "Warning: Undefined variable in index.php on line 12",
    "elixir": "(phoenix 1.7.2) lib/phoenix/router.ex:430: Phoenix.Router.__call__/5",
}

PATHS = {
    "usr": "no such file: /usr/lib/python3.11/json/decoder.py",
    "home": "cannot open /home/deploy/shop.conf",
    "etc": "/etc/shop/config",
    "var": "could not write to /var/lib/shop",
    "tmp": "[Errno 28] /tmp/upload-1",
    "users": "/Users/ann/shop/main",
    "app file": "error in /app/purchases/store.py",
    "app module": "Cannot find module '/app/server.js'",
    "srv file": "template /srv/shop/views/error.rb missing",
    "database": "unable to open /data/shop.sqlite3",
    "any with a line": "/shop/handlers/create.go:51",
    "file url": "file:///opt",
    "windows": "C:\\inetpub\\wwwroot\\shop\\web.config",
    "windows drive": "could not find D:\\shop\\bin\\api.dll",
}

SQL = {
    "select": "SELECT id, status FROM purchases WHERE id = $1",
    "select quoted": 'SELECT "purchases".* FROM "purchases"',
    "select lower": "select p1_0.id,p1_0.status from purchases p1_0 where p1_0.id=?",
    "insert": "INSERT INTO purchases (id) VALUES (1)",
    "insert lower": 'insert into "purchases" ("id", "code") values ($1, $2)',
    "update": "UPDATE purchases SET status = 'SUCCESS'",
    "update lower": "update accounts set balance=? where id=?",
    "delete": "DELETE FROM purchases",
    "delete lower": "delete from purchases where id = 5",
    "sqlstate": "SQLSTATE[23000]: Integrity constraint violation",
    "postgres": 'ERROR: syntax error at or near "US"',
    "mysql": "You have an error in your SQL syntax; check the manual",
    "sqlite": 'near "US": syntax error',
    "sqlite code": "SQLITE_CONSTRAINT: UNIQUE",
    "sqlite unique": "UNIQUE constraint failed: purchases.id",
    "sqlite table": "no such table: purchases",
    "postgres unique": 'duplicate key value violates unique constraint "purchases_pkey"',
    "postgres relation": 'relation "purchases" does not exist',
    "postgres column": 'column "kode" of relation "purchases" does not exist',
    "python driver": "(psycopg2.errors.StringDataRightTruncation) value too long",
    "python sqlite": "sqlite3.OperationalError: database is locked",
    "sqlalchemy": "sqlalchemy.exc.IntegrityError",
    "oracle": "ORA-00942: table or view does not exist",
    "hibernate": "org.hibernate.exception.ConstraintViolationException",
    "sequelize": "SequelizeDatabaseError",
    "prisma": "PrismaClientKnownRequestError",
}

INNOCENT = [
    "",
    "select a country from the list",
    "Please SELECT one of the codes",
    "Select a code from the countries where we sell",
    "update the country code",
    "update your plan and set a code",
    "insert into the form a code (two letters)",
    "delete from the list what you do not want",
    "a column or relation that does not exist",
    "country is out of stock at the moment",
    "Not Found: /v1/purchases/12345",
    "/v1/purchases/12345/request-code",
    "/v1/accounts/US",
    "/country_code",
    "/data/attributes/country_code",
    "#/components/schemas/Purchase",
    "#/home/country_code",
    "/app/v1/purchases",
    "/home",
    "see https://shop.example/usr/errors/1.html",
    "https://errors.pydantic.dev/2.5/v/string_pattern_mismatch",
    "https://shop.example:8443/etc/errors",
    "https://shop.example/docs/app/main.py",
    "//cdn.example/var/x",
    "String should match pattern '^[A-Z]{2}$'",
    r"must match ^\+[1-9]\d{1,14}$",
    r"expected \d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z",
    r"T:\d\d\w",
    "and/or, 24/7, n/a",
    "use text/html or application/json; charset=utf-8",
    "the request failed at 12:30:45 (UTC)",
    "at least one (1) code",
    "look at example.com:443:1",
    "at line 1 column 5 (char 4)",
    "Expecting value: line 1 column 1 (char 0)",
    "Unexpected token u in JSON at position 18",
    "JSON parse error: Unrecognized token 'us'",
    "thread is busy",
    "CHECK your country code",
    "id must be an integer (1..9007199254740991)",
    "File a ticket at our desk",
    'the file "x" on line',
    '<link href="/usr/style.css"><script src="/app/main.js"></script>',
    "{country_code} is required",
    "error.purchases.country_code.invalid",
    "PurchaseNotFoundException",
    "ValidationError",
    "e.g. +1 202 555 0123",
    "C: drive",
    "ratio 3:4\\5",
]


@pytest.mark.parametrize("text", TRACES.values(), ids=TRACES)
def test_stack_traces(text: str) -> None:
    assert [found.kind for found in giveaways(text, "")] == ["a stack trace"]


@pytest.mark.parametrize("text", PATHS.values(), ids=PATHS)
def test_file_paths(text: str) -> None:
    assert [found.kind for found in giveaways(text, "")] == ["a file path"]


@pytest.mark.parametrize("text", SQL.values(), ids=SQL)
def test_sql(text: str) -> None:
    assert [found.kind for found in giveaways(text, "")] == ["SQL"]


@pytest.mark.parametrize("text", INNOCENT)
def test_innocent_texts(text: str) -> None:
    assert list(giveaways(text, "")) == []


def test_what_the_request_said_gives_nothing_away() -> None:
    for text in (PATHS["etc"], SQL["delete"], TRACES["ruby"]):
        assert list(giveaways(f"unknown country {text}", f"x {text} y")) == []
        assert len(list(giveaways(f"unknown country {text}", "US"))) == 1


def test_a_giveaway_beside_a_quotation_is_found() -> None:
    sent = "/etc/passwd"
    (found,) = giveaways("bad code /etc/passwd (read from /etc/shop.conf)", sent)
    assert found.text == "/etc/shop.conf"


def test_a_trace_with_sql_is_two_things() -> None:
    both = f"{TRACES['python']}\n{SQL['python driver']}"
    assert [found.kind for found in giveaways(both, "")] == ["a stack trace", "SQL"]


@pytest.mark.parametrize("text", ["SELECT ", "select a ", "at ", "/a", "/usr/", "C:\\ab\\", "insert into x (", " "])
def test_a_hostile_text_takes_no_long_time(text: str) -> None:
    began = time.process_time()
    list(giveaways(text * (MAX_TEXT // len(text)), ""))
    assert time.process_time() - began < 5
