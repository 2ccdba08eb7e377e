"""Tells what an audited file or folder is, by its content, and has it read."""

from __future__ import annotations

from pathlib import Path

from solver.audit.package_set import PackageSet
from solver.audit.readers.requirements import read_requirements
from solver.model import Target
from solver.target import marker_environment


def read_set(path: Path, target: Target | None = None) -> PackageSet:
    """The set that ``path`` holds, as it would be installed on ``target``.

    Raises ``BadInput`` naming file, line and key of what cannot be read.
    """
    text = path.read_text(encoding="utf-8-sig")
    return read_requirements(text, str(path), marker_environment(target or Target()), path.parent)
