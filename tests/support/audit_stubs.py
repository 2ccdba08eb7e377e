"""What the audit's tests share: the small matrices of the scenarios and an index held in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml
from paths import SCENARIOS

from solver.audit.package_set import Package, PackageSet
from solver.core.errors import NotRecorded
from solver.core.model import IndexFile, Release, pypi_name
from solver.matrix.load import FILES, Matrices, spelled_out

AUDIT_SCENARIOS = SCENARIOS / "audit"


@cache
def small_matrices() -> Matrices:
    """The rows beside the scenarios, which stay as they are while the real ones move on."""
    parts: dict[str, Any] = {}
    for path in sorted((AUDIT_SCENARIOS / "matrices").glob("*.yaml")):
        attribute, kind = FILES[path.stem]
        rows = read_yaml(path)["rows"]
        parts[attribute] = (*parts.get(attribute, ()), *(msgspec.convert(row, kind) for row in rows))
    return Matrices(**{**parts, "rules": spelled_out(parts["rules"])})


def read_yaml(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


class StubIndex:
    """An index of the releases that a test names."""

    def __init__(self, releases: Mapping[str, Sequence[Mapping[str, Any]]] | None = None) -> None:
        self.held = {
            pypi_name(name): tuple(_release(entry) for entry in entries) for name, entries in (releases or {}).items()
        }

    def releases(self, name):
        if name not in self.held:
            raise NotRecorded(name)
        return self.held[name]

    def requires(self, release):
        return release.requires


def _release(entry: Mapping[str, Any]) -> Release:
    hashes = entry.get("sha256", {})
    files = tuple(IndexFile(filename=name, sha256=hashes.get(name)) for name in entry.get("files", ()))
    requires = entry.get("requires")
    return Release(
        version=entry["version"],
        files=files,
        requires=None if requires is None else tuple(requires),
        requires_python=entry.get("requires_python"),
        yanked=entry.get("yanked"),
    )


def pinned(*pins: str, **fields: Any) -> PackageSet:
    """A set of ``name==version`` pins."""
    packages = tuple(Package(name=pypi_name(name), version=version) for name, version in (p.split("==") for p in pins))
    return PackageSet(**{"kind": "requirements", "file": "requirements.txt", "packages": packages} | fields)
