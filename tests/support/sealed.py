"""Lock folders that tests write by hand, with the digests that Interlock would have written."""

from __future__ import annotations

from pathlib import Path

import yaml

from solver.core.yamlfile import load_yaml
from solver.lock.solution import FILE, installable_digest, whole_digest


def seal(folder: Path) -> Path:
    """Give the solution.yaml of ``folder`` the digests of the lock as it lies there."""
    path = folder / FILE
    files = {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    data = {**load_yaml(path).data, "lock": installable_digest(files)}
    path.write_text(yaml.safe_dump({**data, "whole": whole_digest(data)}, sort_keys=False), encoding="utf-8")
    return folder
