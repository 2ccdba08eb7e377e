"""Where the user's caches lie: what can be had again, kept to have it sooner."""

from __future__ import annotations

import os
from pathlib import Path


def user_cache() -> Path:
    """Folder for what was read once: $INTERLOCK_CACHE_DIR, or "interlock" in the system's cache folder."""
    chosen = os.environ.get("INTERLOCK_CACHE_DIR")
    if chosen:
        return Path(chosen)
    import platformdirs

    return platformdirs.user_cache_path("interlock", appauthor=False)
