"""The one installer of locks."""
