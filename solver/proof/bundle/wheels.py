"""Which wheels the pins of a lock need, and at which addresses an index has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from solver.core import names
from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.errors import BadInput, IndexUnavailable
from solver.core.lines import LockedPin
from solver.core.model import IndexFile, PypiName, Release, Target
from solver.core.target import usable_files


@dataclass(frozen=True, kw_only=True)
class RemoteWheel:
    """One wheel to carry; raises ``names.BadName`` where a part of it is not what it must be."""

    name: PypiName
    filename: str
    sha256: str
    size: int | NotKnown
    """Bytes."""
    url: str

    def __post_init__(self) -> None:
        """Called by the dataclass."""
        names.wheel_of(self.filename, self.name)
        names.sha256(self.sha256)
        names.web_address(self.url)


class AddressIndex(Protocol):
    """An index that knows where its wheels lie."""

    def releases(self, name: PypiName) -> tuple[Release, ...]:
        """Every release of ``name`` that has a wheel."""
        ...

    def source(self, file: IndexFile) -> str:
        """Where a wheel that ``releases`` listed can be downloaded; may hold a secret in its query."""
        ...


def downloads(pins: Iterable[LockedPin], own: Mapping[str, str]) -> tuple[LockedPin, ...]:
    """The pins that no wheel of the lock folder serves; ``own`` holds the sha256 of those by file name."""
    digests = set(own.values())
    return tuple(pin for pin in pins if not pin.hashes & digests)


def locate(pins: Iterable[LockedPin], index: AddressIndex, target: Target) -> tuple[RemoteWheel, ...]:
    """The one wheel that each pin installs on ``target``, with its address.

    Raises ``IndexUnavailable`` where the index has no longer what a lock names.
    """
    return tuple(_at_url(pin, pin.url) if pin.url is not None else _in_index(pin, index, target) for pin in pins)


def _at_url(pin: LockedPin, url: str) -> RemoteWheel:
    filename = names.wheel_of_address(url, pin.name)
    return RemoteWheel(name=pin.name, filename=filename, sha256=min(pin.hashes), size=NOT_KNOWN, url=url)


def _in_index(pin: LockedPin, index: AddressIndex, target: Target) -> RemoteWheel:
    files = (file for release in index.releases(pin.name) for file in release.files)
    usable = usable_files((file for file in files if file.sha256 in pin.hashes), target)
    if not usable or isinstance(usable[0].sha256, NotKnown):
        raise IndexUnavailable(
            f"the index has no wheel of {pin.name} {pin.version} for python {target.python} on "
            f"{target.platform} with a hash that the lock names; lock the profile again"
        )
    file = usable[0]
    if names.is_source(file.filename):
        raise BadInput(
            f"{pin.name} {pin.version} has no wheel, and a machine without a network builds none",
            fix=f"build it (`pip wheel --no-deps {pin.name}=={pin.version}`) and ask for that wheel by its address",
        )
    return RemoteWheel(
        name=pin.name, filename=file.filename, sha256=usable[0].sha256, size=file.size, url=index.source(file)
    )
