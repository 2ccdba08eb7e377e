"""Requirements files: their logical lines as pip joins them, and the pins of a lock."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from solver.core import names
from solver.core.errors import BadInput
from solver.core.model import PypiName, pypi_name
from solver.core.reading import read_text
from solver.core.writers import LOCAL_WHEELS, built_by

_HASH = re.compile(r"\s--hash[=\s]sha256:([0-9a-f]{64})(?!\S)")

OF_CONDA = "  # of conda"
"""The end of a line of an exported constraints.txt whose package conda installs."""
CONDA_BUILD = "conda installs "
"""How a comment of such a file begins that names a build, as ``name=version=build``."""


@dataclass(frozen=True)
class Line:
    """One logical line: continuations joined, comments gone."""

    text: str
    number: int
    """1-based number of its first physical line."""
    comment: str = ""
    """The nearest comment line above it, since the logical line before."""


def logical_lines(text: str) -> Iterator[Line]:
    """The lines that say something, as pip joins them; linear in the length of ``text``.

    As in pip (``req_file.join_lines``), a comment line ends a continuation, a comment at the end of
    a line hides what is continued behind it, and a last line that ends in a backslash counts.
    """
    parts: list[str] = []
    start, comment = 0, ""
    lines = text.splitlines()
    for number, raw in enumerate(lines, start=1):
        remark = raw.lstrip().startswith("#")
        if remark:
            comment = raw.strip()
        start = start if parts else number
        continued = raw.endswith("\\") and not remark
        parts.append(raw.strip("\\") if continued else raw)
        if continued and number < len(lines):
            continue
        # A comment line brings nothing but the end of what it continues.
        joined = _without_comment("".join(parts[:-1] if remark else parts))
        parts = []
        if joined:
            yield Line(joined, start, comment)
            comment = ""


def _without_comment(line: str) -> str:
    """``line`` up to a "#" that stands at its start or behind white space."""
    at = line.find("#")
    while at > 0 and not line[at - 1].isspace():
        at = line.find("#", at + 1)
    return (line if at < 0 else line[:at]).strip()


@dataclass(frozen=True, kw_only=True)
class LockedPin:
    """One line of a lock: a package, its version and the hashes of the files that may serve it."""

    name: PypiName
    version: str | None
    """None where an address stands instead."""
    url: str | None
    """None where a version stands instead."""
    hashes: frozenset[str]
    """sha256, as 64 lower-case hex digits each."""
    text: str
    """The requirement as it is written, without its hashes."""
    line: int
    """1-based."""

    @property
    def installs(self) -> str:
        """The version that it installs; that of the wheel at its address where it names one."""
        return self.version or names.wheel(names.wheel_of_address(self.url or "", self.name)).version

    @property
    def digest(self) -> str:
        """sha256 (hex) of what it installs: its version or address, and the hashes of its files."""
        return hashlib.sha256("\n".join((self.version or self.url or "", *sorted(self.hashes))).encode()).hexdigest()


def read_pins(path: Path) -> tuple[LockedPin, ...]:
    """The pins of a lock's requirements.txt; its only options are that of its own wheels and of what it builds.

    Raises ``BadInput`` with the line that has no version, no hash, or another option.
    """
    pins, built = [], []
    for line in logical_lines(read_text(path)):
        name = built_by(line.text)
        if name is not None:
            built.append((name, line))
        elif line.text != LOCAL_WHEELS:
            pins.append(_pin(line, path))
    unlocked = next((line for name, line in built if name not in {pin.name for pin in pins}), None)
    if unlocked is not None:
        raise BadInput("builds what is not locked", file=path, line=unlocked.number, fix="lock the profile again")
    return tuple(pins)


def has_own_wheels(path: Path) -> bool:
    """Whether a lock's requirements.txt looks into the folder ``wheels`` beside it."""
    return any(line.text == LOCAL_WHEELS for line in logical_lines(read_text(path)))


def _pin(line: Line, path: Path) -> LockedPin:
    body = line.text.partition(" --hash")[0].strip()
    if body.startswith("-"):
        problem = f"{body.split()[0]} is no option that a lock may have"
        raise BadInput(problem, file=path, line=line.number, fix="lock the profile again")
    try:
        requirement = Requirement(body)
        name, hashes = pypi_name(requirement.name), frozenset(_HASH.findall(" " + line.text))
        version, url = _version_or_address(requirement, name)
        if not hashes:
            raise ValueError("it has no sha256")
    except (InvalidRequirement, ValueError) as error:
        problem = f"{body!r} is no locked package: {error}"
        raise BadInput(problem, file=path, line=line.number, fix="lock the profile again") from None
    return LockedPin(name=name, version=version, url=url, hashes=hashes, text=body, line=line.number)


def _version_or_address(requirement: Requirement, name: PypiName) -> tuple[str | None, str | None]:
    if requirement.url is not None:
        url = requirement.url.partition("#")[0]
        names.wheel_of_address(names.web_address(url), name)
        return None, url
    exact = [one.version for one in requirement.specifier if one.operator in ("==", "===")]
    if len(exact) != 1:
        raise ValueError("it names no single version")
    return exact[0], None
