"""Commands `xiezhi rules …`, one light module each: heavy imports are inside the functions."""
