"""Where generated requests come from: schemathesis, fed with the contract's OpenAPI document and nothing else.

Only what makes requests is used, by one thread, never schemathesis' engine with its workers: where several threads
parse, CPython before 3.11.8 and 3.12.2 fails by chance ("AST constructor recursion depth mismatch", gh-106905).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

import schemathesis
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.generation.drivers import CoverageGenerator, ExamplesGenerator
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.generation.overrides import Override

from contracts.history import ApiOperation
from contracts.profiles import openapi_document

Case: TypeAlias = schemathesis.Case[Any]
Described: TypeAlias = "schemathesis.APIOperation[Any, Any, Any, Any]"

MODES: Final = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


class Source:
    """Generates requests for the operations of one profile.

    Args:
        profile: name of the profile.
    """

    def __init__(self, profile: str) -> None:
        self._whole = _operations(openapi_document(profile))
        keyless = openapi_document(profile)
        # Told of the key, schemathesis spends half of its negative requests on leaving it out, which the
        # catalogue of near misses does with system; the one that its coverage phase leaves out is kept.
        del keyless["security"], keyless["components"]["securitySchemes"]
        self._keyless = _operations(keyless)

    def examples(self, operation: ApiOperation) -> list[Case]:
        """Return the examples of the document as requests."""
        return list(
            ExamplesGenerator(
                operation=self._keyless[operation], override=Override(), feedback=NO_FEEDBACK, fill_missing=False
            )
        )

    def coverage(self, operation: ApiOperation, most: int) -> list[Case]:
        """Return requests at and around every bound of the schema, at most so many, taken evenly."""
        described = self._whole[operation]
        cases = list(
            CoverageGenerator(
                operation=described,
                generation_modes=list(MODES),
                generation_config=described.schema.config.generation_for(operation=described, phase="coverage"),
                auth_storage=None,
                override=Override(),
                feedback=NO_FEEDBACK,
            )
        )
        return list(spread(cases, most))

    def strategy(self, operation: ApiOperation, mode: GenerationMode) -> SearchStrategy[Case]:
        """Return a strategy of random requests that keep the schema, or that break it."""
        return self._keyless[operation].as_strategy(generation_mode=mode, feedback=NO_FEEDBACK)


def spread(cases: Sequence[Case], most: int) -> Iterator[Case]:
    """Yield at most so many of some cases, evenly from first to last."""
    if len(cases) <= most:
        yield from cases
        return
    for number in range(most):
        yield cases[number * len(cases) // most]


def _operations(document: dict[str, Any]) -> dict[ApiOperation, Described]:
    # A configuration of our own: by default one is looked for in the working directory and above it.
    schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig())
    described = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    return {ApiOperation(operation.definition.raw["operationId"]): operation for operation in described}
