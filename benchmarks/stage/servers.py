"""Servers to load: nginx with one answer, and the fast shop; each pinned, each counting its requests."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

NGINX = """
worker_processes 1; daemon off; pid {dir}/pid; error_log {dir}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; keepalive_timeout 300s; default_type application/json;
  client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f;
  uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  server {{
    listen 127.0.0.1:{port}{tls};
    location = /count {{ stub_status; }}
    location ~ ^/v1/accounts/ {{ return 200 '{account}'; }}
    location = /v1/purchases {{ if ($request_method = GET) {{ return 200 '{page}'; }}
      return 200 '{created}'; }}
    location ~ ^/v1/purchases/(\\d+)$ {{ return 200 '{shown}'; }}
  }}
}}
"""
ACCOUNT = (
    '{"country_code":"US","display_name":{"ru":"A","en":"United States"},'
    '"price":{"amount":"0.50","currency_code":"USD"},"discount":{"base_price":"0.50",'
    '"percent":0},"available":true}'
)
PAGE = '{"items":[],"pagination":{"current_page":1,"total_pages":1,"has_next":false}}'
PURCHASE = (
    '{"id":%s,"country_code":"US","display_name":{"ru":"A long enough name","en":"United States of America"},'
    '"phone_number":"+1%s","price":{"amount":"0.50","currency_code":"USD"},"status":"%s",'
    '"purchase_type":"SINGLE","verification":%s,"created_at":"%s"}'
)
PROOF = '{"code":"12345","password":"a-password-of-some-length","received_at":"%s"}'


@dataclass(frozen=True)
class Server:
    """A server that runs.

    Attributes:
        url: its base URL.
        pid: of the process that answers.
        count: returns how many requests it has answered.
        certificate: of its TLS, None without.
    """

    url: str
    pid: int
    count: Callable[[], int]
    certificate: Path | None = None


def free_port() -> int:
    """Return a port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def nginx(core: int | None, *, tls: bool = False) -> Iterator[Server]:
    """Run nginx with one worker that answers every purchase from memory."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        born = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        number = "${connection}0000${connection_requests}"
        listen = f" ssl; ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem" if tls else ""
        config = NGINX.format(
            dir=folder,
            port=port,
            tls=listen,
            account=ACCOUNT,
            page=PAGE,
            created=PURCHASE % (number, number, "PENDING", "null", born),
            shown=PURCHASE % ("$1", "$1", "SUCCESS", PROOF % born, born),
        )
        path = Path(folder, "nginx.conf")
        path.write_text(config)
        if tls:
            _certificate(Path(folder))
        process = subprocess.Popen([*_pinned(core), program, "-c", str(path), "-p", folder])
        scheme = "https" if tls else "http"
        try:
            _wait(port)
            worker = _child(process.pid)
            certificate = Path(folder, "cert.pem") if tls else None
            url = f"{scheme}://127.0.0.1:{port}"
            yield Server(url, worker, lambda: _stub_status(url, certificate), certificate)
        finally:
            process.terminate()
            process.wait(10)


@contextlib.contextmanager
def fastshop(core: int | None) -> Iterator[Server]:
    """Run the fast shop."""
    port = free_port()
    program = Path(__file__).with_name("fastshop.py")
    process = subprocess.Popen([*_pinned(core), sys.executable, str(program), str(port)])
    url = f"http://127.0.0.1:{port}"

    def count() -> int:
        with urllib.request.urlopen(f"{url}/count", timeout=5) as answer:
            return int(json.load(answer)["count"])

    try:
        _wait(port)
        yield Server(url, process.pid, count)
    finally:
        process.terminate()
        process.wait(10)


def _stub_status(url: str, certificate: Path | None) -> int:
    context = ssl.create_default_context(cafile=str(certificate)) if certificate else None
    with urllib.request.urlopen(f"{url}/count", timeout=5, context=context) as answer:
        text = answer.read().decode()
    found = re.search(r"\n\s*\d+ \d+ (\d+)", text)
    assert found is not None, text
    return int(found[1])


def _certificate(folder: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(folder / "key.pem"), "-out",
         str(folder / "cert.pem")],
        check=True, capture_output=True,
    )  # fmt: skip


def _pinned(core: int | None) -> list[str]:
    return ["taskset", "-c", str(core)] if core is not None and shutil.which("taskset") else []


def _child(pid: int) -> int:
    for _ in range(100):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if children:
            return int(children[0])
        time.sleep(0.02)
    return pid


def _wait(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on {port}")
