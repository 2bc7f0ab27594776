"""Real time: gateway, consumer, event log."""
