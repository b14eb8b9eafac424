"""Writing a run down: the history, the result, and nothing secret in either."""
