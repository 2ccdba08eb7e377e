"""Which files the pins of a lock need, and at which addresses an index has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from solver.core import names
from solver.core.errors import IndexUnavailable
from solver.core.lines import LockedPin
from solver.core.model import IndexFile, PypiName, Release, Target
from solver.core.target import usable_files


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One wheel to carry; raises ``names.BadName`` where a part of it is not what it must be."""

    name: PypiName
    filename: str
    sha256: str
    size: int | None
    """Bytes, where the index tells them."""
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

    def address(self, file: IndexFile) -> str:
        """Where a wheel that ``releases`` listed can be downloaded."""
        ...


def locate(
    pins: Iterable[LockedPin], index: AddressIndex, target: Target, have: Mapping[str, str]
) -> tuple[Wanted, ...]:
    """The one wheel that each pin installs on ``target``, with its address.

    ``have`` holds the files that the lock folder brings itself (sha256 by file name), which need no
    download. Raises ``IndexUnavailable`` where the index has no longer what a lock names.
    """
    own = set(have.values())
    found = []
    for pin in pins:
        if pin.hashes & own:
            continue
        found.append(_at_url(pin) if pin.url is not None else _in_index(pin, index, target))
    return tuple(found)


def _at_url(pin: LockedPin) -> Wanted:
    assert pin.url is not None
    filename = names.wheel_of_address(pin.url, pin.name)
    (sha256,) = sorted(pin.hashes)[:1]
    return Wanted(name=pin.name, filename=filename, sha256=sha256, size=None, url=pin.url)


def _in_index(pin: LockedPin, index: AddressIndex, target: Target) -> Wanted:
    files = [
        file
        for release in index.releases(pin.name)
        for file in release.files
        if file.sha256 is not None and file.sha256 in pin.hashes
    ]
    usable = usable_files(files, target)
    if not usable or usable[0].sha256 is None:
        raise IndexUnavailable(
            f"the index has no wheel of {pin.name} {pin.version} for python {target.python} on "
            f"{target.platform} with a hash that the lock names; lock the profile again"
        )
    file = usable[0]
    assert file.sha256 is not None
    return Wanted(name=pin.name, filename=file.filename, sha256=file.sha256, size=file.size, url=index.address(file))
