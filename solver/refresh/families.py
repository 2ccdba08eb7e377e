"""What a renewal needs of an index, and what the names and the metadata of wheels tell."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from solver.core.markers import applies
from solver.core.model import IndexFile, Platform, PypiName, Target
from solver.core.names import one_line
from solver.core.target import PLATFORM_NAMES, marker_environment
from solver.index import ReleaseRefused

T = TypeVar("T")

_CPYTHON = re.compile(r"cp3(?P<minor>\d+)t?")


class WheelSource(Protocol):
    """An index whose wheels can be read member by member.

    Its errors are ``ReleaseRefused`` where a wheel is not as it must be, and ``IndexUnavailable``.
    """

    def wheels(self, name: PypiName) -> Sequence[IndexFile]:
        """Every wheel of ``name`` that is not yanked, in any order; none where the name is unknown."""
        ...

    def members(self, file: IndexFile) -> Collection[str]:
        """The names of the wheel's members."""
        ...

    def chunks(self, file: IndexFile, member: str) -> Iterator[bytes]:
        """The bytes of one member in parts: a library of TensorFlow has a gigabyte."""
        ...


@dataclass(frozen=True)
class Reading:
    """How wheels are read, and what is told of that."""

    source: WheelSource
    again: bool = False
    """Whether wheels of known rows are read, too."""
    tell: Callable[[str], None] = lambda step: None
    """Called with a step when it begins."""
    passed_over: list[str] = field(default_factory=list)
    """What wheels do not tell, or which of them cannot be read: a sentence each."""

    def row(self, file: IndexFile, make: Callable[[], T]) -> T | None:
        """What ``make`` reads out of ``file``; None, and told, where the wheel cannot be read: the others stand."""
        self.tell(f"reading {file.filename}")
        try:
            return make()
        except ReleaseRefused as error:
            self.passed_over.append(str(error))
            return None


@dataclass(frozen=True)
class Family:
    """The wheels of one version for one platform, which differ in their python only."""

    version: str
    platform: Platform
    files: tuple[IndexFile, ...]
    """By file name."""

    @property
    def python(self) -> tuple[str, ...]:
        """major.minor of every CPython that has a wheel of its own; empty where one wheel serves any."""
        minors = set()
        for file in self.files:
            for tag in parse_wheel_filename(file.filename)[3]:
                match = _CPYTHON.fullmatch(tag.interpreter)
                if match and tag.abi != "abi3":
                    minors.add(int(match["minor"]))
        return tuple(f"3.{minor}" for minor in sorted(minors))

    @property
    def file(self) -> IndexFile:
        """The wheel that is read for all of them."""
        return self.files[0]

    def row_id(self, distribution: str) -> str:
        """The id of the row: linux-64 is not spelled out."""
        tail = "" if self.platform == "linux-64" else f"-{self.platform}"
        return f"{distribution}-{self.version}{tail}"

    @property
    def environment(self) -> dict[str, str]:
        """The marker values with which its requirements are read."""
        return marker_environment(Target(platform=self.platform, python=self.python[0] if self.python else "3.12"))


def families(source: WheelSource, name: PypiName, oldest: Version, anywhere: Collection[Platform] = ()) -> list[Family]:
    """The wheel families of ``name`` from version ``oldest`` on, without pre-releases, oldest first.

    A wheel for any platform counts for those of ``anywhere``.
    """
    groups: dict[tuple[Version, Platform], list[IndexFile]] = defaultdict(list)
    for file in source.wheels(name):
        try:
            _, version, _, tags = parse_wheel_filename(file.filename)
        except InvalidWheelFilename:
            continue
        if version >= oldest and not version.is_prerelease:
            for platform in {one for tag in tags for one in (anywhere if tag.platform == "any" else _of(tag.platform))}:
                groups[version, platform].append(file)
    return [
        Family(str(version), platform, tuple(sorted(files, key=lambda file: file.filename)))
        for (version, platform), files in sorted(groups.items())
    ]


def _of(tag: str) -> tuple[Platform, ...]:
    """The platform that a tag names, where it is one that rows tell of."""
    return tuple(
        platform
        for platform, names in PLATFORM_NAMES.items()
        if tag == names.wheel or ("linux" in tag and tag.endswith(names.machine))
    )


def is_for_any(file: IndexFile) -> bool:
    """Whether a wheel is for any platform, by its name."""
    return file.filename.endswith("-any.whl")


def member_bytes(source: WheelSource, file: IndexFile, member: str) -> bytes:
    """The bytes of one member; raises ``ReleaseRefused`` where the wheel has none of this name."""
    if member not in source.members(file):
        raise ReleaseRefused(f"{file.filename} has no member {member}")
    return b"".join(source.chunks(file, member))


def member_text(source: WheelSource, file: IndexFile, member: str) -> str:
    """The text of one member; raises ``ReleaseRefused`` where there is none."""
    try:
        return member_bytes(source, file, member).decode("utf-8")
    except UnicodeDecodeError:
        raise ReleaseRefused(f"{member} of {file.filename} is no text") from None


def requirements(source: WheelSource, file: IndexFile) -> list[Requirement]:
    """What the wheel's METADATA requires, extras included."""
    names = [name for name in source.members(file) if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)]
    if len(names) != 1:
        raise ReleaseRefused(f"{file.filename} has {len(names)} members METADATA, expected one")
    raw, _ = parse_email(member_bytes(source, file, names[0]))
    try:
        return [Requirement(text.strip()) for text in raw.get("requires_dist", [])]
    except InvalidRequirement as error:
        problem = one_line(str(error).partition("\n")[0])
        raise ReleaseRefused(f"{file.filename} asks for what is no requirement: {problem}") from None


def applies_to(requirement: Requirement, family: Family, *extras: str) -> bool:
    """Whether the requirement counts for the family, with one of ``extras`` or without any."""
    return applies(requirement.marker, family.environment, extras)


def capability(text: str) -> str:
    """sm_90, sm_90a or compute_100 as a compute capability: 9.0, 10.0; raises ``ReleaseRefused``."""
    digits = re.sub(r"\D", "", text)
    if len(digits) < 2:
        raise ReleaseRefused(f"{one_line(text)!r} is no compute capability")
    return f"{digits[:-1]}.{digits[-1]}"
