"""Replay: the steps of one finding sent again, to tell whether it still fails."""
