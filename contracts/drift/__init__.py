"""Drift: two contracts compared, and what a run's answers showed beyond the contract."""
