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
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

import msgspec
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from solver.core.errors import IndexUnavailable
from solver.core.markers import applies
from solver.core.model import IndexFile, Platform, PypiName, Release, Target, pypi_name
from solver.core.target import admits_python, marker_environment, usable_files
from solver.index import UnknownPackage
from solver.index.extras import extras_in
from solver.index.metadata import Metadata
from solver.index.snapshot import Coverage

T = TypeVar("T")
R = TypeVar("R")
THREADS = 12


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


class Held(msgspec.Struct, kw_only=True):
    """One package of the record."""

    name: PypiName
    held: str
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
        self._pythons: dict[tuple[PypiName, Version], frozenset[str]] = {}
        self._read: dict[tuple[PypiName, Version], list[Release]] = {}
        self._extras: dict[PypiName, set[str]] = defaultdict(set)
        self._asked: set[tuple[PypiName, str, str]] = set()

    def run(self) -> list[Held]:
        """Walk from the roots until nothing new is asked; raises ``IndexUnavailable``."""
        wanted = [
            (Requirement(root), python)
            for root in (*self.group.whole, *self.group.some)
            for python in self.group.pythons
        ]
        while wanted:
            again = self._note_extras(wanted)
            fresh = self._admit(self._new(wanted))
            self.tell(f"{self.group.platform}: {len(self._listed)} packages, {len(self._read)} releases read")
            wanted = self._asks({*fresh, *again}) if self.group.follow else []
        return [self._held(name) for name in sorted(self._listed)]

    def _note_extras(self, wanted: list[tuple[Requirement, str]]) -> set[tuple[PypiName, Version]]:
        """Releases that are held already and are now asked for with another extra."""
        again = set()
        for requirement, _ in wanted:
            name = pypi_name(requirement.name)
            extras = {canonicalize_name(extra) for extra in requirement.extras}
            if not extras <= self._extras[name]:
                self._extras[name] |= extras
                again |= {key for key in self._read if key[0] == name}
        return again

    def _new(self, wanted: list[tuple[Requirement, str]]) -> list[tuple[PypiName, str, str]]:
        asks = {(pypi_name(r.name), str(r.specifier), python) for r, python in wanted if r.url is None}
        new = sorted(asks - self._asked)
        self._asked |= asks
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
        self._pythons.update({(name, version): frozenset(found) for version, found in pythons.items()})
        return dict(by_version)

    def _releases(self, name: PypiName) -> tuple[Release, ...]:
        try:
            return self.index.releases(name)
        except UnknownPackage as error:
            self.skipped.append(str(error))
            return ()

    def _usable_on(self, file: IndexFile, release: Release) -> frozenset[str]:
        return frozenset(
            python
            for python, target in self.targets.items()
            if admits_python(release.requires_python, target) and usable_files([file], target)
        )

    def _admit(self, asks: list[tuple[PypiName, str, str]]) -> list[tuple[PypiName, Version]]:
        keys = {
            (name, version) for name, specifier, python in asks for version in self._choose(name, specifier, python)
        }
        fresh = sorted(keys - set(self._read))
        for key, releases in zip(fresh, _together(self._read_release, fresh), strict=True):
            self._read[key] = releases
        return fresh

    def _choose(self, name: PypiName, specifier: str, python: str) -> Iterable[Version]:
        usable = [v for v in self._listed[name] if python in self._pythons[name, v]]
        admitted = sorted(SpecifierSet(specifier).filter(usable), reverse=True)
        if name in self.whole:
            yield from self.whole[name].filter(admitted)
        fine = [v for v in admitted if any(release.yanked is None for release in self._listed[name][v])]
        yield from fine[: self.group.newest]

    def _read_release(self, key: tuple[PypiName, Version]) -> list[Release]:
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
        )

    def _asks(self, keys: Iterable[tuple[PypiName, Version]]) -> list[tuple[Requirement, str]]:
        """What the releases ask on each python on which they can be used."""
        found: dict[tuple[str, str], tuple[Requirement, str]] = {}
        for name, version in keys:
            texts = {text for release in self._read[name, version] for text in release.requires or ()}
            for python in self._pythons[name, version]:
                for text in texts:
                    if (text, python) not in found and holds(text, self.targets[python], self._extras[name]):
                        found[text, python] = (_requirement(text), python)
        return list(found.values())

    def _held(self, name: PypiName) -> Held:
        read = [release for key, found in self._read.items() if key[0] == name for release in found]
        root = self.whole.get(name)
        if root is None:
            which = f"the newest {self.group.newest} final releases that each requirement admits"
        else:
            which = f"every final release in {root}" if str(root) else "every final release"
        span = Coverage(platform=self.group.platform, glibc=self.group.glibc, pythons=self.group.pythons)
        held = f"{span.platform}, python {span.pythons[0]} to {span.pythons[-1]}: {which}"
        return Held(name=name, held=held, releases=read, extras=self._extras[name], targets=(span,))


def kept_requires(requires: Iterable[str], extras: set[str]) -> tuple[str, ...]:
    """Without the requirements that stand under extras that nobody asked for."""
    asked = {canonicalize_name(extra) for extra in extras}
    kept = []
    for text in requires:
        under = extras_in(text)
        if not under or under & asked:
            kept.append(text)
    return tuple(kept)


def holds(text: str, target: Target, extras: Iterable[str]) -> bool:
    """Whether the requirement ``text`` counts on ``target`` for someone who asks for ``extras``."""
    return _holds(text, target, tuple(sorted(extras)))


@functools.cache
def _holds(text: str, target: Target, extras: tuple[str, ...]) -> bool:
    return applies(_requirement(text).marker, marker_environment(target), extras)


@functools.cache
def _requirement(text: str) -> Requirement:
    return Requirement(text)


def _together(call: Callable[[T], R], items: list[T]) -> list[R]:
    """``call`` for each item by several threads, in the order of the items."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(call, items))
