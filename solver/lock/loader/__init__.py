"""The tiny wheel of our own that a lock may carry."""
