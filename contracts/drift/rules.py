"""The rules of drift: what a difference between two contracts means to whoever was built for the old one.

Requests and answers are judged apart. A request that was lawful must stay lawful, so that a demand that grows breaks;
an answer must stay within what was promised, so that a promise that shrinks breaks. Where only the range of a value
in an answer grows (a new enum value, a looser pattern), a reader that checks strictly breaks and one that passes
values on does not: a warning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """What a change means: ``breaking`` fails, ``warning`` breaks some readers, ``info`` breaks none."""

    BREAKING = "breaking"
    WARNING = "warning"
    INFO = "info"


class Kind(StrEnum):
    """Whether something came, went, or became different."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Side(StrEnum):
    """Which way the value travels: in a request, in a response, or neither."""

    REQUEST = "request"
    RESPONSE = "response"
    API = "api"


@dataclass(frozen=True, slots=True)
class Rule:
    """One named rule.

    Attributes:
        id: its stable name.
        severity: what a change under it means.
        kind: added, removed or changed.
        title: what happened, said of the change's subject.
        why: what it means to a consumer of the old contract.
    """

    id: str
    severity: Severity
    kind: Kind
    title: str
    why: str

    @property
    def side(self) -> Side:
        """Which direction the rule speaks of."""
        if self.id.startswith("request-") or self.id.endswith("-in-request"):
            return Side.REQUEST
        if self.id.startswith("response-") or self.id.endswith("-in-response"):
            return Side.RESPONSE
        return Side.API


_B, _W, _I = Severity.BREAKING, Severity.WARNING, Severity.INFO
_ADD, _REM, _CHG = Kind.ADDED, Kind.REMOVED, Kind.CHANGED

_REFUSED: Final = "a request that was lawful may be refused"
_FINE_REQUEST: Final = "every request that was lawful still is"
_FINE_ANSWER: Final = "every answer is still one that was promised"
_STRICT: Final = "a reader that checks strictly refuses the answer; one that passes values on does not"
_SERVED_LESS: Final = "what the key or parameter did is not done any more, or the request is refused"

