"""What one lock that lies there has less, more and else than another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from solver.commands.locked import LockedProfile, locked_profile
from solver.commands.project import Project
from solver.index.provenance import told


@dataclass(frozen=True)
class LockedPackage:
    """One package of a lock."""

    version: str
    size: int | None
    """Bytes to download; None where nobody recorded them."""


def diff_locks(project: Project, one: str, other: str) -> tuple[list[str], dict[str, object]]:
    """What ``other`` has less, more and else than ``one``, in packages and bytes; nothing is solved.

    Raises ``BadInput`` where one of them was never made.
    """
    for name in (one, other):
        project.profile(name)
    locks = [locked_profile(project, name) for name in (one, other)]
    a, b = map(packages_of, locks)
    removed, added = sorted(set(a) - set(b)), sorted(set(b) - set(a))
    changed = sorted(name for name in set(a) & set(b) if a[name].version != b[name].version)
    differing = {*removed, *added, *changed}
    unknown = [name for name in sorted(differing) if None in (_size(a, name), _size(b, name))]
    data: dict[str, object] = {
        "version": 1,
        "removed": {name: a[name].version for name in removed},
        "added": {name: b[name].version for name in added},
        "changed": {name: [a[name].version, b[name].version] for name in changed},
        "packages": [len(a), len(b)],
        "bytes": [_total(packages) for packages in (a, b)],
        "size_unknown": [name for name in sorted({*a, *b}) if None in (_size(a, name), _size(b, name))],
    }
    lines = [f"- {name}=={a[name].version} ({_mb(a[name].size)})" for name in removed]
    lines += [f"+ {name}=={b[name].version} ({_mb(b[name].size)})" for name in added]
    lines += [f"~ {name} {a[name].version} -> {b[name].version}" for name in changed]
    more = sum((_size(b, name) or 0) - (_size(a, name) or 0) for name in differing)
    lines += published(*locks)
    lines.append(f"{one}: {len(a)} packages; {other}: {len(b)} packages, {_between(more, unknown)}")
    return lines, data


def packages_of(lock: LockedProfile) -> dict[str, LockedPackage]:
    """What a lock installs, by name: conda's, then pip's, which are installed over them."""
    packages = {str(record.name): LockedPackage(record.version, record.size) for record in lock.records}
    packages |= {
        str(pin.name): LockedPackage(pin.version, pin.files[0].size if pin.files else None)
        for pin in lock.solution.pins
    }
    return packages | {wheel.name: LockedPackage(wheel.version, len(wheel.content)) for wheel in lock.wheels}


def published(one: LockedProfile, other: LockedProfile) -> list[str]:
    """A line for each package of both that another publisher is proved for, or for which one of them has no proof."""
    then, now = (lock.folder.solution.attested for lock in (one, other))
    both = sorted({*then, *now} & set(packages_of(one)) & set(packages_of(other)))
    shown = {
        name: [told(names[name]) if name in names else "nobody attested" for names in (then, now)] for name in both
    }
    return [f"! {name} published by {before} -> {after}" for name, (before, after) in shown.items() if before != after]


def _size(packages: Mapping[str, LockedPackage], name: str) -> int | None:
    """Bytes of one package: 0 where the lock has none of this name, None where nobody recorded them."""
    return packages[name].size if name in packages else 0


def _total(packages: Mapping[str, LockedPackage]) -> int:
    """Bytes of all whose size was recorded."""
    return sum(package.size or 0 for package in packages.values())


def _between(more: int, unknown: Sequence[str]) -> str:
    difference = f"{_mb(abs(more))} {'less' if more <= 0 else 'more'} to download"
    if not unknown:
        return difference
    names = ", ".join(unknown[:3]) + (f" and {len(unknown) - 3} more" if len(unknown) > 3 else "")
    return f"{difference} beside {names}, whose sizes nobody recorded"


def _mb(size: int | None) -> str:
    return "size unknown" if size is None else f"{size / 1e6:.1f} MB"
