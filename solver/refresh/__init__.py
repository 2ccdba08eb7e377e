"""Facts read anew from indexes and wheels."""
