"""Reads conda-lock.yml (version 1): its categories, on each of its platforms."""

from __future__ import annotations

from solver.audit.package_set import Package, PackageSet, conda_package
from solver.audit.readers import conda_packages
from solver.audit.readers.foreign import AGAIN, Foreign, at, typed
from solver.audit.readers.list_sources import wheel_filename
from solver.audit.readers.parts import Choice, Part, parts_of
from solver.core.indexes import index_of
from solver.core.model import Platform, pypi_name
from solver.core.names import shown
from solver.core.yamlfile import YamlDocument

_NEWEST = 1
_DEFAULT = "main"


class _Version(Foreign, frozen=True, kw_only=True):
    version: int


class _Hash(Foreign, frozen=True, kw_only=True):
    sha256: str | None = None


class _Locked(Foreign, frozen=True, kw_only=True):
    """One package on one platform."""

    name: str
    version: str | int | float = ""
    """The document tells how it is spelled."""
    manager: str
    platform: str
    url: str
    hash: _Hash = _Hash()
    category: str = _DEFAULT
    categories: tuple[str, ...] | None = None
    """In place of ``category``, since conda-lock 3."""
    optional: bool = False

    @property
    def every_category(self) -> tuple[str, ...]:
        """The categories that it is in."""
        return (self.category,) if self.categories is None else self.categories

    def is_in(self, part: Part) -> bool:
        """Whether it is one of the set."""
        is_main = _DEFAULT in self.every_category and not self.optional
        return is_main or bool(part.groups.intersection(self.every_category))


class _Lock(Foreign, frozen=True, kw_only=True):
    package: tuple[_Locked, ...]


def read_conda_lock(document: YamlDocument, platform: Platform | None, choice: Choice) -> tuple[PackageSet, ...]:
    """The packages of the category main, then with each other category, for ``platform``, or each platform without it.

    Raises ``BadInput`` naming file, line and key of what cannot be read, and
    for a platform that the lock does not serve.
    """
    version = typed(document, _Version).version
    if version != _NEWEST:
        fix = "update interlock, or write the older format"
        raise document.error(f"expected version {_NEWEST}, found {version}", "version", fix=fix)
    entries = typed(document, _Lock).package
    served = list(dict.fromkeys(entry.platform for entry in entries))
    chosen = conda_packages.choose_platform(served, platform)
    if served and chosen not in served:
        problem = f"the lock serves {', '.join(served)}, not {chosen}"
        raise document.error(problem, "package", fix=conda_packages.NAME_PLATFORM)
    others = [] if platform else [one for one in served if one in conda_packages.PLATFORMS and one != chosen]
    categories = [one for entry in entries for one in entry.every_category if one != _DEFAULT]
    return tuple(
        _set(document, entries, part, one, "" if one == chosen else f"platform {one}")
        for one in (chosen, *others)
        for part in parts_of(choice, (), categories, document.file, packages=len(entries))
    )


def _set(document: YamlDocument, entries: tuple[_Locked, ...], part: Part, chosen: str, title: str) -> PackageSet:
    packages = []
    for number, entry in enumerate(entries):
        if entry.platform == chosen and entry.is_in(part):
            with at(document, "package", number):
                packages.append(_package(document, entry, number))
    return PackageSet(
        kind="conda-lock",
        file=document.file,
        part=", ".join(filter(None, (part.name, title))),
        packages=tuple(packages),
        python=conda_packages.python_among(packages),
        platform=conda_packages.PLATFORMS.get(chosen),
        closed=True,
    )


def _package(document: YamlDocument, entry: _Locked, number: int) -> Package:
    version = document.text("package", number, "version") or ""
    line = document.line("package", number)
    sha256 = entry.hash.sha256
    if entry.manager == "pip":
        wheel = wheel_filename(entry.url)
        return Package(
            name=pypi_name(entry.name),
            version=version,
            index=index_of(entry.url),
            sources=(entry.url,) if wheel else (),
            hashes=(sha256,) if sha256 else (),
            files=(wheel,) if wheel else (),
            line=line,
        )
    if entry.manager != "conda":
        problem = f"expected conda or pip, found {shown(entry.manager)}"
        raise document.error(problem, "package", number, "manager", fix=AGAIN)
    archive = conda_packages.from_url(entry.url, line, sha256)
    return archive if archive is not None else conda_package(entry.name, version, None, line, sha256)
