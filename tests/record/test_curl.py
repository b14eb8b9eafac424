"""A curl line sends what was sent: read by a real shell, word by word."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.history import OTHER, OWNER, STRANGER, ApiOperation, Input, Operation
from contracts.record.curl import MAX_BODY, curl
from contracts.record.masking import Masker
from tests.record import scene

BASH = shutil.which("bash")
needs_bash = pytest.mark.skipif(BASH is None, reason="the lines are written for bash")

KEYS = Masker({"owner": scene.OWNER_KEY, "other": scene.OTHER_KEY})


def shell(line: str) -> tuple[list[str], bytes]:
    """Return curl's arguments and the bytes it would send, as a shell reads the line."""
    assert BASH is not None
    script = f"curl() {{ printf '%s\\0' \"$@\"; printf 'STDIN\\0'; [ -p /dev/stdin ] && cat; }}\n{line}\n"
    run = subprocess.run(
        [BASH, "-c", script],
        env={
            "PATH": "/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "ASSAY_API_KEY": scene.OWNER_KEY,
            "ASSAY_OTHER_API_KEY": scene.OTHER_KEY,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert not run.stderr
    words, piped = run.stdout.split(b"STDIN\0", 1)
    arguments = [word.decode("utf-8", "surrogateescape") for word in words.split(b"\0")[:-1]]
    if "--data-binary" not in arguments:
        return arguments, b""
    body = arguments[arguments.index("--data-binary") + 1]
    return arguments, piped if body == "@-" else body.encode("utf-8", "surrogateescape")


def create(body: bytes, **changes: object) -> Operation:
    return scene.call(17, ApiOperation.CREATE, "POST", "/v1/purchases", body=body, **changes)  # type: ignore[arg-type]


@needs_bash
@pytest.mark.parametrize(
    "body",
    [
        b'{"country_code": "US"}',
        b'{"country_code": "it\'s \\u0000 \\"quoted\\" $HOME `id` !! \\\\"}',
        b"US\n\t\r\x01\x7f1",
        b"US\0",
        b"\xff\xfe not UTF-8",
        b"@/etc/passwd",
        "США \u200b \u202e \u2028 ＵＳ".encode(),
        b"-",
        b"'",
        b"\\",
    ],
)
def test_the_body_arrives_byte_for_byte(body: bytes) -> None:
    assert shell(curl(create(body), scene.TARGET, KEYS))[1] == body


@needs_bash
@settings(deadline=None, max_examples=40)
@given(body=st.binary(min_size=1, max_size=40) | st.text(min_size=1, max_size=20).map(lambda t: t.encode()))
def test_any_body_arrives_byte_for_byte(body: bytes) -> None:
    assert shell(curl(create(body), scene.TARGET, KEYS))[1] == body


@needs_bash
def test_keys_come_from_the_environment_wherever_they_were_sent() -> None:
    operation = scene.operations()[3]
    line = curl(operation, scene.TARGET, scene.masker())
    assert scene.OWNER_KEY not in line
    arguments, _ = shell(line)
    assert f"{scene.TARGET}/v1/purchases/8117?x-api-key={scene.OWNER_KEY}" in arguments
    assert f"cookie: x-api-key={scene.OWNER_KEY}" in arguments


def test_a_line_reads_well() -> None:
    assert curl(scene.operations()[0], scene.TARGET, scene.masker()) == (
        "curl -sS -i -X POST http://127.0.0.1:8080/v1/purchases -H 'accept: application/json' "
        "-H 'x-api-key: '\"$ASSAY_API_KEY\" -H 'content-type: application/json' "
        '--data-binary \'{"country_code": "US"}\''
    )


def test_the_other_owners_key_has_its_own_variable() -> None:
    line = curl(scene.call(0, ApiOperation.RETRIEVE, "GET", "/v1/purchases/1", principal=OTHER), scene.TARGET, KEYS)
    assert "-H 'x-api-key: '\"$ASSAY_OTHER_API_KEY\"" in line


@pytest.mark.parametrize(("principal", "variable"), [(OWNER, "ASSAY_API_KEY"), (OTHER, "ASSAY_OTHER_API_KEY")])
def test_a_record_without_keys_shows_that_of_its_principal(principal: str, variable: str) -> None:
    recorded = scene.call(0, ApiOperation.RETRIEVE, "GET", "/v1/purchases/1", principal=principal)
    line = curl(scene.replaced(recorded, Input("GET", "/v1/purchases/1")), scene.TARGET, KEYS)
    assert line == f"curl -sS -i -X GET {scene.TARGET}/v1/purchases/1 -H 'x-api-key: '\"${variable}\""


def test_who_showed_no_key_gets_none() -> None:
    recorded = scene.call(0, ApiOperation.RETRIEVE, "GET", "/v1/purchases/1", principal=STRANGER)
    line = curl(scene.replaced(recorded, Input("GET", "/v1/purchases/1")), scene.TARGET, KEYS)
    assert line == f"curl -sS -i -X GET {scene.TARGET}/v1/purchases/1"


def test_other_secrets_are_masked_and_ids_stay() -> None:
    masker = scene.masker()
    masker.learn("code", "8117")
    line = curl(create(b'{"code": "48213"}', query=(("phone_number", scene.PHONE),)), scene.TARGET, masker)
    assert "phone_number=<phone:1>" in line
    assert '\'{"code": "<code:1>"}\'' in line
    retrieve = scene.call(0, ApiOperation.RETRIEVE, "GET", "/v1/purchases/8117")
    assert f"{scene.TARGET}/v1/purchases/8117 " in curl(retrieve, scene.TARGET, masker)


def test_a_port_that_equals_a_code_stays() -> None:
    masker = Masker({})
    masker.learn("code", "54321")
    assert "http://127.0.0.1:54321/v1" in curl(scene.operations()[0], "http://127.0.0.1:54321", masker)


@needs_bash
@pytest.mark.parametrize(
    ("changes", "wanted", "unwanted"),
    [
        ({"method": "HEAD"}, ["--head"], "-X"),
        ({"method": "POST"}, ["-H", "content-length: 0"], "--data-binary"),
        ({"method": "GET"}, ["-X", "GET"], "content-length: 0"),
        ({"path": "/v1/purchases/[1-9]{a}"}, ["--globoff"], "--path-as-is"),
        ({"path": "/v1/purchases/../x"}, ["--path-as-is"], "--globoff"),
        ({"headers": (("x-odd", ""), ("content-length", "99"), ("Host", "x"))}, ["-H", "x-odd;"], "content-length: 99"),
        ({"headers": (("x-odd", "a\tb\x7f\udcff"),)}, ["-H", "x-odd: a\tb\x7f\udcff"], "--globoff"),
    ],
)
def test_what_curl_would_do_by_itself_is_told_otherwise(
    changes: dict[str, object], wanted: list[str], unwanted: str
) -> None:
    given = {"method": "GET", "path": "/v1/purchases/1", **changes}
    operation = scene.call(0, ApiOperation.RETRIEVE, **given)  # type: ignore[arg-type]
    arguments, _ = shell(curl(operation, scene.TARGET, KEYS))
    assert any(arguments[at : at + len(wanted)] == wanted for at in range(len(arguments)))
    assert unwanted not in arguments


def test_a_body_without_a_label_gets_none_from_curl() -> None:
    operation = scene.call(0, ApiOperation.CREATE, "POST", "/v1/purchases")
    unlabelled = create(b"{}").input
    bare = unlabelled.__class__(unlabelled.method, unlabelled.path, (), (), b"{}")
    line = curl(scene.replaced(operation, bare), scene.TARGET, KEYS)
    assert line.endswith("-H content-type: --data-binary '{}'")


def test_an_enormous_body_is_named_rather_than_written() -> None:
    line = curl(create(b"x" * (MAX_BODY + 1)), scene.TARGET, KEYS)
    assert line.endswith(f"--data-binary @body-17  # body-17: {MAX_BODY + 1} bytes, see history.jsonl")


def test_lone_surrogates_of_a_path_are_no_trouble() -> None:
    line = curl(
        scene.call(0, ApiOperation.LIST, "GET", "/v1/purchases\ud800", query=(("a\ud800", "\udcff"),)), "http://h", KEYS
    )
    assert line.encode("utf-8")
