"""Batch jobs, one module each."""
