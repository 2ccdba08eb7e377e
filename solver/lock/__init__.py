"""The files of a lock, one module a format."""
