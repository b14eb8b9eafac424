"""Settings are read or refused with one line that shows the offending value and the way out."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.config import _READERS, Settings, load_settings, parse_settings
from contracts.errors import UsageError
from contracts.finding import Severity
from contracts.units import parse_amount, parse_duration

EVERYTHING = """
url = "https://staging.example/shop"
profile = "auto"
seed = 7
out = "reports/runs/nightly"
depth = "quick"
time = "10m"
timeout = "250ms"
max_purchases = 40
max_spend = "25.00"
allow_host = ["staging.example", "staging.example"]
countries = ["US", "KZ"]
require = ["AUTH-4"]
optional = ["LIFE-10", "LIST-3"]
[severity]
LIFE-4 = "warning"
[tolerance.VALUE-5]
clock_skew_s = 600
"""


def test_every_setting_is_read() -> None:
    assert parse_settings(tomllib.loads(EVERYTHING), "assay.toml") == Settings(
        url="https://staging.example/shop",
        profile="auto",
        seed=7,
        out=Path("reports/runs/nightly"),
        depth="quick",
        time=600.0,
        timeout=0.25,
        max_purchases=40,
        max_spend=Decimal("25.00"),
        allow_host=("staging.example",),
        countries=("US", "KZ"),
        severity={"LIFE-4": Severity.WARNING},
        tolerance={"VALUE-5": {"clock_skew_s": 600.0}},
        require=("AUTH-4",),
        optional=("LIFE-10", "LIST-3"),
    )


def test_every_setting_may_be_missing() -> None:
    assert parse_settings({}, "assay.toml") == Settings()


def test_the_names_read_are_the_fields_of_the_settings() -> None:
    assert set(_READERS) == set(Settings.__dataclass_fields__)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_purchase = 1", "unknown setting 'max_purchase'; did you mean 'max_purchases'?"),
        ("Seed = 1", "unknown setting 'Seed'; did you mean 'seed'?"),
        (
            "xyzzy = 1",
            f"unknown setting 'xyzzy'; known are {', '.join(_READERS)}",
        ),
        ("url = 8080", 'url is 8080; expected a base URL such as "http://127.0.0.1:8080"'),
        ('url = "127.0.0.1:8080"', "url is '127.0.0.1:8080'; expected a base URL such as \"http://127.0.0.1:8080\""),
        (
            'url = "http://me:hunter2@127.0.0.1"',
            "url carries a user name or password; credentials belong in the environment",
        ),
        ('profile = "2025-01"', "profile is '2025-01'; expected one of 2026-02, 2026-05, auto"),
        ("profile = [1]", "profile is [1]; expected one of 2026-02, 2026-05, auto"),
        ("profile = {a = 1}", "profile is {'a': 1}; expected one of 2026-02, 2026-05, auto"),
        ("seed = true", "seed is True; expected a whole number from 0"),
        ("seed = -1", "seed is -1; expected a whole number from 0"),
        ('seed = "7"', "seed is '7'; expected a whole number from 0"),
        ('out = ""', "out is ''; expected a directory such as \"reports/runs/nightly\""),
        (r'out = "a\u0000b"', "out is 'a\\x00b'; expected a directory such as \"reports/runs/nightly\""),
        ('depth = "deeper"', "depth is 'deeper'; expected one of quick, full, deep"),
        ("time = 90", 'time is 90; expected a duration above zero such as "250ms", "90s" or "10m"'),
        ('time = "0s"', 'time is \'0s\'; expected a duration above zero such as "250ms", "90s" or "10m"'),
        ('timeout = "10 s"', 'timeout is \'10 s\'; expected a duration above zero such as "250ms", "90s" or "10m"'),
        ("max_purchases = 1.5", "max_purchases is 1.5; expected a whole number from 0"),
        ("max_spend = 25.0", 'max_spend is 25.0; expected an amount in quotes such as "25.00"'),
        ('max_spend = "-1"', "max_spend is '-1'; expected an amount in quotes such as \"25.00\""),
        (
            'allow_host = "staging.example"',
            "allow_host is 'staging.example'; expected a list of host names such as \"staging.example\"",
        ),
        (
            'allow_host = ["http://staging.example"]',
            "allow_host is 'http://staging.example'; expected host names such as \"staging.example\"",
        ),
        ('countries = ["us"]', "countries is 'us'; expected country codes such as \"US\""),
        (r'countries = ["US\n"]', "countries is 'US\\n'; expected country codes such as \"US\""),
        ('require = ["LIFE-33"]', "require: unknown clause 'LIFE-33'; did you mean 'LIFE-3'?"),
        ('optional = ["life-3"]', "optional: unknown clause 'life-3'; did you mean 'LIFE-3'?"),
        ('optional = ["???"]', "optional: unknown clause '???'; assay explain lists them"),
        (
            'require = ["LIFE-3"]\noptional = ["LIFE-3"]',
            "LIFE-3 is both in require and in optional; take it out of one",
        ),
        ("severity = 3", 'severity is 3; expected a table such as { LIFE-4 = "warning" }'),
        ('severity = { LIFE-4 = "ignore" }', "severity.LIFE-4 is 'ignore'; expected one of error, warning"),
        ('severity = { LIFF-4 = "error" }', "severity: unknown clause 'LIFF-4'; did you mean 'LIFE-4'?"),
        (
            "tolerance = { VALUE-5 = 600 }",
            "tolerance.VALUE-5 is 600; expected a table such as { VALUE-5 = { clock_skew_s = 600 } }",
        ),
        (
            "tolerance = { VALUE-5 = { clock_skew = 600 } }",
            "tolerance.VALUE-5: unknown tolerance 'clock_skew'; did you mean 'clock_skew_s'?",
        ),
        (
            "tolerance = { VALUE-5 = { clock_skew_s = nan } }",
            "tolerance.VALUE-5.clock_skew_s is nan; expected a number from 0",
        ),
        ("tolerance = { LIFE-3 = { x = 1 } }", "tolerance.LIFE-3: LIFE-3 has no tolerance to set"),
    ],
)
def test_what_is_no_setting_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_settings(tomllib.loads(text), "assay.toml")
    assert str(caught.value) == f"assay.toml: {message}"
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["api_key", "key", "other_api_key", "ASSAY_API_KEY", "x-api-key", "token", "keys"])
def test_keys_do_not_belong_in_a_file_and_are_not_shown(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_settings({name: "hunter2"}, "assay.toml")
    assert str(caught.value) == (
        f"assay.toml: {name!r}: API keys do not belong in a file; "
        "set ASSAY_API_KEY and ASSAY_OTHER_API_KEY in the environment"
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(table=st.dictionaries(st.sampled_from(sorted(_READERS)) | st.text(), json_values, max_size=3))
def test_anything_else_is_one_short_line(table: dict[str, object]) -> None:
    message = ""
    try:
        parse_settings(table, "assay.toml")
    except UsageError as error:
        message = str(error)
    assert "\n" not in message
    assert len(message) < 400


class TestWhichFile:
    def test_none_is_needed(self, tmp_path: Path) -> None:
        assert load_settings(None, tmp_path) == Settings()

    def test_the_table_of_pyproject_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text("[tool.assay]\nseed = 1\n")
        assert load_settings(None, tmp_path) == Settings(seed=1)

    def test_assay_toml_wins(self, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text("not TOML at all")
        (tmp_path / "assay.toml").write_text("seed = 2\n")
        assert load_settings(None, tmp_path) == Settings(seed=2)

    @pytest.mark.parametrize("text", ["", "[tool.other]\nx = 1\n", "tool = 3\n"])
    def test_a_pyproject_without_the_table_says_nothing(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "pyproject.toml").write_text(text)
        assert load_settings(None, tmp_path) == Settings()

    def test_a_named_file_is_read_whatever_its_name(self, tmp_path: Path) -> None:
        (tmp_path / "assay.toml").write_text("seed = 2\n")
        (tmp_path / "night.toml").write_text("seed = 3\n")
        (tmp_path / "pyproject.toml").write_text("[tool.assay]\nseed = 4\n")
        assert load_settings(tmp_path / "night.toml", tmp_path) == Settings(seed=3)
        assert load_settings(tmp_path / "pyproject.toml", tmp_path) == Settings(seed=4)

    @pytest.mark.parametrize(
        ("name", "content", "message"),
        [
            ("missing.toml", None, "{} does not exist"),
            (".", None, "{} is not a file"),
            ("assay.toml", b"seed = ", "{} is not TOML: Invalid value (at end of document)"),
            ("assay.toml", b"\xff", "{} is not TOML: 'utf-8' codec can't decode byte 0xff in position 0"),
            ("assay.toml", b"a = " + b"[" * 100_000, "{} is not TOML: "),
            ("assay.toml", b"seed = " + b"9" * 5000, "{} is not TOML: "),
            ("assay.toml", b"#" * (1024 * 1024 + 1), "{} is larger than 1048576 bytes; that is no settings file"),
            ("assay.toml", b"tim = 1", "{}: unknown setting 'tim'; did you mean 'time'?"),
            ("pyproject.toml", b"[tool]", "{} has no table [tool.assay]"),
            ("pyproject.toml", b"[tool]\nassay = 3", "{}: tool.assay is 3; expected a table"),
            ("pyproject.toml", b"[tool.assay]\ntim = 1", "{} [tool.assay]: unknown setting 'tim'"),
            ("x" * 1000, None, "cannot read {}: File name too long"),
        ],
    )
    def test_a_file_that_cannot_be_read_is_one_clear_line(
        self, tmp_path: Path, name: str, content: bytes | None, message: str
    ) -> None:
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(UsageError) as caught:
            load_settings(path, tmp_path)
        assert str(caught.value).startswith(message.format(path))
        assert "\n" not in str(caught.value)


class TestUnits:
    @pytest.mark.parametrize(
        ("text", "seconds"),
        [("50ms", 0.05), ("250ms", 0.25), ("90s", 90), ("1.5s", 1.5), ("10m", 600), ("1h30m", 5400), ("0s", 0)],
    )
    def test_a_duration_is_numbers_with_units(self, text: str, seconds: float) -> None:
        assert parse_duration(text) == seconds

    @pytest.mark.parametrize("text", ["", "90", "10 s", "-1s", "1d", "s", "1S", "١s", "1s\n", "1e3s", "inf", "9" * 99])
    def test_what_is_no_duration_is_shown(self, text: str) -> None:
        with pytest.raises(ValueError, match="is no duration; write 250ms, 90s, 10m or 1h30m") as caught:
            parse_duration(text)
        assert str(caught.value).startswith(repr(text[:40]))

    @pytest.mark.parametrize("text", ["0", "25", "12.5", "12.50", "000.01"])
    def test_an_amount_is_digits_with_a_point(self, text: str) -> None:
        assert parse_amount(text) == Decimal(text)

    @pytest.mark.parametrize("text", ["", "-1", "+1", "1.", ".5", "1.234", "1,50", "1e3", "NaN", "١", "1\n", "9" * 99])
    def test_what_is_no_amount_is_shown(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"is no amount of money; write 25 or 12\.50") as caught:
            parse_amount(text)
        assert str(caught.value).startswith(repr(text[:40]))
