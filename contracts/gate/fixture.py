"""What the pytest fixture ``assay`` gives to a service's own tests: the gate on its application, and the oracle."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp

from contracts.config import Settings, load_settings
from contracts.errors import UsageError
from contracts.finding import Verdict
from contracts.gate.opening import open_gate
from contracts.gate.request import make_request
from contracts.gate.serving import serve_app
from contracts.gate.sessioncaps import SessionCaps
from contracts.gate.watching import Client, Watch
from contracts.history import OTHER, OWNER
from contracts.profiles import DEFAULT_PROFILE, PROFILES
from contracts.target import KEY_VARIABLES

_ROLES = {OWNER: KEY_VARIABLES[OWNER], OTHER: KEY_VARIABLES[OTHER], "admin": KEY_VARIABLES["admin"]}


class Assay:
    """The suite's hand on assay; one a test.

    Args:
        option: returns the value of ``--assay-<name>``, None where it was not given.
        caps: of the pytest session, None where no other gate shares them.

    Raises:
        UsageError: the settings file holds what is no setting.
    """

    def __init__(self, option: Callable[[str], Any], caps: SessionCaps | None = None) -> None:
        self._option = option
        self._caps = caps or SessionCaps()
        self._settings: Settings = load_settings(option("config"), Path.cwd())
        self._watch: Watch | None = None

    def gate(
        self,
        target: ASGIApp | str | None = None,
        *,
        key: str | None = None,
        other_key: str | None = None,
        admin_key: str | None = None,
        depth: str | None = None,
        max_purchases: int | None = None,
        out: Path | None = None,
    ) -> dict[str, Any]:
        """Hold an application or a URL to the contract; the test fails where it is broken or was not tested.

        Args:
            target: an ASGI application, which is served on a free loopback port, or a base URL; None for that of
                ``--assay-url`` or of the settings, else the embedded sandbox.
            key: API key of the owner who buys, None for that of the environment.
            other_key: API key of a second owner, likewise.
            admin_key: key of a sandbox's admin operations, likewise.
            depth: ``quick``, ``full`` or ``deep``; by default ``--assay-depth``, else quick.
            max_purchases: cap on purchases of this gate; against a URL no more than what other tests left of
                ``--assay-max-purchases``.
            out: run directory, by default ``--assay-out``, else one below ``reports/runs``.

        Returns:
            The ``run.json`` of the gate.

        Raises:
            UsageError: bad usage, found before anything is sent.
            pytest.fail.Exception: the gate came to another verdict than kept.
        """
        given = {OWNER: key, OTHER: other_key, "admin": admin_key}
        environment = dict(os.environ) | {_ROLES[role]: value for role, value in given.items() if value is not None}
        with ExitStack() as stack:
            url = stack.enter_context(serve_app(target)) if callable(target) else target
            request = make_request(
                self._settings,
                url=self._option("url") if url is None else url,
                profile=self._option("profile"),
                depth=depth or self._option("depth") or "quick",
                seed=self._option("seed"),
                time=self._option("time"),
                max_purchases=max_purchases if max_purchases is not None else self._option("max-purchases"),
                max_spend=self._option("max-spend"),
                allow_host=self._option("allow-host"),
                timeout=None,
                out=out or self._option("out"),
                environment=environment,
            )
            if not callable(target):
                most = self._option("max-purchases")
                most = self._settings.max_purchases if most is None else most
                request, budgets = stack.enter_context(self._caps.shared(request, most))
                opened = stack.enter_context(open_gate(request))
                budgets.append(opened.gate.session.budget)
            else:
                opened = stack.enter_context(open_gate(request))
            opened.gate.run()
        document = opened.document
        if document["verdict"] != Verdict.KEPT:
            errors = [finding for finding in document["findings"] if finding["severity"] == "error"]
            told = [f"{f['clause']} ({f['count']}×): {f['title']}\n  observed: {f['observed']}" for f in errors]
            pytest.fail("\n".join([*document["reasons"], *told, f"see {opened.directory.path}"]), pytrace=False)
        return document

    def serve(self, app: ASGIApp) -> AbstractContextManager[str]:
        """Serve an application on a free loopback port while the context is open; it yields the base URL.

        Args:
            app: as an ASGI server takes it.
        """
        return serve_app(app)

    def watch(self, client: Client, *, principal: str = OWNER) -> Client:
        """Judge every answer that an httpx client gets in this test; the test fails where a promise is broken.

        A call without an answer is not seen, and a call with a key of which nobody said whose it is is not judged.

        Args:
            client: of httpx, synchronous or not; a test client that derives from one will do. It is given back.
            principal: whose key it shows by default, ``owner`` or ``other``.

        Raises:
            ValueError: the principal is neither.
        """
        return self.watched.attach(client, principal)

    @property
    def watched(self) -> Watch:
        """What was seen of the clients."""
        if self._watch is None:
            name = self._option("profile") or self._settings.profile
            keys = {role: os.environ.get(_ROLES[role], "") for role in (OWNER, OTHER)}
            self._watch = Watch(keys, name if name in PROFILES else DEFAULT_PROFILE)
        return self._watch

    def check(self) -> None:
        """Fail where an answer seen so far broke a promise; called at the end of the test in any case.

        Raises:
            pytest.fail.Exception: one did.
        """
        if self._watch is None:
            return
        errors = self._watch.errors()
        if errors:
            pytest.fail(self._watch.tell(errors), pytrace=False)


def make_assay(option: Callable[[str], Any], caps: SessionCaps | None = None) -> Assay:
    """Return the fixture's value; bad usage ends the session in one line.

    Args:
        option: returns the value of ``--assay-<name>``, None where it was not given.
        caps: of the pytest session.
    """
    try:
        return Assay(option, caps)
    except UsageError as error:
        pytest.exit(f"assay: {error}", returncode=2)
