"""Cases, decisions, users, ratings and the audit log in SQL: one code path for SQLite and PostgreSQL."""
