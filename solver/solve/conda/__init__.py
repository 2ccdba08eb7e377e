"""The search over conda channels."""