_TABLE: Final = (
    # Paths and operations.
    ("path-removed", _B, _REM, "the path is gone", "every call of it fails"),
    ("path-added", _I, _ADD, "the path is new", "nobody calls it yet"),
    ("trailing-slash-changed", _W, _CHG, "the path is written with another trailing slash",
     "a server that does not serve both forms answers 404 or redirects, which some clients take for success"),
    ("operation-removed", _B, _REM, "the operation is gone", "every call of it fails"),
    ("operation-added", _I, _ADD, "the operation is new", "nobody calls it yet"),
    ("operation-deprecated", _W, _CHG, "the operation is now deprecated", "it may go in a later version"),
    ("operation-undeprecated", _I, _CHG, "the operation is no longer deprecated", "it stays"),
    ("operation-id-changed", _I, _CHG, "the operation has another operationId",
     "nothing on the wire; methods of generated clients change their names"),
    ("path-parameter-renamed", _I, _CHG, "the path parameter has another name", "nothing on the wire"),
    # Security.
    ("security-now-required", _B, _ADD, "credentials are now required", "a call without credentials is refused"),
    ("security-no-longer-required", _I, _REM, "credentials are no longer required",
     "a call with credentials is served as before"),
    ("security-alternative-removed", _B, _REM, "a way to authenticate is gone", "callers who use it are refused"),
    ("security-alternative-added", _I, _ADD, "there is another way to authenticate", "the old ways still work"),
    # Parameters.
    ("request-parameter-added-required", _B, _ADD, "the parameter is new and required", _REFUSED),
    ("request-parameter-added", _I, _ADD, "the parameter is new and optional", _FINE_REQUEST),
    ("request-parameter-removed", _B, _REM, "the parameter is gone", _SERVED_LESS),
    ("request-parameter-now-required", _B, _CHG, "the parameter is now required", _REFUSED),
    ("request-parameter-now-optional", _I, _CHG, "the parameter is now optional", _FINE_REQUEST),
    ("request-parameter-deprecated", _W, _CHG, "the parameter is now deprecated", "it may go in a later version"),
    ("request-parameter-serialization-changed", _B, _CHG, "the parameter is written in another way",
     "the server reads another value than was sent"),
    # Request bodies.
    ("request-body-added-required", _B, _ADD, "a body is now required where there was none", _REFUSED),
    ("request-body-added", _I, _ADD, "a body may now be sent", _FINE_REQUEST),
    ("request-body-removed", _B, _REM, "a body is no longer taken", "what it said is not done any more"),
    ("request-body-now-required", _B, _CHG, "the body is now required", _REFUSED),
    ("request-body-now-optional", _I, _CHG, "the body is now optional", _FINE_REQUEST),
    ("request-media-type-removed", _B, _REM, "the media type is no longer taken", _REFUSED),
    ("request-media-type-added", _I, _ADD, "another media type is taken", _FINE_REQUEST),
    # Responses.
    ("success-status-removed", _B, _REM, "the success status is gone",
     "a caller that waits for it takes every other for a failure"),
    ("success-status-added", _W, _ADD, "the operation may succeed with another status",
     "a caller that compares with the old one takes it for a failure, or reads another body"),
    ("redirect-status-added", _W, _ADD, "the operation may redirect",
     "a client may turn a POST into a GET, or not follow at all (RFC 9110, section 15.4)"),
    ("redirect-status-removed", _W, _REM, "the operation no longer redirects", "who waits for it waits in vain"),
    ("error-status-removed", _W, _REM, "the error status is gone",
     "what a caller does at that status it does no longer"),
    ("error-status-added", _I, _ADD, "the operation may fail with another status",
     "a client must know every status by its class (RFC 9110, section 15)"),
    ("response-body-removed", _B, _REM, "the answer has no body any more", "what was read from it is missing"),
    ("response-body-added", _I, _ADD, "the answer now has a body", "nobody reads it yet"),
    ("error-body-removed", _W, _REM, "the error is described without a body",
     "what a caller reads from it may be missing; documents often leave it out"),
    ("error-body-added", _I, _ADD, "the error is described with a body", "nobody reads it yet"),
    ("response-media-type-removed", _B, _REM, "the answer no longer comes in this media type",
     "a reader of it gets something else"),
    ("response-media-type-added", _I, _ADD, "the answer may come in another media type",
     "it is sent to those who ask for it (RFC 9110, section 12)"),
    ("response-header-removed", _B, _REM, "a header that was always sent is gone", "what was read from it is missing"),
    ("response-optional-header-removed", _W, _REM, "a header that was sometimes sent is gone",
     "what a caller does with it, it does no longer"),
    ("response-header-added", _I, _ADD, "the answer has another header", "nobody reads it yet"),
    ("response-header-now-optional", _B, _CHG, "a header that was always sent may be missing",
     "a caller that reads it finds nothing"),
    ("response-header-now-required", _I, _CHG, "the header is now always sent", _FINE_ANSWER),
    # Types.
    ("type-changed", _B, _CHG, "the value is of another type", "neither side understands the other"),
    ("request-type-narrowed", _B, _CHG, "fewer types are taken", _REFUSED),
    ("request-type-widened", _I, _CHG, "more types are taken", _FINE_REQUEST),
    ("response-type-widened", _B, _CHG, "the value may be of more types", "a reader of the old fails on the others"),
    ("response-type-narrowed", _I, _CHG, "the value is of fewer types", _FINE_ANSWER),
    ("nullability-narrowed-in-request", _B, _CHG, "null is no longer taken", _REFUSED),
    ("nullability-widened-in-request", _I, _CHG, "null is now taken", _FINE_REQUEST),
    ("nullability-widened-in-response", _B, _CHG, "the value may now be null",
     "a reader that uses the value without asking fails"),
    ("nullability-narrowed-in-response", _I, _CHG, "the value is never null any more", _FINE_ANSWER),
    # Values.
    ("request-enum-narrowed", _B, _CHG, "fewer values are taken", _REFUSED),
    ("request-enum-widened", _I, _CHG, "more values are taken", _FINE_REQUEST),
    ("response-enum-widened", _W, _CHG, "there are new values", _STRICT),
    ("response-enum-narrowed", _I, _CHG, "there are fewer values", _FINE_ANSWER),
    ("response-enum-replaced", _B, _CHG, "none of the old values comes any more", "a reader knows none of them"),
    ("request-pattern-tightened", _B, _CHG, "fewer texts are taken", _REFUSED),
    ("request-pattern-loosened", _I, _CHG, "more texts are taken", _FINE_REQUEST),
    ("request-pattern-changed", _B, _CHG, "other texts are taken", _REFUSED),
    ("request-pattern-unclear", _W, _CHG, "the pattern is another; which texts it takes cannot be compared", _REFUSED),
    ("response-pattern-loosened", _W, _CHG, "more texts may come", _STRICT),
    ("response-pattern-tightened", _I, _CHG, "fewer texts may come", _FINE_ANSWER),
    ("response-pattern-changed", _W, _CHG, "other texts may come", _STRICT),
    ("response-pattern-unclear", _W, _CHG, "the pattern is another; which texts it allows cannot be compared", _STRICT),
    ("request-format-tightened", _B, _CHG, "the format is narrower", _REFUSED),
    ("request-format-loosened", _I, _CHG, "the format is wider", _FINE_REQUEST),
    ("request-format-changed", _B, _CHG, "the format is another", _REFUSED),
    ("response-format-loosened", _W, _CHG, "the format is wider", _STRICT),
    ("response-format-tightened", _I, _CHG, "the format is narrower", _FINE_ANSWER),
    ("response-format-changed", _B, _CHG, "the format is another", "a reader parses the old format"),
    ("request-bound-tightened", _B, _CHG, "the bound is tighter", _REFUSED),
    ("request-bound-loosened", _I, _CHG, "the bound is looser", _FINE_REQUEST),
    ("response-bound-loosened", _W, _CHG, "the bound is looser", _STRICT),
    ("response-bound-tightened", _I, _CHG, "the bound is tighter", _FINE_ANSWER),
    ("request-default-changed", _W, _CHG, "what is meant where nothing is sent has changed",
     "a request that leaves it out asks for something else"),
    # Objects.
    ("request-key-added-required", _B, _ADD, "the key is new and required", _REFUSED),
    ("request-key-added", _I, _ADD, "the key is new and optional", _FINE_REQUEST),
    ("request-key-now-required", _B, _CHG, "the key is now required", _REFUSED),
    ("request-key-now-optional", _I, _CHG, "the key is now optional", _FINE_REQUEST),
    ("request-key-removed", _B, _REM, "the key is gone", _SERVED_LESS),
    ("request-key-deprecated", _W, _CHG, "the key is now deprecated", "it may go in a later version"),
    ("response-key-removed", _B, _REM, "a key that was always there is gone", "what was read from it is missing"),
    ("response-optional-key-removed", _W, _REM, "a key that was sometimes there is gone",
     "what a reader does with it, it does no longer"),
    ("response-key-now-optional", _B, _CHG, "a key that was always there may be missing",
     "a reader that uses it without asking fails"),
    ("response-key-now-required", _I, _CHG, "the key is now always there", _FINE_ANSWER),
    ("response-key-added", _I, _ADD, "the key is new", "readers pass over keys that they do not know"),
    ("response-key-added-to-closed-object", _W, _ADD, "the key is new in an object that promised no others", _STRICT),
    ("response-key-deprecated", _W, _CHG, "the key is now deprecated", "it may go in a later version"),
    ("request-object-closed", _W, _CHG, "unnamed keys are no longer taken",
     "a request with keys that the contract does not name may be refused"),
    ("request-map-closed", _B, _CHG, "keys of the caller's choice are no longer taken", _REFUSED),
    ("request-object-opened", _I, _CHG, "unnamed keys are taken", _FINE_REQUEST),
    ("response-object-opened", _W, _CHG, "unnamed keys may come", _STRICT),
    ("response-object-closed", _I, _CHG, "unnamed keys no longer come", _FINE_ANSWER),
    ("response-map-closed", _W, _CHG, "keys of the server's choice no longer come",
     "what a reader does with them, it does no longer"),
    ("extra-keys-changed", _W, _CHG, "something else is said of unnamed keys", "which way it matters cannot be told"),
    # Alternatives and the rest.
    ("request-variant-removed", _B, _REM, "an alternative is no longer taken", _REFUSED),
    ("request-variant-added", _I, _ADD, "another alternative is taken", _FINE_REQUEST),
    ("response-variant-added", _B, _ADD, "the value may be of another alternative", "a reader knows the old ones only"),
    ("response-variant-removed", _I, _REM, "an alternative no longer comes", _FINE_ANSWER),
    ("keyword-changed", _W, _CHG, "a keyword that is compared by its text alone has changed",
     "which way it matters cannot be told"),
)  # fmt: skip

RULES: Final[Mapping[str, Rule]] = {entry[0]: Rule(*entry) for entry in _TABLE}
"""Every rule by its id, in the order in which reports tell them."""
