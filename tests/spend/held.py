"""Locust's clients in custody, staged in a process of its own, for locust patches the interpreter it is in.

    python -m tests.spend.held

Each scene sends four times, to a shop that counts, under a cap of two; what arrived where is printed as JSON.
"""

from __future__ import annotations

import gevent.monkey

gevent.monkey.patch_all()

import json  # noqa: E402 - nothing may be imported before the patch
import os  # noqa: E402 - likewise
import socket  # noqa: E402 - likewise
import ssl  # noqa: E402 - likewise
import sys  # noqa: E402 - likewise
import tempfile  # noqa: E402 - likewise
from collections.abc import Callable, Iterator  # noqa: E402 - likewise
from contextlib import contextmanager  # noqa: E402 - likewise
from decimal import Decimal  # noqa: E402 - likewise
from pathlib import Path  # noqa: E402 - likewise
from types import SimpleNamespace  # noqa: E402 - likewise
from typing import Any  # noqa: E402 - likewise

import gevent  # noqa: E402 - likewise
import gevent.socket  # noqa: E402 - likewise
import geventhttpclient.client as transport  # noqa: E402 - likewise
import requests  # noqa: E402 - likewise
import urllib3  # noqa: E402 - likewise
from geventhttpclient.url import URL  # noqa: E402 - likewise
from locust.clients import HttpSession  # noqa: E402 - likewise
from locust.contrib.fasthttp import FastHttpSession, LocustUserAgent  # noqa: E402 - likewise
from locust.env import Environment  # noqa: E402 - likewise

from contracts.budget import Budget  # noqa: E402 - likewise
from load.attach import user_classes  # noqa: E402 - likewise
from load.custody import Custody  # noqa: E402 - likewise
from load.drive.purse import Purse  # noqa: E402 - likewise

PRICE = Decimal("0.40")
KEY = {"x-api-key": "owner-key"}
US = {"country_code": "US"}
NAME = "api.example.com"


