"""The nearest set that passes the audit."""
