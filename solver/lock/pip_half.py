"""The pip half of a lock for formats that name each wheel by its address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.errors import BadInput, InterlockError
from solver.core.flavours import FLAVOURS
from solver.core.model import Profile, PypiName, Requires, Solution
from solver.lock.requirements import LocalWheel


@dataclass(frozen=True)
class LockedWheel:
    """One wheel: the best of its package for the target."""

    name: PypiName
    version: str
    url: str
    """An address, or a path such as ``./wheels/x.whl``."""
    sha256: str
    requires: Requires = ()


def refuse_halved(profile: Profile, wheels: Sequence[LockedWheel]) -> None:
    """Raises ``BadInput`` for a profile whose frameworks come from pip, in a file that was given no wheels."""
    asks = bool(profile.frameworks or profile.packages)
    if FLAVOURS[profile.flavour].from_pip and asks and not wheels:
        raise BadInput("has packages that come from pip, and the lock was to be without them", key=profile.name)


def locked_wheels(
    solution: Solution,
    addresses: Mapping[str, str],
    wheels: Sequence[LocalWheel] = (),
    local: str = "./wheels",
) -> tuple[LockedWheel, ...]:
    """One wheel a package, sorted by name.

    ``addresses`` maps file names to addresses, which locks never hold for the
    default index. ``local`` is where our own wheels lie: a path or a ``file:`` address.
    """
    entries = []
    for pin in solution.pins:
        best = pin.files[0]
        url = best.url or addresses.get(best.filename)
        if isinstance(best.sha256, NotKnown) or url is None:
            missing = "hash" if best.sha256 is NOT_KNOWN else "address"
            raise InterlockError(f"{best.filename} has no {missing} to lock")
        entries.append(LockedWheel(pin.name, pin.version, url, best.sha256, pin.requires))
    entries += [
        LockedWheel(PypiName(wheel.name), wheel.version, f"{local}/{wheel.filename}", wheel.sha256) for wheel in wheels
    ]
    return tuple(sorted(entries, key=lambda wheel: wheel.name))
