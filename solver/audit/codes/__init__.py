"""One module a code."""
