"""The gate: what runs against a target, from the survey to the verdict."""
