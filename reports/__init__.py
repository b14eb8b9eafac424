"""From a run directory to the documents people and machines read."""
