"""Standalone scripts that run inside a locked environment; they import nothing of this project."""
