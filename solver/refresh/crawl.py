"""Which releases a set of roots can reach on an index, and what each requires.

A release is held where a requirement asked by a root, or by a release that is
held, admits it; so the record is closed: whatever the releases in it ask on
their targets is in it too. Of most packages only the newest releases that each
requirement admits are held, for every python anew, or the record would be the
whole index; a search that finds no candidate among them says so.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

import msgspec
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.errors import IndexUnavailable
from solver.core.markers import applies, extras_in
from solver.core.model import IndexFile, Platform, PypiName, Release, Target, pypi_name
from solver.core.names import is_source
from solver.core.target import admits_python, marker_environment, usable_files
from solver.core.threads import thread_pool
from solver.index import UnknownPackage
from solver.index.metadata import Metadata
from solver.index.snapshot_files import Coverage

T = TypeVar("T")
R = TypeVar("R")
THREADS = 12
_Key = tuple[PypiName, Version]
_Need = tuple[Requirement, str]
"""A requirement, and the python (major.minor) on which it is made."""
_Range = tuple[PypiName, str, str]
"""Package, specifier and python: what releases are chosen by, each once."""


class Readable(Protocol):
    """What a crawl asks of an index."""

    def releases(self, name: PypiName) -> tuple[Release, ...]:
        """As ``Index.releases``."""
        ...

    def metadata(self, file: IndexFile) -> Metadata:
        """The core metadata of one wheel."""
        ...


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Roots that are followed for the same targets."""

    platform: Platform
    pythons: tuple[str, ...]
    """major.minor, oldest first."""
    glibc: str = "2.28"
    newest: int
    """How many releases are held of each requirement that no root of ``whole`` covers."""
    whole: tuple[str, ...] = ()
    """Requirements of which every final release is held."""
    some: tuple[str, ...] = ()
    """Requirements of which the newest final releases are held."""
    follow: bool = True
    """False: hold the roots alone and nothing that they ask."""


class RecordedPackage(msgspec.Struct, kw_only=True):
    """One package of the record."""

    name: PypiName
    extent: str
    """Which releases, in words."""
    releases: list[Release]
    """Several of one version where its wheels require different things."""
    extras: set[str]
    """Those that someone asks for, normalized."""
    targets: tuple[Coverage, ...]
    """For which every wheel of these releases is held."""


