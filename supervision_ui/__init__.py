"""The web application of inspectors."""
