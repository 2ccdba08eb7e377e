"""What a file wishes that a request is made of; of one of a lock, what was asked for when the lock was made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from solver.audit.readers.head import head_of
from solver.core.axes import axes_of
from solver.core.frameworks import COMPANIONS, FRAMEWORKS
from solver.core.model import REQUEST, Because, Target
from solver.core.reading import read_text
from solver.core.target import SEEDS
from solver.index.conda_spec import spec_name
from solver.lock.folder import LockFolder, own_lock
from solver.request.lock_source import Asked, LockBehind, asked_for, is_of_a_lock
from solver.request.sources import read_source
from solver.request.wishes import Source

_OF_FRAMEWORKS = frozenset(COMPANIONS).union(
    *((entry.name, entry.conda, *entry.distributions) for entry in FRAMEWORKS.values())
)


def wished(path: Path) -> Source:
    """What the file at ``path`` asks for; raises ``BadInput`` where it, or the lock that it is of, cannot be read."""
    source = read_source(path)
    text = read_text(path)
    if not is_of_a_lock(text):
        return source
    lock = own_lock(path.parent)
    if lock is not None:
        return asked_for(source, LockBehind(lock.target, _asked(lock)))
    return asked_for(source, LockBehind(head_of(text).target or Target(), None))


def _asked(lock: LockFolder) -> Asked:
    named = [one for one in lock.solution.because if one.asked_by == REQUEST and one.package not in _OF_FRAMEWORKS]
    named = [one for one in named if one.package not in {*axes_of("python", "toolkit", "library"), *SEEDS}]
    if not lock.from_pip:
        return Asked(conda=tuple(one.package for one in named), pip=())
    return Asked(conda=tuple(_tops(lock)), pip=tuple(map(_requirement, named)))


def _requirement(one: Because) -> str:
    """As the request had it, which stands before the place in which it did."""
    text = one.source.rpartition(" (")[0]
    try:
        return text if Requirement(text).name == one.package else one.package
    except InvalidRequirement:
        return one.package


def _tops(lock: LockFolder) -> Iterator[str]:
    """The packages of the base that no other of it asks for, and no lock has by itself."""
    asked = {spec_name(spec) for record in lock.records for spec in record.depends}
    for record in lock.records:
        if record.name not in {*asked, *axes_of("python"), *SEEDS}:
            yield record.name
