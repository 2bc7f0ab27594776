"""The demonstration: the whole chain on a simulated region, with one table at the end."""
