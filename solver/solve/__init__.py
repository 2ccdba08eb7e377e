"""The search: matrices and indexes in, one solution or an explanation out."""
