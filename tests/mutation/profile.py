"""How the tests run for a mutant: few generated examples, the same ones each time, no shrinking, nothing that measures.

A mutant that survives so might be noticed by the tests as they usually run: the score is a lower bound.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings

MOST_EXAMPLES = 20

MEASURING = (
    "takes_400_bytes", "takes_a_byte_at_most", "takes_no_long_time", "test_engines_agree.py", "test_on_any_history",
    "makes_an_invariant_raise",
)  # fmt: skip
"""Parts of the names of tests that measure time or memory, or that only tell that nothing raises."""

USED = "_hypothesis_internal_use_settings"
"""Where hypothesis keeps the settings of a test."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what measures, and give every property the settings above."""
    left_out = [item for item in items if any(part in item.nodeid for part in MEASURING)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    for item in items:
        function = getattr(getattr(item, "obj", None), "__func__", getattr(item, "obj", None))
        usual = getattr(function, USED, None)
        if usual is not None:
            setattr(function, USED, _quick(usual))


def _quick(usual: settings) -> settings:
    return settings(
        usual,
        max_examples=min(usual.max_examples, MOST_EXAMPLES),
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
