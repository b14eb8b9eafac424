"""The verdict before a release: gate, load, drift and comparison in one run."""
