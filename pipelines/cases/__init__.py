"""Cases on the command line: open, list, show, decide, rate."""
