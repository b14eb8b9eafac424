"""Judging every answer of a load run: a fast screen, compact state, and the contract's own checks behind them."""
