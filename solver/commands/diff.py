"""What one lock that lies there has less, more and else than another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from solver.commands.locked import LockedProfile
from solver.commands.named_locks import NamedLocks
from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.errors import BadInput
from solver.core.model import Value
from solver.core.scratch import scratch_folder
from solver.index.provenance import publisher_phrase


class LockedPackage(Value, frozen=True):
    """One package of a lock."""

    version: str
    size: int | NotKnown
    """Bytes to download; NOT_KNOWN where nobody recorded them."""


class Publishers(Value, frozen=True):
    """Who published a package, as each of two locks tells it."""

    one: str
    other: str


class Difference(Value, frozen=True, kw_only=True):
    """What parts two locks; nothing is solved for it."""

    one: str
    """As the first was named."""
    other: str
    packages: tuple[Mapping[str, LockedPackage], Mapping[str, LockedPackage]]
    """All that each installs, by name."""
    published: Mapping[str, Publishers]
    """Packages of both that another publisher is proved for, or for which one of them has no proof."""

    @property
    def removed(self) -> list[str]:
        """The names that only the first has."""
        return sorted(set(self.packages[0]) - set(self.packages[1]))

    @property
    def added(self) -> list[str]:
        """The names that only the other has."""
        return sorted(set(self.packages[1]) - set(self.packages[0]))

    @property
    def changed(self) -> list[str]:
        """The names of which both have another version."""
        a, b = self.packages
        return sorted(name for name in set(a) & set(b) if a[name].version != b[name].version)

    @property
    def more(self) -> int:
        """Bytes that the other has more to download, as far as they were recorded."""
        a, b = self.packages
        differing = (*self.removed, *self.added, *self.changed)
        return sum((_size(b, name) or 0) - (_size(a, name) or 0) for name in differing)

    def sizeless(self, *, differing: bool = False) -> list[str]:
        """Names of which one lock has a package whose size nobody recorded; ``differing``: of those that differ."""
        a, b = self.packages
        names = {*self.removed, *self.added, *self.changed} if differing else {*a, *b}
        return [name for name in sorted(names) if NOT_KNOWN in (_size(a, name), _size(b, name))]


@dataclass(frozen=True)
class Alone:
    """A lock that only one of two revisions has."""

    name: str
    gone: bool
    """Whether it is the first that has it."""


def diff_locks(root: Path, one: str, other: str | None = None) -> list[Difference | Alone]:
    """What ``other`` has less, more and else than ``one``, and of ``REVISION:`` so of each lock that it has.

    Without ``other``, what lies in the project in ``root`` is compared with ``one``, which must name a revision then.
    Raises ``BadInput`` where one of them names no lock.
    """
    with scratch_folder() as scratch:
        locks = NamedLocks(root, scratch)
        if one.endswith(":") and (other is None or other.endswith(":")):
            return list(_each(locks, one, other or ""))
        if other is None:
            revision, _, other = one.rpartition(":")
            if not revision or not other:
                problem = "a second lock is missing beside one that is no revision's"
                raise BadInput(problem, key="diff", fix="name it, or write REVISION:PROFILE")
        return [_between(locks, one, other)]


def _each(locks: NamedLocks, one: str, other: str) -> Iterator[Difference | Alone]:
    revisions = [locks.revision(text[:-1]) if text else None for text in (one, other)]
    before, after = (set(locks.names(revision)) for revision in revisions)
    for name in sorted(before | after):
        if name not in before & after:
            yield Alone(name, gone=name in before)
            continue
        yield _between(locks, one + name, other + name)


def _between(locks: NamedLocks, one: str, other: str) -> Difference:
    first, second = locks.open(one, other)
    return difference((one, first), (other, second))


def difference(one: tuple[str, LockedProfile], other: tuple[str, LockedProfile]) -> Difference:
    """What parts two locks, each with its name."""
    (a, first), (b, second) = one, other
    packages = (locked_packages(first), locked_packages(second))
    return Difference(one=a, other=b, packages=packages, published=_published(first, second, packages))


def locked_packages(lock: LockedProfile) -> dict[str, LockedPackage]:
    """What a lock installs, by name: conda's, then pip's, which are installed over them."""
    packages = {
        str(record.name): LockedPackage(record.version, NOT_KNOWN if record.size is None else record.size)
        for record in lock.records
    }
    packages |= {
        str(pin.name): LockedPackage(pin.version, pin.files[0].size if pin.files else NOT_KNOWN)
        for pin in lock.solution.pins
    }
    return packages | {wheel.name: LockedPackage(wheel.version, len(wheel.content)) for wheel in lock.wheels}


def _published(
    one: LockedProfile, other: LockedProfile, packages: tuple[Mapping[str, LockedPackage], Mapping[str, LockedPackage]]
) -> dict[str, Publishers]:
    then, now = (lock.folder.solution.attested for lock in (one, other))
    both = sorted({*then, *now} & set(packages[0]) & set(packages[1]))
    shown = {
        name: [publisher_phrase(names[name]) if name in names else "nobody attested" for names in (then, now)]
        for name in both
    }
    return {name: Publishers(before, after) for name, (before, after) in shown.items() if before != after}


def _size(packages: Mapping[str, LockedPackage], name: str) -> int | NotKnown:
    """Bytes of one package: 0 where the lock has none of this name, NOT_KNOWN where nobody recorded them."""
    return packages[name].size if name in packages else 0
