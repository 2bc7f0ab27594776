"""Ingest: files of the national tables into the claim store, validated row by row, nothing loaded twice."""
