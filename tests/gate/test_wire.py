"""One request out, one whole answer or one named trouble back."""

from __future__ import annotations

import gzip
import socket
import threading
import time

import pytest

from contracts.gate.message import MAX_KEPT
from contracts.gate.volley import fire, overlapping
from contracts.gate.wire import DesynchronisedError, Wire
from contracts.history import Input
from contracts.target import Keys, admit
from tests.gate.rawserver import answer, raw_server, read_request

KEYS = Keys("owner-key-1234")
GET = Input("GET", "/v1/profile")
POST = Input("POST", "/v1/purchases", (), (("content-type", "application/json"),), b'{"country_code": "US"}')


def test_an_answer_comes_back_whole_with_its_times() -> None:
    def script(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(answer(b'{"a": 1}', "404 Not Found", "X-Thing: yes"))

    with raw_server(script) as url, Wire(admit(url, KEYS), 5.0) as wire:
        reply = wire.send(GET)
    assert reply.answer is not None
    assert (reply.answer.status, reply.answer.body, reply.answer.header("x-thing")) == (404, b'{"a": 1}', "yes")
    assert reply.invoked < reply.returned


def test_what_is_sent_is_what_was_meant() -> None:
    seen: list[bytes] = []

    def script(sock: socket.socket) -> None:
        seen.append(read_request(sock))
        sock.sendall(answer())

    odd = Input("GET", "/v1/purchases/%00", (("page", "1"), ("x", "a b&c=d")), (("x-api-key", "K"),))
    with raw_server(script) as url, Wire(admit(url + "/base", KEYS), 5.0) as wire:
        wire.send(odd)
        wire.send(Input("POST", "/v1/purchases/1/refund", (), (("content-type", "application/json"),)))
        wire.send(Input("POST", "/v1/purchases", (), (), b"\xff\x00"))
    assert seen[0].startswith(b"GET /base/v1/purchases/%00?page=1&x=a+b%26c%3Dd HTTP/1.1\r\n")
    assert b"\r\nx-api-key: K\r\n" in seen[0]
    assert seen[1].lower().count(b"content-length: 0") == 1
    assert seen[2].endswith(b"\r\n\r\n\xff\x00")
    assert seen[2].lower().count(b"content-length: 2") == 1


def test_compressed_answers_are_decoded() -> None:
    def script(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(answer(gzip.compress(b'{"a": 1}'), "200 OK", "content-encoding: gzip"))

    with raw_server(script) as url, Wire(admit(url, KEYS), 5.0) as wire:
        reply = wire.send(GET)
    assert reply.answer is not None
    assert reply.answer.body == b'{"a": 1}'


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"", "connection closed"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort", "connection closed"),
        (b"garbage\r\n\r\n", "malformed HTTP"),
    ],
)
def test_a_broken_answer_is_a_named_trouble(sent: bytes, words: str) -> None:
    def script(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(sent)

    with raw_server(script) as url, Wire(admit(url, KEYS), 5.0) as wire:
        reply = wire.send(GET)
    assert reply.answer is None
    assert words in str(reply.error)


def test_silence_ends_with_the_timeout() -> None:
    hold = threading.Event()

    def script(sock: socket.socket) -> None:
        read_request(sock)
        hold.wait(5)

    with raw_server(script) as url, Wire(admit(url, KEYS), 0.2) as wire:
        reply = wire.send(POST)
        hold.set()
    assert (reply.answer, reply.error) == (None, "timeout")


def test_silence_ends_with_the_run_where_that_is_earlier() -> None:
    hold = threading.Event()

    def script(sock: socket.socket) -> None:
        read_request(sock)
        hold.wait(5)

    with raw_server(script) as url, Wire(admit(url, KEYS), 60.0) as wire:
        reply = wire.send(POST, 0.2)
        late = wire.send(POST, 0.0)
        hold.set()
    assert (reply.answer, reply.error) == (None, "timeout")
    assert (late.answer, late.error) == (None, "timeout")


def test_an_answer_that_drips_without_end_is_given_up() -> None:
    def script(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        for _ in range(200):
            sock.sendall(b"x")
            threading.Event().wait(0.02)

    with raw_server(script) as url, Wire(admit(url, KEYS), 0.3) as wire:
        reply = wire.send(GET)
    assert (reply.answer, reply.error) == (None, "timeout while the answer arrived")


def test_an_enormous_answer_is_cut_and_said_to_be() -> None:
    def script(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
        block = b"x" * 1_000_000
        for _ in range(20):
            sock.sendall(block)

    with raw_server(script) as url, Wire(admit(url, KEYS), 10.0) as wire:
        reply = wire.send(GET)
    assert reply.answer is not None
    assert (reply.answer.truncated, len(reply.answer.body)) == (True, MAX_KEPT)


def test_a_dead_port_is_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with Wire(admit(f"http://127.0.0.1:{port}", KEYS), 2.0) as wire:
        reply = wire.send(GET)
    assert reply.answer is None
    assert str(reply.error).startswith("no connection")


def test_a_volley_is_in_flight_all_at_once() -> None:
    """No answer is given before every request has arrived: only requests that truly overlap get through."""
    everyone = threading.Barrier(5, timeout=5)

    def script(sock: socket.socket) -> None:
        body = read_request(sock).partition(b"\r\n\r\n")[2]
        everyone.wait()
        sock.sendall(answer(body, "200 OK", "connection: close"))

    bodies = [b'{"n": %d}' % number for number in range(5)]
    with raw_server(script) as url:
        inputs = [Input("POST", "/v1/purchases", (), (("x-api-key", "K"),), body) for body in bodies]
        replies = fire(admit(url, KEYS), inputs, 5.0)
    assert [reply.answer.body for reply in replies if reply.answer] == bodies
    assert overlapping(replies) == 5


def test_no_request_of_a_volley_is_whole_before_the_release() -> None:
    whole: list[float] = []

    def script(sock: socket.socket) -> None:
        read_request(sock)
        whole.append(__import__("time").perf_counter())
        sock.sendall(answer(b"{}", "200 OK", "connection: close"))

    with raw_server(script) as url:
        replies = fire(admit(url, KEYS), [GET, POST, GET], 5.0)
    assert len(whole) == 3
    assert min(whole) > min(reply.invoked for reply in replies)
    assert max(reply.invoked for reply in replies) - min(reply.invoked for reply in replies) < 0.05


def test_a_volley_survives_connections_that_close_or_stay_silent() -> None:
    turn = iter([answer(b"{}", "200 OK", "connection: close"), b"", b"HTTP/1.1 2"])
    lock = threading.Lock()

    def script(sock: socket.socket) -> None:
        read_request(sock)
        with lock:
            sock.sendall(next(turn))

    with raw_server(script) as url:
        replies = fire(admit(url, KEYS), [GET, GET, GET], 1.0)
    assert sorted(reply.answer is None for reply in replies) == [False, True, True]
    assert all(reply.error for reply in replies if reply.answer is None)


def test_bytes_that_nobody_asked_for_are_never_taken_for_an_answer() -> None:
    """A second answer right behind the first is thrown away, and the connection with it."""

    def script(sock: socket.socket) -> None:
        while read_request(sock):
            sock.sendall(answer(b'{"asked": true}') + answer(b'{"unasked": true}'))

    with raw_server(script) as url, Wire(admit(url, KEYS), 5.0) as wire:
        bodies = [reply.answer.body for reply in (wire.send(GET), wire.send(GET)) if reply.answer]
        assert (bodies, wire.unasked, wire.desynchronised) == ([b'{"asked": true}'] * 2, 2, False)


def test_a_second_answer_that_comes_later_is_found_before_the_connection_is_used_again() -> None:
    said = threading.Event()

    def script(sock: socket.socket) -> None:
        while read_request(sock):
            sock.sendall(answer(b'{"asked": true}'))
            time.sleep(0.05)
            sock.sendall(answer(b'{"unasked": true}'))
            said.set()

    with raw_server(script) as url, Wire(admit(url, KEYS), 5.0) as wire:
        wire.send(GET)
        assert said.wait(5)
        reply = wire.send(GET)
        assert reply.answer is not None
        assert (reply.answer.body, wire.unasked, wire.desynchronised) == (b'{"asked": true}', 1, False)


def test_an_answer_left_over_after_several_shows_that_none_of_them_can_be_told_apart() -> None:
    """Each answer but the first is the one before: what nobody asked for was taken for what was."""
    said = threading.Event()

    def script(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(answer(b"1"))
        read_request(sock)
        sock.sendall(answer(b"unasked"))
        time.sleep(0.05)
        sock.sendall(answer(b"2"))
        said.set()
        read_request(sock)

    with raw_server(script) as url:
        with Wire(admit(url, KEYS), 5.0) as wire:
            assert [r.answer.body for r in (wire.send(GET), wire.send(GET)) if r.answer] == [b"1", b"unasked"]
            assert said.wait(5)
            with pytest.raises(DesynchronisedError):
                wire.send(GET)
        assert wire.desynchronised


def test_what_is_left_over_at_the_end_is_found_as_well() -> None:
    said = threading.Event()

    def script(sock: socket.socket) -> None:
        for body in (b"1", b"unasked"):
            read_request(sock)
            sock.sendall(answer(body))
        time.sleep(0.05)
        sock.sendall(answer(b"2"))
        said.set()
        read_request(sock)

    with raw_server(script) as url, Wire(admit(url, KEYS), 5.0) as wire:
        wire.send(GET)
        wire.send(GET)
        assert said.wait(5)
        wire.close()
        assert (wire.unasked, wire.desynchronised) == (1, True)


def test_a_request_refused_before_it_was_read_is_answered() -> None:
    """Who refuses a large body by its head answers and closes; the answer is read all the same."""

    def script(sock: socket.socket) -> None:
        sock.recv(1000)
        sock.sendall(answer(b"{}", "413 Content Too Large", "connection: close"))
        time.sleep(0.2)

    large = Input("POST", "/v1/purchases", (), (), b"x" * 20_000_000)
    with raw_server(script) as url, Wire(admit(url, KEYS), 5.0) as wire:
        reply = wire.send(large)
    assert reply.answer is not None
    assert reply.answer.status == 413


def test_a_connection_that_was_closed_while_idle_is_opened_anew() -> None:
    gone = threading.Event()

    def script(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(answer(b"{}"))
        sock.close()
        gone.set()

    with raw_server(script) as url, Wire(admit(url, KEYS), 5.0) as wire:
        for _ in range(3):
            assert wire.send(GET).answer is not None
            assert gone.wait(5)
            time.sleep(0.01)
            gone.clear()
        assert wire.unasked == 0


def test_bodies_that_a_run_keeps_are_bounded_in_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(sock: socket.socket) -> None:
        while read_request(sock):
            sock.sendall(answer(b"x" * 150_000))

    monkeypatch.setattr("contracts.gate.wire.MAX_HELD", 400_000)
    with raw_server(script) as url, Wire(admit(url, KEYS), 5.0) as wire:
        replies = [wire.send(GET).answer for _ in range(6)]
    assert [reply.truncated for reply in replies if reply] == [False, False, True, True, True, True]
    assert sum(len(reply.body) for reply in replies if reply) < 400_000 + 4 * MAX_KEPT


def test_two_answers_at_once_show_that_the_one_before_them_cannot_be_believed() -> None:
    """The second request was answered by what nobody had asked for, the third by two at once: 2 and 3."""

    def script(sock: socket.socket) -> None:
        for body in (b"1", b"unasked"):
            read_request(sock)
            sock.sendall(answer(body))
        read_request(sock)
        sock.sendall(answer(b"2") + answer(b"3"))

    with raw_server(script) as url, Wire(admit(url, KEYS), 5.0) as wire:
        assert [r.answer.body for r in (wire.send(GET), wire.send(GET)) if r.answer] == [b"1", b"unasked"]
        with pytest.raises(DesynchronisedError):
            wire.send(GET)
        assert wire.desynchronised


def test_bytes_behind_an_answer_that_are_none_put_none_in_doubt() -> None:
    """A body longer than it says is a fault of one answer: no request takes its rest for an answer."""

    def script(sock: socket.socket) -> None:
        for _ in range(2):
            read_request(sock)
            sock.sendall(answer(b"{}"))
        read_request(sock)
        sock.sendall(answer(b"{}") + b', "more": 1}')

    with raw_server(script) as url, Wire(admit(url, KEYS), 5.0) as wire:
        replies = [wire.send(GET) for _ in range(3)]
        assert [reply.answer is None for reply in replies] == [False, False, True]
        assert (wire.unasked, wire.desynchronised) == (1, False)


def test_two_answers_at_once_on_a_connection_that_carried_others_are_none() -> None:
    """The first may be the one that nobody asked for, and the second the one that was."""

    def script(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(answer(b"1"))
        read_request(sock)
        sock.sendall(answer(b"unasked") + answer(b"2"))

    with raw_server(script) as url, Wire(admit(url, KEYS), 5.0) as wire:
        wire.send(GET)
        reply = wire.send(GET)
        assert reply.answer is None
        assert "two answers" in str(reply.error)
        assert wire.send(GET).answer is not None
        assert (wire.unasked, wire.desynchronised) == (1, False)
