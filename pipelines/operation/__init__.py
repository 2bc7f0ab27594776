"""Operation: database, accounts, audit log, what is in use and reachable."""
