"""Migrations of the SQL tables (Alembic)."""
