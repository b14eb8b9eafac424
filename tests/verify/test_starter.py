"""`assay init` in a service's repository."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.config import load_settings
from contracts.starter.origin import requirement_of
from contracts.starter.texts import Known, settings_text, workflow_text
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings
from tests.test_cli import one_line, run


def written(text: str, place: Path) -> Path:
    place.write_text(text)
    return place


def test_settings_without_a_target_are_lawful_and_test_no_sandbox_in_its_place(tmp_path: Path) -> None:
    settings = load_settings(written(settings_text(Known()), tmp_path / "assay.toml"), tmp_path)
    assert (settings.url, settings.profile, settings.max_purchases) == ("http://127.0.0.1:8080", "auto", 60)
    assert settings.countries == ()


def test_what_is_known_is_set_and_what_is_lacking_is_told(tmp_path: Path) -> None:
    known = Known(url="http://127.0.0.1:9", profile="2026-05", in_stock=["US", "KZ"], other_owner=True,
                  not_exercisable={"LIFE-10": "no\nrefund", "MONEY-1": "no balance"})  # fmt: skip
    text = settings_text(known)
    settings = load_settings(written(text, tmp_path / "assay.toml"), tmp_path)
    assert (settings.profile, settings.require) == ("2026-05", ("AUTH-4", "AUTH-5"))
    assert "#   LIFE-10\n#     no refund\n#   MONEY-1\n#     no balance\n" in text
    assert '# countries = ["US", "KZ"]' in text


@pytest.mark.parametrize(
    ("direct_url", "wanted"),
    [
        (None, "assay==1.2"),
        ({"url": "https://git.example/a.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
         "assay @ git+https://git.example/a.git@abc"),
        ({"url": "https://files.example/assay-1.2.whl", "archive_info": {}},
         "assay @ https://files.example/assay-1.2.whl"),
        ({"url": "file:///home/me/assay", "dir_info": {"editable": True}}, None),
        ({"url": "https://me:secret@git.example/a.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_the_workflow_installs_the_assay_that_wrote_it_where_others_can(
    direct_url: dict[str, object] | None, wanted: str | None
) -> None:
    assert requirement_of("1.2", None if direct_url is None else json.dumps(direct_url)) == wanted


@pytest.mark.parametrize("origin", [None, "assay @ git+https://git.example/a.git@abc"])
def test_the_workflow_is_one_by_the_published_schema(tmp_path: Path, origin: str | None) -> None:
    workflow = written(workflow_text(origin), tmp_path / "contract.yml")
    assert "@" not in workflow.read_text().replace("@v", "").replace("@ git+", "").replace("@abc", "")
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(workflow)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_a_target_is_asked_and_nothing_is_bought(tmp_path: Path) -> None:
    with SandboxThread(Settings(seed=4)) as sandbox:
        done = run("init", "--url", sandbox.url, cwd=tmp_path, ASSAY_API_KEY=sandbox.owner_key,
                   ASSAY_OTHER_API_KEY=sandbox.other_key)  # fmt: skip
    assert done.returncode == 0, done.stderr
    settings = load_settings(tmp_path / "assay.toml", tmp_path)
    assert settings.url == sandbox.url
    assert settings.require == ("AUTH-4", "AUTH-5")
    assert sandbox.owner_key not in (tmp_path / "assay.toml").read_text()
    assert (tmp_path / ".github" / "workflows" / "contract.yml").is_file()


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    workflow = tmp_path / ".github" / "workflows" / "contract.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text("mine")
    done = run("init", cwd=tmp_path)
    assert (done.returncode, workflow.read_text()) == (2, "mine")
    assert "contract.yml is there already" in one_line(done)
    assert not (tmp_path / "assay.toml").exists()


def test_a_target_that_does_not_answer_is_no_usage_error_and_nothing_is_written(tmp_path: Path) -> None:
    done = run("init", "--url", "http://127.0.0.1:9", cwd=tmp_path, ASSAY_API_KEY="k" * 20)
    assert done.returncode == 3
    assert "cannot be tested" in one_line(done)
    assert list(tmp_path.iterdir()) == []
