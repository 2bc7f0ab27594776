"""Checks of a rule base beyond what the loader refuses: one small class a check (`xiezhi rules check`)."""
