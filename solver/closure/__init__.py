"""Everything a solution pulls in, with hashes."""
