"""One page a command: the only room that knows two steps."""
