"""Many nights in order: whether the newest are worse than those before, and when the level changed."""