class Crawl:
    """One group's walk over an index; ``run`` does it, ``skipped`` tells what could not be read."""

    def __init__(self, group: Group, index: Readable, tell: Callable[[str], None] = lambda text: None) -> None:
        self.group, self.index, self.tell = group, index, tell
        self.targets = {
            python: Target(platform=group.platform, python=python, glibc=group.glibc) for python in group.pythons
        }
        self.whole = {pypi_name(root.name): root.specifier for root in map(Requirement, group.whole)}
        self.skipped: list[str] = []
        self._listed: dict[PypiName, dict[Version, list[Release]]] = {}
        self._pythons: dict[_Key, frozenset[str]] = {}
        self._read: dict[_Key, list[Release]] = {}
        self._extras: dict[PypiName, set[str]] = defaultdict(set)
        self._followed: set[_Range] = set()

    def run(self) -> list[RecordedPackage]:
        """Walk from the roots until nothing new is asked; raises ``IndexUnavailable``."""
        needs = [
            (Requirement(root), python)
            for root in (*self.group.whole, *self.group.some)
            for python in self.group.pythons
        ]
        while needs:
            again = self._note_extras(needs)
            fresh = self._admit(self._new_ranges(needs))
            self.tell(f"{self.group.platform}: {len(self._listed)} packages, {len(self._read)} releases read")
            needs = self._needs({*fresh, *again}) if self.group.follow else []
        return [self._package(name) for name in sorted(self._listed)]

    def _note_extras(self, needs: list[_Need]) -> set[_Key]:
        """Releases that are held already and are now asked for with another extra."""
        again: set[_Key] = set()
        for requirement, _ in needs:
            name = pypi_name(requirement.name)
            extras = {canonicalize_name(extra) for extra in requirement.extras}
            if not extras <= self._extras[name]:
                self._extras[name] |= extras
                # Extras are gathered by package, not by release: whoever asks for one may mean any release of it.
                again |= {key for key in self._read if key[0] == name}
        return again

    def _new_ranges(self, needs: list[_Need]) -> list[_Range]:
        """The ranges of ``needs`` that were not followed yet, sorted; their packages are listed by then."""
        # A requirement with an address means that file, and no release of an index.
        ranges = {(pypi_name(r.name), str(r.specifier), python) for r, python in needs if r.url is None}
        new = sorted(ranges - self._followed)
        self._followed |= ranges
        names = sorted({name for name, _, _ in new} - set(self._listed))
        self._listed.update(zip(names, _together(self._list, names), strict=True))
        return new

    def _list(self, name: PypiName) -> dict[Version, list[Release]]:
        """Final releases with a wheel for a target of the group."""
        by_version: dict[Version, list[Release]] = defaultdict(list)
        pythons: dict[Version, set[str]] = defaultdict(set)
        for release in self._releases(name):
            if release.refused is not None:
                self.skipped.append(f"{name} {release.version}: {release.refused}")
            version = Version(release.version)
            if version.is_prerelease:
                continue
            usable = {file: self._usable_on(file, release) for file in release.files}
            files = tuple(file for file in release.files if usable[file])
            if files:
                by_version[version].append(msgspec.structs.replace(release, files=files))
                pythons[version].update(*usable.values())
        # Several threads are here at once; each writes keys of its own name alone.
        self._pythons.update({(name, version): frozenset(minors) for version, minors in pythons.items()})
        return dict(by_version)

    def _releases(self, name: PypiName) -> tuple[Release, ...]:
        try:
            return self.index.releases(name)
        except UnknownPackage as error:
            self.skipped.append(str(error))
            return ()

    def _usable_on(self, file: IndexFile, release: Release) -> frozenset[str]:
        # What has to be built is left to whoever asks for it: its index is asked then.
        if is_source(file.filename):
            return frozenset()
        return frozenset(
            python
            for python, target in self.targets.items()
            if admits_python(release.requires_python, target) and usable_files([file], target)
        )

    def _admit(self, ranges: list[_Range]) -> list[_Key]:
        keys = {
            (name, version) for name, specifier, python in ranges for version in self._choose(name, specifier, python)
        }
        fresh = sorted(keys - set(self._read))
        for key, releases in zip(fresh, _together(self._read_release, fresh), strict=True):
            self._read[key] = releases
        return fresh

    def _choose(self, name: PypiName, specifier: str, python: str) -> Iterable[Version]:
        """The versions that are held for one range: the newest, and of a whole package all that its root admits."""
        # Counted among what this python can use: the newest of all may have wheels for newer pythons only.
        usable = [v for v in self._listed[name] if python in self._pythons[name, v]]
        admitted = sorted(SpecifierSet(specifier).filter(usable), reverse=True)
        if name in self.whole:
            yield from self.whole[name].filter(admitted)
        # What was yanked is nobody's newest; of a whole package it is held like every release.
        fine = [v for v in admitted if any(release.yanked is None for release in self._listed[name][v])]
        yield from fine[: self.group.newest]

    def _read_release(self, key: _Key) -> list[Release]:
        """One release a wheel, as its own metadata has it; none where one of them cannot be read.

        Every wheel is read: the wheels of one version do not always ask the same.
        """
        name, version = key
        listed = self._listed[name][version]
        try:
            return [self._with_metadata(release, file) for release in listed for file in release.files]
        except IndexUnavailable as error:
            self.skipped.append(f"{name} {version}: {error}")
            return []

    def _with_metadata(self, release: Release, file: IndexFile) -> Release:
        metadata = self.index.metadata(file)
        return msgspec.structs.replace(
            release,
            files=(file,),
            requires=metadata.requires,
            requires_python=metadata.requires_python or release.requires_python,
            provides=metadata.extras,
        )

    def _needs(self, keys: Iterable[_Key]) -> list[_Need]:
        """What the releases ask on each python on which they can be used."""
        needs: dict[tuple[str, str], _Need] = {}
        for name, version in keys:
            read = (release.requires for release in self._read[name, version])
            texts = {text for requires in read if not isinstance(requires, NotKnown) for text in requires}
            for python in self._pythons[name, version]:
                for text in texts:
                    if (text, python) not in needs and applies_on(text, self.targets[python], self._extras[name]):
                        needs[text, python] = (_requirement(text), python)
        return list(needs.values())

    def _package(self, name: PypiName) -> RecordedPackage:
        read = [release for key, releases in self._read.items() if key[0] == name for release in releases]
        root = self.whole.get(name)
        if root is None:
            which = f"the newest {self.group.newest} final releases that each requirement admits"
        else:
            which = f"every final release in {root}" if str(root) else "every final release"
        span = Coverage(
            platform=self.group.platform,
            glibc=self.group.glibc,
            pythons=self.group.pythons,
            whole=NOT_KNOWN if root is None else ",".join([*filter(None, [str(root)]), *self._unread(name, root)]),
        )
        extent = f"{span.platform}, python {span.pythons[0]} to {span.pythons[-1]}: {which}"
        return RecordedPackage(name=name, extent=extent, releases=read, extras=self._extras[name], targets=(span,))

    def _unread(self, name: PypiName, root: SpecifierSet) -> Iterable[str]:
        """The releases of a whole package whose metadata could not be read, as what its specifier leaves out."""
        read = {version for one, version in self._read if one == name and self._read[one, version]}
        return (f"!={version}" for version in sorted(root.filter(self._listed[name])) if version not in read)


def requires_with(requires: Iterable[str], extras: set[str]) -> tuple[str, ...]:
    """Without the requirements that stand under extras that nobody asked for."""
    chosen = {canonicalize_name(extra) for extra in extras}
    remaining = []
    for text in requires:
        under = extras_in(text)
        if not under or under & chosen:
            remaining.append(text)
    return tuple(remaining)


def applies_on(text: str, target: Target, extras: Iterable[str]) -> bool:
    """Whether the requirement ``text`` counts on ``target`` for someone who asks for ``extras``."""
    return _applies_on(text, target, tuple(sorted(extras)))


@functools.cache
def _applies_on(text: str, target: Target, extras: tuple[str, ...]) -> bool:
    return applies(_requirement(text).marker, marker_environment(target), extras)


@functools.cache
def _requirement(text: str) -> Requirement:
    return Requirement(text)


def _together(call: Callable[[T], R], items: list[T]) -> list[R]:
    """``call`` for each item by several threads, in the order of the items."""
    with thread_pool(THREADS) as pool:
        return list(pool.map(call, items))
