"""The lock that lies there, with what the indexes say of its files: exports and differences are made of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import msgspec
from packaging.requirements import Requirement

from solver.commands.project import Project
from solver.core.answer import NotKnown
from solver.core.axes import AXES
from solver.core.errors import NotRecorded
from solver.core.frameworks import FRAMEWORKS
from solver.core.indexes import DEFAULT_NAME, index_of
from solver.core.lines import LockedPin
from solver.core.markers import applies, requirements_on
from solver.core.model import IndexFile, Pin, Profile, PypiName, Release, Requires, Solution, pypi_name
from solver.core.names import wheel_of_address
from solver.core.target import marker_environment, usable_files
from solver.index import Index
from solver.index.conda_record import CondaRecord
from solver.lock.folder import LockFolder, intact_folder
from solver.lock.requirements import LocalWheel, is_own_wheel
from solver.request.interop import with_interop


@dataclass(frozen=True)
class LockedProfile:
    """A profile and its lock folder; whatever the two disagree about is as the folder says."""

    folder: LockFolder
    request: Profile
    index: Index
    """Asked for names, sizes and requirements of the files that the lock names by hash."""

    @cached_property
    def profile(self) -> Profile:
        """The request's profile, as far as the lock was made from it."""
        text = self.folder.solution
        channels = text.conda.channels or self.request.channels
        return msgspec.structs.replace(self.request, flavour=text.flavour, channels=channels, variables=text.variables)

    @cached_property
    def solution(self) -> Solution:
        """What the lock holds. A pin of which no file was recorded has none; nobody tells who asked for a pin."""
        text = self.folder.solution
        return Solution(
            profile=text.profile,
            target=text.target,
            axes={axis: text.solution.get(axis) for axis in AXES},
            pins=tuple(self._pins()),
            because=text.because,
            notes=text.notes,
            missing=(),
        )

    @property
    def records(self) -> tuple[CondaRecord, ...]:
        """The conda half."""
        return self.folder.records

    @cached_property
    def wheels(self) -> tuple[LocalWheel, ...]:
        """The wheels that the lock brings itself."""
        return tuple(
            LocalWheel.of(name.rpartition("/")[2], content)
            for name, content in self.folder.files.items()
            if is_own_wheel(name)
        )

    def brings(self, pin: LockedPin) -> bool:
        """Whether the wheel of ``pin`` is one of the lock's own."""
        return pin.hashes <= {wheel.sha256 for wheel in self.wheels}

    def _pins(self) -> Iterator[Pin]:
        releases = {pin: self._release(pin) for pin in self.folder.pins if not self.brings(pin)}
        requires = self._requires({pin.name: release for pin, release in releases.items()})
        for pin, release in sorted(releases.items(), key=lambda item: item[0].name):
            yield Pin(
                name=pin.name,
                version=pin.installs,
                index=release.index,
                files=usable_files(release.files, self.folder.solution.target),
                requires=requires[pin.name],
                asked_by=(),
            )

    def _release(self, pin: LockedPin) -> Release:
        """The release with those of its files that the lock admits."""
        for release in self._releases(pin.name):
            files = tuple(file for file in release.files if file.sha256 in pin.hashes and pin.url in (None, file.url))
            if files:
                return msgspec.structs.replace(release, files=files)
        index = DEFAULT_NAME if pin.url is None else index_of(pin.url) or DEFAULT_NAME
        return Release(version=pin.installs, files=_file_at(pin), index=index)

    def _releases(self, name: PypiName) -> tuple[Release, ...]:
        try:
            return self.index.releases(name)
        except NotRecorded:
            return ()

    def _requires(self, releases: Mapping[PypiName, Release]) -> dict[PypiName, Requires]:
        """What each asks for on the target, sorted.

        A lock names no extras: those count that the request or another pin asks for, or that brought a plugin.
        """
        environment = marker_environment(self.folder.solution.target)
        wishes = [*requirements_on(self.request.packages, environment), *_plugins(releases)]
        extras = _extras(wishes)
        while True:
            requires = {name: self._asks(release, extras.get(name, ())) for name, release in releases.items()}
            read = [asks for asks in requires.values() if not isinstance(asks, NotKnown)]
            all_asks = [requirement for asks in read for requirement in asks]
            wider = _extras([*wishes, *all_asks])
            if wider == extras:
                break
            extras = wider
        return {name: asks if isinstance(asks, NotKnown) else _as_text(asks) for name, asks in requires.items()}

    def _asks(self, release: Release, extras: Iterable[str]) -> list[Requirement] | NotKnown:
        declared = self.index.requires(release, extras)
        return declared if isinstance(declared, NotKnown) else list(self._holding(declared, extras))

    def _holding(self, declared: Iterable[str], extras: Iterable[str]) -> Iterator[Requirement]:
        environment = marker_environment(self.folder.solution.target)
        for requirement in map(Requirement, declared):
            marker, requirement.marker = requirement.marker, None
            if applies(marker, environment, extras):
                yield requirement


def _as_text(requirements: Iterable[Requirement]) -> tuple[str, ...]:
    return tuple(sorted(set(map(str, requirements))))


def _plugins(locked: Iterable[PypiName]) -> Iterator[Requirement]:
    """The extras by which the search brought a framework's code for GPUs: those of whose plugins one is locked."""
    names = set(locked)
    for framework in FRAMEWORKS.values():
        for extra, distribution in framework.plugins.items():
            if distribution in names:
                yield Requirement(f"{framework.distributions[0]}[{extra}]")


def _extras(requirements: Iterable[Requirement]) -> dict[PypiName, frozenset[str]]:
    """The extras that somebody asks for, by the package that has them."""
    extras: dict[PypiName, set[str]] = defaultdict(set)
    for requirement in requirements:
        if requirement.extras:
            extras[pypi_name(requirement.name)] |= requirement.extras
    return {name: frozenset(names) for name, names in extras.items()}


def _file_at(pin: LockedPin) -> tuple[IndexFile, ...]:
    if pin.url is None:
        return ()
    return tuple(
        IndexFile(filename=wheel_of_address(pin.url, pin.name), sha256=sha256, url=pin.url) for sha256 in pin.hashes
    )


def locked_profile(project: Project, name: str, index: Index | None = None) -> LockedProfile:
    """The lock of the profile called ``name``; raises ``BadInput`` where no such profile, or no intact lock, is."""
    profile = with_interop(project.profile(name), project.matrices)
    return LockedProfile(intact_folder(project.locks / name), profile, index or project.index)
