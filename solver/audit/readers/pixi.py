"""Reads pixi.lock, versions 5 to 7: its environments, each on each of its platforms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from solver.audit.package_set import Package, PackageSet
from solver.audit.readers import conda_packages
from solver.audit.readers.foreign import AGAIN, Foreign, at, typed
from solver.audit.readers.list_sources import wheel_filename
from solver.audit.readers.parts import Choice, refuse_unknown
from solver.core.answer import NOT_KNOWN
from solver.core.indexes import index_of
from solver.core.model import Platform, pypi_name
from solver.core.names import url_parts
from solver.core.yamlfile import YamlDocument

_OLDEST, _NEWEST = 5, 7
_DEFAULT = "default"


class _Version(Foreign, frozen=True, kw_only=True):
    version: int


class _Reference(Foreign, frozen=True, kw_only=True):
    """A package of an environment, by its address."""

    conda: str | None = None
    pypi: str | None = None


class _Locked(Foreign, frozen=True, kw_only=True):
    """One entry of ``packages``."""

    conda: str | None = None
    pypi: str | None = None
    # Version 5 says kind and url, the later ones the kind as the key of the address.
    url: str | None = None
    path: str | None = None
    name: str | None = None
    version: str | int | float | None = None
    """The document tells how it is spelled."""
    sha256: str | None = None
    requires_dist: tuple[str, ...] | None = None
    requires_python: str | None = None

    @property
    def address(self) -> str | None:
        """Where it lies; None: the lock does not say."""
        return self.conda or self.pypi or self.url or self.path


class _Environment(Foreign, frozen=True, kw_only=True):
    packages: dict[str, tuple[_Reference, ...]]
    """By platform."""


class _Lock(Foreign, frozen=True, kw_only=True):
    environments: dict[str, _Environment]
    packages: tuple[_Locked, ...] = ()


def read_pixi(document: YamlDocument, platform: Platform | None, choice: Choice) -> tuple[PackageSet, ...]:
    """The packages of each environment on ``platform``, or on each platform without it; the default one first.

    Raises ``BadInput`` naming file, line and key of what cannot be read, and
    for a platform that the lock does not serve.
    """
    version = typed(document, _Version).version
    if not _OLDEST <= version <= _NEWEST:
        fix = "update interlock, or write the lock with a pixi of that version"
        raise document.error(f"expected version {_OLDEST} to {_NEWEST}, found {version}", "version", fix=fix)
    lock = typed(document, _Lock)
    environments = _environments(document, lock)
    refuse_unknown("environment", choice.environments, tuple(environments), document.file)
    reader = _Reader(document, lock, environments, _by_address(document, lock))
    pairs = [
        (name, one)
        for name in choice.environments or environments
        for one in reader.platforms(name, platform, alone=bool(choice.environments))
    ]
    first = reader.platforms(reader.first, platform, alone=True)[0]
    return tuple(reader.read(name, chosen, first) for name, chosen in pairs)


def _environments(document: YamlDocument, lock: _Lock) -> dict[str, _Environment]:
    """Each environment, the default one first."""
    if not lock.environments:
        raise document.error("expected at least one environment", "environments", fix=AGAIN)
    for name, environment in lock.environments.items():
        if not environment.packages:
            problem = "expected packages by platform"
            raise document.error(problem, "environments", name, "packages", fix=AGAIN)
    return {name: lock.environments[name] for name in sorted(lock.environments, key=lambda name: name != _DEFAULT)}


def _by_address(document: YamlDocument, lock: _Lock) -> dict[str, int]:
    """The number of each entry of ``packages`` by its address."""
    by_address: dict[str, int] = {}
    for number, entry in enumerate(lock.packages):
        if entry.address is None:
            raise document.error("expected an address under conda or pypi", "packages", number, fix=AGAIN)
        by_address[entry.address] = number
    return by_address


@dataclass(frozen=True)
class _Reader:
    """One lock."""

    document: YamlDocument
    lock: _Lock
    environments: Mapping[str, _Environment]
    """The default one first."""
    by_address: Mapping[str, int]

    @property
    def first(self) -> str:
        """The name of the first environment."""
        return next(iter(self.environments))

    def platforms(self, name: str, platform: Platform | None, *, alone: bool) -> list[str]:
        """The platforms to read an environment for, the default one first; none that Interlock does not serve.

        One that does not have ``platform`` is left out, where it is not all that is to be read.
        """
        served = self.environments[name].packages
        chosen = conda_packages.choose_platform(list(served), platform)
        if chosen not in served:
            if not alone and name != self.first:
                return []
            problem = f"the lock serves {', '.join(served)}, not {chosen}"
            fix = conda_packages.NAME_PLATFORM
            raise self.document.error(problem, "environments", name, "packages", fix=fix)
        others = [one for one in served if one in conda_packages.PLATFORMS and one != chosen]
        return [chosen, *(others if platform is None else [])]

    def read(self, name: str, platform: str, first: str) -> PackageSet:
        """The set of one environment on one platform; the lock's first set is on the platform ``first``."""
        references = self.environments[name].packages[platform]
        packages = [self._package(name, platform, position, one) for position, one in enumerate(references)]
        is_first = name == self.first
        words = [
            *([] if is_first else [f"environment {name}"]),
            *([] if platform == first else [f"platform {platform}"]),
        ]
        return PackageSet(
            kind="pixi",
            file=self.document.file,
            part=", ".join(words),
            packages=tuple(packages),
            python=conda_packages.python_among(packages),
            platform=conda_packages.PLATFORMS.get(platform),
            closed=True,
        )

    def _package(self, name: str, platform: str, position: int, reference: _Reference) -> Package:
        number = self.by_address.get(reference.conda or reference.pypi or "")
        if number is None:
            problem = "expected conda or pypi with an address that packages lists"
            raise self.document.error(problem, "environments", name, "packages", platform, position, fix=AGAIN)
        with at(self.document, "packages", number):
            if reference.conda is None:
                return self._pypi(number, reference.pypi or "")
            line = self.document.line("packages", number)
            archive = conda_packages.from_url(reference.conda, line, self.lock.packages[number].sha256)
        if archive is None:
            problem = "expected the address of a .conda or .tar.bz2 archive"
            raise self.document.error(problem, "packages", number, fix=AGAIN)
        return archive

    def _pypi(self, number: int, address: str) -> Package:
        entry = self.lock.packages[number]
        if entry.name is None:
            raise self.document.error("this key is missing", "packages", number, "name", fix=AGAIN)
        wheel = wheel_filename(address)
        return Package(
            name=pypi_name(entry.name),
            version=None if entry.version is None else self.document.text("packages", number, "version"),
            index=index_of(address),
            # The archive of sources of an index is built here; a repository or a folder is none of an index.
            sources=(address,) if wheel or url_parts(address).scheme not in ("http", "https") else (),
            hashes=(entry.sha256,) if entry.sha256 else (),
            files=(wheel,) if wheel else (),
            # A source tree may leave its requirements to its build.
            requires=entry.requires_dist if entry.requires_dist is not None else () if wheel else NOT_KNOWN,
            requires_python=entry.requires_python,
            line=self.document.line("packages", number),
        )
