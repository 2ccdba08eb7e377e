"""Of packages that write the same files a new request holds one: the one that another of its packages asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from packaging.version import Version

from solver.core.answer import NOT_KNOWN, Answer, NotKnown
from solver.core.errors import IndexUnavailable, NotRecorded
from solver.core.markers import applies
from solver.core.model import PypiName, Release, Target, pypi_name
from solver.core.target import marker_environment, usable_files
from solver.core.versions import as_requirement, version_or_none
from solver.index import Index, ReleaseRefused, UnknownPackage
from solver.index.snapshot import SnapshotIndex
from solver.matrix.clobbers import Clobbers
from solver.matrix.load import Matrices
from solver.request.draft import Draft

Enquiry = Callable[[PypiName], Iterable[PypiName]]
"""Whom the newest release of a package asks for, as far as anybody knows."""


def settle_rivals(made: Draft, matrices: Matrices, asks_of: Enquiry) -> None:
    """Leave one of each such group in ``made``, and tell of the others."""
    clobbers = Clobbers(matrices)
    names = [name for name in made.pip if name in clobbers.partners]
    rivals = {name: tuple(_rivals(clobbers, name)) for name in names}
    # One that has its version and no rival here is not looked at: what else asks for its rivals is for the lock.
    open_ = [name for name in names if _is_open(made.pip[name]) or any(rival in made.pip for rival in rivals[name])]
    required = _required(made, clobbers, open_, asks_of) if open_ else {}
    for name in open_:
        _settle(made, name, rivals[name], required)


def _settle(made: Draft, name: str, rivals: Sequence[str], required: Mapping[str, str]) -> None:
    """Take ``name`` out of ``made``, or put the rival that is asked for in its place, where it cannot stay."""
    before = [other for other in list(made.pip)[: list(made.pip).index(name)] if other in rivals]
    asked = next((rival for rival in rivals if rival in required), None)
    text = made.pip[name]
    if name in required:
        if asked is not None and asked in before:
            both = f"{required[asked]} asks for {asked} and {required[name]} for {name}"
            made.remarks.append(f"{both}, which write the same files: no lock holds both")
    elif asked is not None and asked in made.pip:
        _take_out(made, name, f"{required[asked]} asks for {asked}")
    elif asked is not None and _is_open(text):
        made.pip = {asked if other == name else other: asked if other == name else t for other, t in made.pip.items()}
        why = f"{required[asked]} asks for that, and both write the same files"
        made.remarks.append(f"{name} is carried over as {asked}: {why}")
    elif before:
        _take_out(made, name, f"{before[0]} stood before")


def _take_out(made: Draft, name: str, why: str) -> None:
    made.remarks.append(f"{made.pip.pop(name)} is not carried over: {why}, and both write the same files")


def _is_open(text: str) -> bool:
    return all(clause.operator in {">", ">="} for clause in as_requirement(text).specifier)


def _rivals(clobbers: Clobbers, name: str) -> Iterator[str]:
    for other in clobbers.partners[name]:
        if clobbers.between(name, NOT_KNOWN, other, NOT_KNOWN).answer is Answer.YES:
            yield other


def _required(made: Draft, clobbers: Clobbers, open_: Sequence[str], asks_of: Enquiry) -> dict[str, str]:
    """By name, who asks for one of the packages in ``open_`` or for a rival of it."""
    group = {*open_, *(rival for name in open_ for rival in _rivals(clobbers, name))}
    required: dict[str, str] = {}
    for name in made.pip:
        for other in asks_of(pypi_name(name)) if name not in group else ():
            if other in group:
                required.setdefault(other, name)
    return required


class NewestAsks:
    """Whom newest releases ask for: as recorded, else as ``live`` tells until it once does not answer."""

    def __init__(self, recorded: SnapshotIndex, live: Index | None) -> None:
        self._recorded, self._live = recorded, live
        self._environment = marker_environment(Target())

    def __call__(self, name: PypiName) -> Iterable[PypiName]:
        """The names that it asks for on the usual target."""
        requires = self._requires(name)
        for requirement in map(as_requirement, () if isinstance(requires, NotKnown) else requires):
            if applies(requirement.marker, self._environment):
                yield pypi_name(requirement.name)

    def _requires(self, name: PypiName) -> tuple[str, ...] | NotKnown:
        try:
            return self._of(self._recorded, name)
        except NotRecorded:
            pass
        try:
            return NOT_KNOWN if self._live is None else self._of(self._live, name)
        except (UnknownPackage, ReleaseRefused):
            return NOT_KNOWN
        except IndexUnavailable:
            self._live = None
            return NOT_KNOWN

    def _of(self, index: Index, name: PypiName) -> tuple[str, ...] | NotKnown:
        newest = max(filter(_is_usable, index.releases(name)), key=lambda one: Version(one.version), default=None)
        return NOT_KNOWN if newest is None else index.requires(newest)


def _is_usable(release: Release) -> bool:
    version = version_or_none(release.version)
    final = version is not None and not version.is_prerelease and release.yanked is None
    return final and bool(list(usable_files(release.files, Target())))
