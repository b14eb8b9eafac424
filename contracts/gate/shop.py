"""The shop's verbs: the seven operations as a buyer calls them, through a session."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import Final

from contracts.gate.pace import wait_hint
from contracts.gate.session import Session
from contracts.history import OWNER, Aim, ApiOperation, Operation, Outcome
from contracts.reading import Reading, View
from contracts.routes import METHODS, PATHS

LABEL: Final = (("content-type", "application/json"),)
"""What the official clients label an empty body with (api-facts, section 5)."""

MAX_PAGES: Final = 60
"""Pages of one walk; longer lists are walked in part, which judges less and never wrongly."""

PLAIN_PAGE: Final = 5
"""Size of a page that is read only to see whether anything changed, or whether the list is served at all."""

INTERNAL_ERROR: Final = 500

FIRST_POLL: Final = 0.05
LONGEST_POLL: Final = 2.0


class Shop:
    """Calls the API as one buyer would.

    Args:
        session: through which every request leaves.
    """

    def __init__(self, session: Session) -> None:
        self.session = session

    def create(self, country: str, *, principal: str = OWNER, slash: bool = False, aim: Aim | None = None) -> Operation:
        """Buy one number of a country."""
        body = json.dumps({"country_code": country}).encode()
        return self._call(ApiOperation.CREATE, principal=principal, body=body, slash=slash, aim=aim)

    def retrieve(
        self, number: int, *, principal: str = OWNER, slash: bool = False, aim: Aim | None = None, lane: str = "gate"
    ) -> Operation:
        """Read one purchase."""
        return self._call(ApiOperation.RETRIEVE, str(number), principal=principal, slash=slash, aim=aim, lane=lane)

    def request_code(
        self,
        number: int,
        *,
        principal: str = OWNER,
        body: bytes = b"",
        labelled: bool = True,
        slash: bool = False,
        aim: Aim | None = None,
    ) -> Operation:
        """Ask for the code of a purchase; an empty body is labelled as the official clients do."""
        headers = LABEL if labelled and not body else ()
        return self._call(
            ApiOperation.REQUEST_CODE,
            str(number),
            principal=principal,
            body=body,
            headers=headers,
            slash=slash,
            aim=aim,
        )

    def refund(
        self,
        number: int,
        *,
        principal: str = OWNER,
        labelled: bool = True,
        slash: bool = False,
        aim: Aim | None = None,
    ) -> Operation:
        """Ask for the money of a purchase back."""
        return self._call(
            ApiOperation.REFUND,
            str(number),
            principal=principal,
            headers=LABEL if labelled else (),
            slash=slash,
            aim=aim,
        )

    def account(self, country: str, *, principal: str = OWNER, slash: bool = False) -> Operation:
        """Read price and stock of a country."""
        return self._call(ApiOperation.ACCOUNT, country, principal=principal, slash=slash)

    def profile(self, *, principal: str = OWNER, slash: bool = False) -> Operation:
        """Read the balance."""
        return self._call(ApiOperation.PROFILE, principal=principal, slash=slash)

    def list_page(
        self,
        page: int = 1,
        page_size: int = 50,
        *,
        sort: str | None = None,
        status: str | None = None,
        phone: str | None = None,
        principal: str = OWNER,
        slash: bool = False,
        walk: str = "",
        aim: Aim | None = None,
    ) -> Operation:
        """Read one page of the purchases; `phone`, a fragment of the number, is for profiles that search by it."""
        query = [("page", str(page)), ("page_size", str(page_size))]
        query += [("sort", sort)] if sort else []
        query += [("status", status)] if status else []
        query += [("phone_number", phone)] if phone else []
        return self._call(ApiOperation.LIST, principal=principal, query=query, slash=slash, walk=walk, aim=aim)

    def walk(
        self,
        page_size: int = 50,
        *,
        sort: str | None = None,
        status: str | None = None,
        principal: str = OWNER,
        max_pages: int = MAX_PAGES,
    ) -> list[View]:
        """Read page after page until the list says that it ends.

        Returns:
            Every purchase shown, in order; fewer where the list is longer than ``max_pages`` or breaks off.
        """
        return [view for views in self.pages(page_size, sort, status, principal, max_pages) for view in views]

    def pages(
        self, page_size: int, sort: str | None, status: str | None, principal: str, max_pages: int
    ) -> Iterator[tuple[View, ...]]:
        """Yield the purchases of each page of one walk."""
        name = self.session.name_walk()
        for page in range(1, max_pages + 1):
            operation = self.list_page(page, page_size, sort=sort, status=status, principal=principal, walk=name)
            reading = Reading(operation)
            if operation.outcome is not Outcome.OK:
                if operation.status == INTERNAL_ERROR and page == 1:
                    self._ask_again(operation)
                return
            yield reading.views
            value = reading.document.value
            pagination = value.get("pagination") if isinstance(value, dict) else None
            if not reading.views or not isinstance(pagination, dict) or pagination.get("has_next") is not True:
                return

    def _ask_again(self, operation: Operation) -> None:
        """Repeat a first page that failed, plain pages around it: an accident passes, a refusal stays (LIST-1)."""
        self.list_page(1, PLAIN_PAGE, principal=operation.principal)
        query = operation.input.query
        self._call(ApiOperation.LIST, principal=operation.principal, query=query, slash=False)
        self.list_page(1, PLAIN_PAGE, principal=operation.principal)

    def look(self, *, principal: str = OWNER, page_size: int = PLAIN_PAGE) -> None:
        """Look whether anything changed: the balance, and the newest purchases."""
        self.profile(principal=principal)
        self.list_page(1, page_size, principal=principal)

    def settle(self, number: int, *, within: float, principal: str = OWNER) -> View | None:
        """Read a purchase until its provider has answered.

        Args:
            number: the purchase.
            within: seconds to wait at most.
            principal: its owner.

        Returns:
            The last view of it, None when it could not be read.
        """
        pace = self.session.pace
        deadline = pace.elapsed + min(within, pace.left)
        pause = FIRST_POLL
        while True:
            operation = self.retrieve(number, principal=principal)
            views = Reading(operation).views
            view = views[0] if views else None
            if view is not None and view.status != "PENDING":
                return view
            hint = None if operation.answer is None else wait_hint(operation.answer, time.time())
            pause = min(LONGEST_POLL, pause * 2)
            wait = pause if hint is None else max(hint, pause)
            if pace.elapsed + wait > deadline:
                return view
            pace.wait(wait)

    def _call(
        self,
        api_operation: ApiOperation,
        parameter: str = "",
        *,
        principal: str,
        slash: bool,
        body: bytes = b"",
        query: Sequence[tuple[str, str]] = (),
        headers: Sequence[tuple[str, str]] = (),
        aim: Aim | None = None,
        walk: str = "",
        lane: str = "gate",
    ) -> Operation:
        path = path_of(api_operation, parameter) + ("/" if slash else "")
        return self.session.call(
            METHODS[api_operation],
            path,
            principal=principal,
            body=body,
            query=query,
            headers=headers,
            aim=aim,
            walk=walk,
            lane=lane,
        )


def path_of(api_operation: ApiOperation, parameter: str | int = "") -> str:
    """Return the path of an API operation, its parameter already percent-encoded where that is wanted."""
    template = PATHS[api_operation]
    return template.replace("{id}", str(parameter)).replace("{country_code}", str(parameter))
