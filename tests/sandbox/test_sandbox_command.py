"""`assay sandbox` as a person meets it."""

import itertools
import json
import re
import shlex
import signal
import socket
import subprocess
import sys

import httpx
import pytest
import typer
from typer.testing import CliRunner

from fixtures.sandbox.command import EPILOG, sandbox
from fixtures.sandbox.countries import COUNTRIES

PROGRAM = "import typer; from fixtures.sandbox.command import sandbox; typer.run(sandbox)"


@pytest.fixture
def run():
    app = typer.Typer()
    app.command(epilog=EPILOG)(sandbox)

    def run_once(*options):
        return CliRunner().invoke(app, options)

    return run_once


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--latency", "50 parsecs"], "latency '50 parsecs' is not a duration such as 50ms, 1.5s or 1m"),
        (["--latency", "50"], "latency '50' is not a duration such as 50ms, 1.5s or 1m"),
        (["--latency", "-1s"], "latency '-1s' is not a duration such as 50ms, 1.5s or 1m"),
        (["--latency", "90m"], "latency 5400.0 is not between 0 and 3,600"),
        (["--profile", "2026-5"], "unknown profile '2026-5'; the known ones are 2026-02 and 2026-05"),
        (["--failure-rate", "2"], "failure rate 2.0 is not between 0 and 1"),
        (["--rate-limit", "0"], "rate limit 0.0 is not between 0.001 and 1,000,000,000"),
        (["--balance", "a lot"], "balance 'a lot' is not an amount such as 1000.00"),
        (["--store", "/no/such/place.db"], "cannot open the store /no/such/place.db: unable to open database file"),
        (["--log", "/no/such/place.log"], "cannot write the log '/no/such/place.log': No such file or directory"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(run, options, complaint):
    result = run("--port", "0", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"assay sandbox: {complaint}\n"


def test_an_unknown_defect_is_one_line_and_exit_2(run):
    result = run("--port", "0", "--defect", "nooop")
    assert result.exit_code == 2
    assert result.stderr.startswith("assay sandbox: no defect or variant is called 'nooop'")
    assert result.stderr.count("\n") == 1


def test_a_port_in_use_is_one_line_and_exit_2(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("--port", str(port))
    assert result.exit_code == 2
    assert result.stderr == (f"assay sandbox: port {port} is in use; choose another with --port, or 0 for a free one\n")


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_an_impossible_port_is_exit_2(run, port):
    assert run("--port", port).exit_code == 2


def test_help_tells_every_option_and_examples(run):
    text = run("--help").stdout
    for word in ("--profile", "--seed", "--latency", "--failure-rate", "--rate-limit", "--store", "Examples"):
        assert word in text


@pytest.fixture
def terminal():
    """Run the command in a process; give the process and what it printed until the last line."""
    children = []

    def open_one(*options):
        child = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "--port", "0", *options], stdout=subprocess.PIPE, text=True
        )
        children.append(child)
        lines = []
        for line in child.stdout:
            lines.append(line)
            if "/admin/state" in line:
                break
        return child, "".join(lines)

    yield open_one
    for child in children:
        child.kill()
        child.communicate()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_it_serves_until_a_signal_and_its_curl_line_works(terminal, number, status):
    child, text = terminal("--profile", "2026-05", "--seed", "7", "--latency", "1ms")
    url = re.search(r"http://127\.0\.0\.1:\d+", text)[0]
    for country in COUNTRIES.values():
        assert f"{country.code}  {country.en}" in text
    words = shlex.split(re.search(r"curl -s \S+/v1/purchases.*\n.*", text)[0])
    headers = dict(word.split(": ") for flag, word in itertools.pairwise(words) if flag == "-H")
    body = words[words.index("-d") + 1]
    response = httpx.post(words[2], headers=headers, content=body, trust_env=False, verify=False)
    assert response.status_code == 200
    assert response.json()["purchase_source"] == "API"
    assert words[2] == f"{url}/v1/purchases"
    child.send_signal(number)
    assert child.wait(10) == status


def test_requests_are_logged_into_a_file_that_is_added_to(terminal, tmp_path):
    log = tmp_path / "requests.jsonl"
    log.write_text('{"earlier": true}\n')
    _, text = terminal("--log", str(log))
    url = re.search(r"http://127\.0\.0\.1:\d+", text)[0]
    assert f"Reference: {url}/docs" in text
    assert httpx.get(f"{url}/docs", trust_env=False, verify=False).status_code == 200
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert (lines[0], lines[1]["path"], lines[1]["status"]) == ({"earlier": True}, "/docs", 200)


def test_a_known_seed_gives_known_keys(terminal):
    keys = [re.findall(r"Sb0\w{32}", terminal("--seed", seed)[1]) for seed in ("7", "7", "8")]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--workers", "2"], "several workers need a store they can share, such as --store postgresql://host/database"),
        (["--workers", "2", "--store", "kept.db"], "several workers need a store they can share"),
        (["--store", "mysql://me:geheim@host/db"], "store mysql://... is no known one; it is a file, or a URL such as"),
        (["--store", "postgresql://me:geheim@/db?host=/nowhere"], "cannot open the PostgreSQL store: "),
    ],
)
def test_a_store_that_will_not_do_is_told_in_one_line(run, options, message):
    if options[-1].startswith("postgresql"):
        pytest.importorskip("psycopg", reason="NOT EXERCISED: psycopg is not installed")
    done = run("--port", "0", *options)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"assay sandbox: {message}")
    assert done.stderr.count("\n") == 1
    assert "geheim" not in done.output


def test_a_driver_that_is_missing_is_told_with_the_way_out(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    done = run("--port", "0", "--store", "postgresql://host/db")
    assert (done.exit_code, done.stderr) == (
        2, "assay sandbox: a PostgreSQL store needs the driver psycopg: pip install 'assay[postgresql]'\n",
    )  # fmt: skip
