"""A PostgreSQL server of the tests' own, where one is installed: a fresh cluster behind a Unix socket."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

USER = "sandbox"


def programs() -> Path | None:
    """Find the folder of the server's programs: Debian keeps them off the path, a folder a version."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    found = str(debian[-1]) if debian else shutil.which("initdb")
    return Path(found).parent if found else None


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Run a server; give the URL of an empty database, with `{}` where its name goes.

    It refuses to run as root, and so runs as the user that the package makes.
    """
    psycopg = pytest.importorskip("psycopg", reason="NOT EXERCISED: psycopg is not installed")
    bin_folder = programs()
    if bin_folder is None:
        pytest.skip("NOT EXERCISED: PostgreSQL is not installed")
    user = "postgres" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="assay-pg-", dir="/tmp"))
    if user:
        shutil.chown(folder, user)
    as_user = {"user": user, "cwd": "/", "stdout": subprocess.DEVNULL}
    data = folder / "data"
    try:
        initdb = [bin_folder / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8"]
        subprocess.run([*initdb, "--no-sync", "--no-locale"], check=True, stderr=subprocess.DEVNULL, **as_user)
        options = ["listen_addresses=", "fsync=off", "shared_buffers=16MB", f"unix_socket_directories={folder}"]
        with (folder / "log").open("w") as log:
            server = subprocess.Popen(
                [bin_folder / "postgres", "-D", data, *(part for option in options for part in ("-c", option))],
                stderr=log,
                **as_user,
            )
        try:
            url = f"postgresql://{USER}@/{{}}?host={folder}"
            deadline = time.monotonic() + 60
            while True:
                try:
                    psycopg.connect(url.format("postgres")).close()
                    break
                except psycopg.OperationalError:
                    assert server.poll() is None, (folder / "log").read_text()
                    assert time.monotonic() < deadline, "PostgreSQL did not start"
                    time.sleep(0.05)
            yield url
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def fresh(server: str, name: str) -> Iterator[str]:
    """Make a database of this name on a running server; give its URL, and drop it at the end."""
    import psycopg

    with psycopg.connect(server.format("postgres"), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        try:
            yield server.format(name)
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