class Shop:
    """Takes down every request; answers, breaks off, or redirects.

    Args:
        address: where it listens.
        says: amount that its answers name, None to close without any answer.
        redirect: where to, empty for no redirects.
    """

    def __init__(self, address: str, says: str | None = "0.40", redirect: str = "") -> None:
        self.requests: list[str] = []
        self._says = says
        self._redirect = redirect
        self._listener = socket.create_server((address, 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://{address}:{self.port}"
        self.greenlet = gevent.spawn(self._serve)

    def _serve(self) -> None:
        while True:
            peer, _ = self._listener.accept()
            gevent.spawn(self._talk, peer)

    def _talk(self, peer: socket.socket) -> None:
        with peer, peer.makefile("rb") as lines:
            while True:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    line = lines.readline()
                    if not line:
                        return
                    head += line
                fields = dict(part.lower().split(b":", 1) for part in head.split(b"\r\n")[1:] if b":" in part)
                lines.read(int(fields.get(b"content-length", b"0")))
                self.requests.append(head.split(b"\r\n")[0].decode())
                if self._says is None:
                    return
                if self._redirect:
                    peer.sendall(b"HTTP/1.1 307 x\r\nlocation: " + self._redirect.encode())
                    peer.sendall(b"\r\ncontent-length: 0\r\n\r\n")
                    continue
                body = json.dumps({"country_code": "US", "price": {"amount": self._says}}).encode()
                peer.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d" % len(body))
                peer.sendall(b"\r\n\r\n" + body)


Act = Callable[[Any, Shop, Shop], Any]


@contextmanager
def custody(url: str, purse: Purse, addresses: list[str] | None) -> Iterator[None]:
    """Hold what leaves while the context is open; afterwards everything is as it was."""
    before = (HttpSession.send, LocustUserAgent._urlopen, transport._may_retry_after_send_error)
    lookups = socket.getaddrinfo, gevent.socket.getaddrinfo
    try:
        Custody(url, addresses, purse, SimpleNamespace(now=lambda: 1.0))  # type: ignore[arg-type]
        yield
    finally:
        HttpSession.send, LocustUserAgent._urlopen, transport._may_retry_after_send_error = before  # type: ignore[method-assign]
        socket.getaddrinfo, gevent.socket.getaddrinfo = lookups


def scene(
    kind: type[Any],
    act: Act,
    *,
    says: str | None = "0.40",
    redirect: bool = False,
    spend: str = "",
    named: bool = False,
) -> dict[str, Any]:
    """Send four times; return what arrived, what was counted, and what ended it."""
    stranger = Shop("127.0.0.2")
    shop = Shop("127.0.0.1", says, stranger.url + "/v1/purchases" if redirect else "")
    url = f"http://{NAME}:{shop.port}" if named else shop.url
    budget = Budget(None, Decimal(spend)) if spend else Budget(2)
    ended = ""
    with custody(url, Purse(budget, {"US": PRICE}), ["127.0.0.1"] if named else None):
        client = kind(url, Environment().events.request, None)
        try:
            for _ in range(4):
                act(client, shop, stranger)
        except BaseException as error:  # noqa: BLE001 - whatever ends it is told
            ended = type(error).__name__
    gevent.killall([shop.greenlet, stranger.greenlet])
    return {
        "arrived": shop.requests, "astray": stranger.requests, "ended": ended, "purchases": budget.purchases,
        "spend": str(budget.spend),
    }  # fmt: skip


def buy(method: str = "POST", path: str = "/v1/purchases", body: Any = None, **fields: str) -> Act:
    sent = json.dumps(US if body is None else body)
    return lambda client, shop, stranger: client.request(method, path, data=sent, headers=KEY | fields)


def read(url: str) -> Act:
    """Read a URL, in which the ports of the shop and of the stranger are filled in."""
    return lambda client, shop, stranger: client.get(url.format(shop.port, stranger.port), headers=KEY)


def below(client: Any, shop: Shop, _: Shop) -> None:
    """Buy through what lies below each client's own ``request``."""
    if isinstance(client, HttpSession):
        client.send(requests.Request("POST", f"{shop.url}/v1/purchases", json=US, headers=KEY).prepare())
    else:
        client.client.urlopen(f"{shop.url}/v1/purchases", method="POST", payload=json.dumps(US), headers=KEY)


def below_elsewhere(client: Any, _: Shop, stranger: Shop) -> None:
    if isinstance(client, HttpSession):
        client.send(requests.Request("GET", stranger.url, headers=KEY).prepare())
    else:
        client.client.urlopen(stranger.url, headers=KEY)


def stubborn(client: Any, _: Shop, __: Shop) -> None:
    """Buy by a client that was told to try again and again."""
    if isinstance(client, HttpSession):
        again = urllib3.Retry(5, allowed_methods=None, backoff_factor=0)
        client.mount("http://", requests.adapters.HTTPAdapter(max_retries=again))
    else:
        client.client.max_retries = 5
    client.put("/v1/purchases", data=json.dumps(US), headers=KEY)


def proxied(client: Any, _: Shop, stranger: Shop) -> None:
    os.environ["HTTP_PROXY"] = os.environ["http_proxy"] = stranger.url
    client.trust_env = True
    client.proxies = {"http": stranger.url}
    try:
        client.get("/v1/purchases", headers=KEY)
    finally:
        del os.environ["HTTP_PROXY"], os.environ["http_proxy"]


SCENES: dict[str, tuple[Act, dict[str, Any]]] = {
    "creates": (buy(), {}),
    "a forgiving path": (buy(path="/v1/x/../%70URCHASES?page=1"), {}),
    "another method": (buy("PATCH"), {}),
    "a method in a field": (buy("GET", **{"X-HTTP-Method-Override": "POST"}), {}),
    "several in one": (buy(body=[US] * 3), {}),
    "a quantity": (buy(body=US | {"quantity": 50}), {}),
    "lost answers": (buy("PUT"), {"says": None}),
    "lost answers to those who expect": (buy(Expect="100-continue"), {"says": None}),
    "a client told to try again": (stubborn, {"says": None}),
    "below the session": (below, {}),
    "elsewhere below the session": (below_elsewhere, {}),
    "dearer than shown": (buy(), {"says": "4.00", "spend": "5.00"}),
    "cheaper than shown": (buy(), {"says": "0.01", "spend": "1.00"}),
    "a redirect elsewhere": (read("/v1/purchases"), {"redirect": True}),
    "a create redirected elsewhere": (buy(), {"redirect": True}),
    "a backslash": (read("http://127.0.0.2:{1}\\@127.0.0.1:{0}/"), {}),
    "user-info": (read("http://127.0.0.1:{0}@127.0.0.2:{1}/"), {}),
    "another host": (read("http://127.0.0.2:{1}/"), {}),
    "what follows the base URL": (read("@127.0.0.2:{1}/"), {}),
    "another port": (read("http://127.0.0.1:{1}/"), {}),
    "proxies": (proxied, {}),
    "a name that has moved": (read("/v1/purchases"), {"named": True}),
    "a URL in a query": (read("/v1/purchases?next=http://x.example/"), {}),
}


def moved(lookup: Callable[..., Any]) -> Callable[..., Any]:
    """Return a resolver that knows another address for the name by now."""
    return lambda host, *rest, **more: lookup("127.0.0.2" if host in {NAME, NAME.encode()} else host, *rest, **more)


def trusting() -> dict[str, Any]:
    """Return, by what a user's class says of certificates, whether its client demands valid ones of the right host."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, line in {"nothing": "", "insecure": "    insecure = True\n"}.items():
            file = Path(folder, f"{name}_users.py")
            file.write_text(
                f"from locust import FastHttpUser\nclass Buyer(FastHttpUser):\n    host = 'https://t'\n{line}"
            )
            user: Any = user_classes(file)[0](Environment())
            pool = user.client.client.clientpool.get_client(URL("https://t/"))._connection_pool
            context = pool.ssl_context
            found[name] = [context.check_hostname, context.verify_mode == ssl.CERT_REQUIRED]
    return found


if __name__ == "__main__":
    socket.getaddrinfo, gevent.socket.getaddrinfo = moved(socket.getaddrinfo), moved(gevent.socket.getaddrinfo)
    clients = {"plain": HttpSession, "fast": FastHttpSession}
    found = {
        f"{client}: {name}": scene(kind, act, **how)
        for name, (act, how) in SCENES.items()
        for client, kind in clients.items()
    }
    json.dump(found | {"trust": trusting()}, sys.stdout)
