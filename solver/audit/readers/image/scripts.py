"""Scripts that a build runs: what they install stands in them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from solver.audit.readers.image.build_step import BuildStep, text_of
from solver.audit.readers.image.shell import SHELL

_INSTALLER = re.compile(r"(ana|mini)conda|(mini|mamba)forge|micromamba", re.IGNORECASE)
"""Installers of conda, which bring a python alone."""


def sourced_script(words: Sequence[str]) -> BuildStep | None:
    """``source install.sh``; None for others, which set variables by custom."""
    return _script_step(words[1], words) if len(words) > 1 and "install" in words[1] else None


def script_of(words: Sequence[str]) -> BuildStep | None:
    """``bash setup.sh`` and ``./setup.sh``; None for what runs no script."""
    rest = [word for word in words[1:] if not word.startswith("-")] if SHELL.fullmatch(words[0]) else words[:1]
    return _script_step(rest[0], words) if rest else None


def _script_step(path: str, words: Sequence[str]) -> BuildStep | None:
    if not path.endswith((".sh", ".run")) or _INSTALLER.search(path):
        return None
    return BuildStep("script", files=(path,), text=text_of(words))
