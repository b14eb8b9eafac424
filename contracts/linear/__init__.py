"""Linearizability: whether overlapping calls can be put into any order that the contract allows."""
