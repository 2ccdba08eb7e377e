"""Which files a lock needs: names, versions and hashes out of requirements.txt, addresses out of an index."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from packaging.requirements import InvalidRequirement, Requirement

from solver.core import names
from solver.core.errors import BadInput, IndexUnavailable
from solver.core.model import IndexFile, PypiName, Release, Target, pypi_name
from solver.core.target import usable_files
from solver.core.writers import LOCAL_WHEELS

_HASH = re.compile(r"\s--hash[=\s]sha256:([0-9a-f]{64})(?!\S)")


@dataclass(frozen=True, kw_only=True)
class LockedPin:
    """One line of a lock: a package, its version and the hashes of the files that may serve it."""

    name: PypiName
    version: str | None
    """None where an address stands instead."""
    url: str | None
    hashes: frozenset[str]


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


def read_requirements(path: Path) -> tuple[LockedPin, ...]:
    """The pins of a hashed requirements.txt; raises ``BadInput`` for a line without version or hash."""
    text = path.read_text(encoding="utf-8")
    pins, start = [], 1
    for number, line in _logical(text):
        body, start = line.split(" --hash", 1)[0].strip(), number
        if not body or line == LOCAL_WHEELS:
            continue
        if body.startswith("-"):
            problem = f"{body.split()[0]} is no option that a lock may have"
            raise BadInput(problem, file=path, line=start, fix="lock the profile again")
        try:
            pins.append(_pin(body, frozenset(_HASH.findall(" " + line))))
        except (InvalidRequirement, ValueError) as error:
            fix = "lock the profile again"
            raise BadInput(f"{body!r} is no locked package: {error}", file=path, line=start, fix=fix) from None
    return tuple(pins)


def _logical(text: str) -> Iterable[tuple[int, str]]:
    """Lines without comments, continuations joined, with the number of their first line."""
    joined, first = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = re.sub(r"(^|\s)#.*$", "", raw).rstrip()
        first = first or number
        if line.endswith("\\"):
            joined += line[:-1] + " "
            continue
        yield first, (joined + line).strip()
        joined, first = "", 0
    if joined:
        yield first, joined.strip()


def _pin(body: str, hashes: frozenset[str]) -> LockedPin:
    requirement = Requirement(body)
    if not hashes:
        raise ValueError("it has no sha256")
    if requirement.url is not None:
        url = requirement.url.partition("#")[0]
        names.wheel_of_address(names.web_address(url), pypi_name(requirement.name))
        return LockedPin(name=pypi_name(requirement.name), version=None, url=url, hashes=hashes)
    exact = [one.version for one in requirement.specifier if one.operator in ("==", "===")]
    if len(exact) != 1:
        raise ValueError("it names no single version")
    return LockedPin(name=pypi_name(requirement.name), version=exact[0], url=None, hashes=hashes)


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
