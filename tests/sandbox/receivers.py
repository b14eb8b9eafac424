"""Receivers of webhooks that tests run: real ones on loopback, each answering as it is told to."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """What a receiver was sent, and how it answers: the statuses in order, the last one for ever."""

    def __init__(self, *statuses: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.statuses = list(statuses) or [200]
        self.body = body
        self.headers = headers or {}
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.arrived = threading.Semaphore(0)
        self.url = ""

    def await_requests(self, count: int) -> None:
        """Wait until this many more requests have arrived."""
        for _ in range(count):
            assert self.arrived.acquire(timeout=20), "a webhook did not arrive"


@contextlib.contextmanager
def receiving(receiver: Receiver) -> Iterator[Receiver]:
    """Run a receiver on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = receiver.statuses.pop(0) if len(receiver.statuses) > 1 else receiver.statuses[0]
            receiver.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(status)
            self.send_header("content-length", str(len(receiver.body)))
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(receiver.body)
            receiver.arrived.release()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def saying(data: bytes, *, hang: bool = False) -> Iterator[str]:
    """Run a listener that sends these bytes to each caller whatever it asks; it hangs up unless told to hang."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)

        def speak() -> None:
            callers = []
            while not ended.is_set():
                with contextlib.suppress(TimeoutError):
                    caller, _ = listener.accept()
                    caller.settimeout(5)
                    caller.recv(65536)
                    with contextlib.suppress(OSError):
                        caller.sendall(data)
                    callers.append(caller)
                    if not hang:
                        caller.close()
            for caller in callers:
                caller.close()

        thread = threading.Thread(target=speak)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
        finally:
            ended.set()
            thread.join()
