"""A shop that answers as fast as one Python process can: lawful purchases, numbered in order, and a count of requests.

    python benchmarks/stage/fastshop.py PORT

No framework, no store: what a purchase shows is derived from its id. `GET /count` tells how many requests were
answered.
"""

from __future__ import annotations

import select
import socket
import sys
import time

BODY = (
    '{"id":%d,"country_code":"US","display_name":{"ru":"США","en":"United States"},'
    '"phone_number":"+1%010d","price":{"amount":"0.50","currency_code":"USD"},"status":"%s",'
    '"purchase_type":"SINGLE","verification":%s,"created_at":"%s"}'
)
VERIFICATION = '{"code":"%05d","password":"p%d","received_at":"%s"}'
ACCOUNT = (
    b'{"country_code":"US","display_name":{"ru":"\xd0\xa1\xd0\xa8\xd0\x90","en":"United States"},'
    b'"price":{"amount":"0.50","currency_code":"USD"},"discount":{"base_price":"0.50",'
    b'"percent":0},"available":true}'
)
PAGE = b'{"items":[],"pagination":{"current_page":1,"total_pages":1,"has_next":false}}'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ndate: %s\r\ncontent-length: %d\r\n\r\n"


class Shop:
    """Answers requests by their first line."""

    def __init__(self) -> None:
        self.count = 0
        self._last = 0
        self._second = 0
        self._date = b""
        self._stamp = ""
        self._born: dict[int, str] = {}

    def answer(self, request: bytes) -> bytes:
        """Return the answer to one request."""
        now = int(time.time())
        if now != self._second:
            self._second = now
            moment = time.gmtime(now)
            self._date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", moment).encode()
            self._stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", moment)
        body = self._body(request)
        return HEAD % (self._date, len(body)) + body

    def _body(self, request: bytes) -> bytes:
        if request.startswith(b"GET /count"):
            return b'{"count":%d}' % self.count
        self.count += 1
        if request.startswith(b"GET /v1/accounts/"):
            return ACCOUNT
        if request.startswith(b"POST /v1/purchases HTTP"):
            self._last += 1
            self._born[self._last] = self._stamp
            return self._purchase(self._last, "PENDING").encode()
        if request.startswith(b"POST /v1/purchases/"):
            number = int(request[19 : request.index(b"/", 19)])
            shown = self._purchase(number, "SUCCESS")
            state = '"status":"success","attempt":1,"max_attempts":3,"next_attempt_at":null,"retry_after":null'
            return f'{{"purchase":{shown},"code_request":{{{state}}}}}'.encode()
        if request.startswith(b"GET /v1/purchases/"):
            return self._purchase(int(request[18 : request.index(b" ", 18)]), "SUCCESS").encode()
        return PAGE

    def _purchase(self, number: int, status: str) -> str:
        born = self._born.get(number, self._stamp)
        proof = "null" if status == "PENDING" else VERIFICATION % (number % 100_000, number, born)
        return BODY % (number, 2_000_000_000 + number, status, proof, born)


def serve(port: int) -> None:
    """Serve for ever."""
    shop = Shop()
    listener = socket.create_server(("127.0.0.1", port), backlog=1024)
    listener.setblocking(False)
    poll = select.epoll()
    poll.register(listener.fileno(), select.EPOLLIN)
    open_: dict[int, socket.socket] = {}
    held: dict[int, bytes] = {}
    while True:
        for fd, _ in poll.poll():
            if fd == listener.fileno():
                sock, _ = listener.accept()
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                open_[sock.fileno()] = sock
                poll.register(sock.fileno(), select.EPOLLIN)
                continue
            sock = open_[fd]
            try:
                data = sock.recv(65536)
            except OSError:
                data = b""
            if not data:
                poll.unregister(fd)
                open_.pop(fd).close()
                held.pop(fd, None)
                continue
            data = held.pop(fd, b"") + data
            answers = []
            while (end := data.find(b"\r\n\r\n")) >= 0:
                head = data[:end].lower()
                at = head.find(b"content-length:")
                length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
                if len(data) < end + 4 + length:
                    break
                answers.append(shop.answer(data))
                data = data[end + 4 + length :]
            if data:
                held[fd] = data
            try:
                sock.sendall(b"".join(answers))
            except OSError:
                continue


if __name__ == "__main__":
    serve(int(sys.argv[1]))
