"""Tests of what is installed with assay, and how."""
