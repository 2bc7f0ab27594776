"""The gateway: transactions 3101, 3102 and 3103 of the national platform over HTTP; fail-open (docs/explanation/gateway.md)."""
