"""Detectors that learn from decisions of people."""
