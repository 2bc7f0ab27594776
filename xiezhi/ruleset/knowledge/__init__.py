"""Knowledge points: reading them from tables, the vocabulary of limits, chains of revisions, the curated set."""
