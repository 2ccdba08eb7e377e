"""A python environment of an image, and how what is installed one after the other adds up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec import structs
from packaging.utils import canonicalize_name

from solver.audit.package_set import Package
from solver.core.versions import meets, version_or_none


@dataclass
class PythonEnvironment:
    """What is installed for one python."""

    python: str | None = None
    """major.minor; None: nobody said."""
    packages: dict[tuple[str, str], Package] = field(default_factory=dict)
    """By origin and name."""
    variables: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    steps: int = 0
    """How many commands installed something."""

    def branch(self) -> PythonEnvironment:
        """The same for a stage that begins with this one."""
        return PythonEnvironment(self.python, dict(self.packages), dict(self.variables), list(self.unread), self.steps)

    def install(self, packages: Iterable[Package], *, replaces: bool = False) -> None:
        """``packages`` after what is there; pip leaves in place what suits it, unless it ``replaces``."""
        self.steps += 1
        for package in packages:
            key = (package.origin, package.name)
            present = self.packages.get(key)
            if present is not None and not replaces and _suits(present, package):
                continue
            self.packages.pop(key, None)
            self.packages[key] = structs.replace(package, step=self.steps, anew=replaces)

    def uninstall(self, names: Iterable[str]) -> None:
        """Take out what is there of ``names``."""
        gone = {str(canonicalize_name(name)) for name in names}
        self.packages = {key: package for key, package in self.packages.items() if str(package.name) not in gone}

    def empty(self) -> None:
        """Take out what pip and uv installed."""
        self.packages = {key: package for key, package in self.packages.items() if not package.from_index}

    def add(self, other: PythonEnvironment) -> None:
        """What another stage installed, copied over this."""
        later = {key: structs.replace(one, step=one.step + self.steps) for key, one in other.packages.items()}
        self.packages |= later
        self.steps += other.steps
        self.unread += other.unread
        self.python = other.python or self.python

    def take_unread(self, sentence: str) -> None:
        """Note what nobody can tell, once."""
        if sentence not in self.unread:
            self.unread.append(sentence)


def _suits(present: Package, requested: Package) -> bool:
    """Whether pip takes what is installed for what is asked for."""
    if present.extras != requested.extras and requested.extras:
        return False
    if present.version is None:
        return requested.version is None and requested.specifier in ("", present.specifier)
    if requested.version is None:
        return not requested.specifier or meets(present.version, requested.specifier)
    installed, version = version_or_none(present.version), version_or_none(requested.version)
    # An installed 1.12.1+cu113 satisfies ==1.12.1.
    return installed is not None and version is not None and str(version) in (str(installed), installed.public)


def with_line(packages: Iterable[Package], line: int) -> list[Package]:
    """``packages`` of another file, which are told at the line that brings them."""
    return [structs.replace(package, line=line) for package in packages]
