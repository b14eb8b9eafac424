"""Whom TLS trusts is said once, for this process and those it starts."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import pytest

from contracts.errors import UsageError
from contracts.trust import FILE_VARIABLE, FOLDER_VARIABLE, trust
from fixtures.hostile.certificates import write_authority


def test_without_a_file_nothing_changes() -> None:
    environment: dict[str, str] = {}
    trust(None, environment)
    assert environment == {}


def test_a_file_takes_the_place_of_the_systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "ca.pem"
    write_authority(file)
    environment: dict[str, str] = {}
    trust(file, environment)
    assert environment == {FILE_VARIABLE: str(file.resolve()), FOLDER_VARIABLE: os.devnull}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert len(ssl.create_default_context().get_ca_certs()) == 1


@pytest.mark.parametrize(("text", "message"), [(None, "cannot be read: No such file"), ("no PEM", "no certificate")])
def test_what_holds_no_certificate_is_refused_in_one_line(text: str | None, message: str, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UsageError, match=message) as refused:
        trust(file, {})
    assert str(file) in str(refused.value)
    assert "\n" not in str(refused.value)
