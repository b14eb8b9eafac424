"""Tests of the verdict before a release."""
