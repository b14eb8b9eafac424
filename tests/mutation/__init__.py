"""How well the tests of the oracle would notice if it judged wrongly; configured in pyproject.toml."""
