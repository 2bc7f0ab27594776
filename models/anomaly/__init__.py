"""Detectors that need no labels: they compare subjects with their peers."""
