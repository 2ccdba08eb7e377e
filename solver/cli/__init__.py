"""The command line. conda imports this room at each of its starts, so that nothing is imported here."""
