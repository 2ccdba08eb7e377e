"""What the audit's tests share: the small matrices of the scenarios and an index held in memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml
from paths import SCENARIOS
from scenario import AuditRelease

from solver.audit.package_set import Package, PackageSet
from solver.core.answer import NOT_KNOWN, Answer, answer
from solver.core.errors import NotRecorded
from solver.core.markers import extras_in
from solver.core.model import IndexFile, Release, pypi_name
from solver.matrix.load import FILES, Matrices, spelled_out
from solver.matrix.rows import Row

MATRICES = SCENARIOS / "audit" / "matrices"


@cache
def small_matrices() -> Matrices:
    """The rows beside the scenarios, which stay as they are while the real ones move on."""
    parts: dict[str, Any] = {}
    for path in sorted(MATRICES.glob("*.yaml")):
        attribute, kind = FILES[path.stem]
        rows = read_yaml(path)["rows"]
        parts[attribute] = (*parts.get(attribute, ()), *(msgspec.convert(row, kind) for row in rows))
    return Matrices(**{**parts, "rules": spelled_out(parts["rules"])})


def read_yaml(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


class StubIndex:
    """An index of the releases that a test names."""

    def __init__(self, releases: Mapping[str, Sequence[AuditRelease | Mapping[str, Any]]] | None = None) -> None:
        self.whole: Collection[str] = ()
        """The packages of which it has all that there is."""
        self.recorded = {
            (pypi_name(name), entry.version): entry.recorded
            for name, entries in (releases or {}).items()
            for entry in msgspec.convert(entries, list[AuditRelease])
        }
        self.listings = {
            pypi_name(name): tuple(_release(entry) for entry in entries) for name, entries in (releases or {}).items()
        }

    def releases(self, name):
        if name not in self.listings:
            raise NotRecorded(name)
        return self.listings[name]

    def covers(self, name, version, target):
        recorded = self.recorded[name, version]
        return recorded is None or target.python in recorded

    def complete(self, name):
        return name in self.whole

    def requires(self, release, extras=()):
        return release.requires

    def provides(self, release, extra):
        if release.requires is NOT_KNOWN:
            return Answer.NOT_KNOWN
        return answer(any(extra in extras_in(text) for text in release.requires))


def _release(entry: AuditRelease | Mapping[str, Any]) -> Release:
    fields = msgspec.convert(entry, AuditRelease)
    return Release(
        version=fields.version,
        files=tuple(IndexFile(filename=name, sha256=fields.sha256.get(name, NOT_KNOWN)) for name in fields.files),
        requires=NOT_KNOWN if fields.requires is None else tuple(fields.requires),
        requires_python=fields.requires_python,
        yanked=fields.yanked,
    )


def pinned(*pins: str, **fields: Any) -> PackageSet:
    """A set of ``name==version`` pins."""
    packages = tuple(Package(name=pypi_name(name), version=version) for name, version in (p.split("==") for p in pins))
    return PackageSet(**{"kind": "requirements", "file": "requirements.txt", "packages": packages} | fields)


def without(matrices: Matrices, *gone: Row) -> Matrices:
    """The rows without some of them."""
    kinds = {field.name: getattr(matrices, field.name) for field in dataclasses.fields(matrices) if field.init}
    fewer = {kind: tuple(one for one in rows if not any(one is row for row in gone)) for kind, rows in kinds.items()}
    return dataclasses.replace(matrices, **fewer)
