"""Real journeys against the sandbox: silent while it is lawful, whatever its oddities, and not when it is broken."""

from __future__ import annotations

import pytest

from contracts.finding import ClauseVerdict
from fixtures.defects.catalogue import DEFECTS, VARIANTS, wrap
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings
from load.judge.judge import Judge
from tests.load.judge.drive import Driver, mixed, world


def lived(*seeded: str, profile: str = "2026-02", lives: int = 14, null_password: bool = False) -> Judge:
    """Return a judge that saw some lives at a sandbox, defects and variants around it."""
    settings = Settings(profile=profile, seed=3, failure_rate=0.15, pending_rate=0.15, null_password=null_password)
    with SandboxThread(settings, wrap=(lambda app: wrap(app, seeded, 1)) if seeded else None) as sandbox:
        judge = Judge(profile, secrets=[sandbox.owner_key])
        driver = Driver(sandbox.url, sandbox.owner_key, judge)
        surroundings = world(1, judge)
        try:
            for name in mixed(lives, 1):
                driver.live(name, surroundings)
        finally:
            driver.close()
    judge.finish()
    assert judge.answers == driver.requests
    return judge


@pytest.mark.parametrize(("profile", "null_password"), [("2026-02", False), ("2026-05", False), ("2026-05", True)])
def test_the_sandbox_is_not_accused_and_nothing_about_it_is_suspect(profile, null_password):
    judge = lived(profile=profile, lives=40, null_password=null_password)
    assert judge.docket.findings == ()
    assert judge._bench.left == 0
    results = {result.id: result for result in judge.docket.results(mode="load")}
    assert results["LOAD-1"].exercised == judge.answers > 150
    kept = {name for name, result in results.items() if result.verdict is ClauseVerdict.KEPT}
    assert kept >= {*(f"SHAPE-{number}" for number in range(1, 12)), *(f"LIFE-{number}" for number in range(1, 9))}
    assert kept >= {
        "LIFE-9",
        "VALUE-1",
        "VALUE-2",
        "VALUE-3",
        "VALUE-5",
        "VALUE-7",
        "LIST-4",
        "LIST-5",
        "AUTH-3",
        "WIRE-3",
    }


ODDITIES = [
    "content-type-with-charset",
    "unknown-keys",
    "password-null",
    "times-in-list-to-the-microsecond",
    "repeat-gives-same-credentials",
    "free-of-charge",
]


@pytest.mark.parametrize("name", ODDITIES)
def test_a_lawful_oddity_is_no_error(name):
    judge = lived(name)
    found = {(f.clause, f.severity.value) for f in judge.docket.findings}
    assert found <= {(clause, "warning") for clause in VARIANTS[name].expects_warning}


SEEDED = """
    country-of-the-purchase-before phone-of-another-country-in-list success-without-credentials-in-code
    created-six-minutes-ago create-answers-error key-in-cookie success-goes-back-in-list error-becomes-success
    code-differs-in-list password-rotated created-at-off-by-a-millisecond phone-goes-back-to-null
    repeat-gives-new-code new-purchase-unseen-once id-given-twice phone-sold-twice
    pending-with-code-request-not-requested
""".split()


@pytest.mark.parametrize("name", SEEDED)
def test_a_seeded_defect_is_found_under_its_clause(name):
    judge = lived(name, lives=25)
    broken = {f.clause for f in judge.docket.findings}
    assert broken & set(DEFECTS[name].clauses)
