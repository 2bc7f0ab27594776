"""Benchmarks: `python -m bench.<name>` compares with a peer or a limit in the same run and ends with one JSON line."""
