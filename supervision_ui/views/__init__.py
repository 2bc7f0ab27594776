"""One module a page; each function takes a `Visit` and returns a response."""
