"""The sweep: all active rules over the stored claims, findings to Delta, totals and a page to read."""
