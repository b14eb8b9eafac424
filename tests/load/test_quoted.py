"""Credentials that a finding quotes are masked, whichever answer they came with."""

from __future__ import annotations

from contracts.record.masking import Masker
from load.journeys.steps import create, request_code, retrieve
from load.judge.judge import Judge
from load.judge.share import Shares
from tests.load.judge.scene import ASKED, CODE, KEY, OTHER_CODE, purchase, reply


def test_credentials_that_were_seen_before_anything_was_suspect_are_masked_in_the_finding_that_quotes_them() -> None:
    masker = Masker({"owner": KEY})
    judge = Judge("2026-02", secrets=[KEY], learn=masker.learn_from)
    judge.see(create("US"), reply(purchase(1), 0, 1))
    done = {"purchase": purchase(1, "SUCCESS"), "code_request": ASKED | {"status": "success"}}
    assert judge.see(request_code(1), reply(done, 2, 3)).lawful
    judge.see(retrieve(1), reply(purchase(1, "SUCCESS", verification=OTHER_CODE), 4, 5))
    judge.finish()
    told = Shares(judge, masker, bytes(16)).take(6.0, final=True)
    [changed] = [one for one in told["findings"] if "request-code answered credentials" in one["title"]]
    assert "code '<code:" in changed["observed"]
    assert CODE["code"] not in changed["observed"]
    assert OTHER_CODE["code"] not in changed["observed"]
