"""Reads pixi.lock, versions 5 to 7: its environments, each on each of its platforms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solver.audit.package_set import Package, PackageSet
from solver.audit.readers import conda_names
from solver.audit.readers.parts import Choice, refuse_unknown
from solver.audit.readers.requirements import wheel_filename
from solver.core.indexes import index_of
from solver.core.model import Platform, pypi_name
from solver.core.yamlfile import YamlDocument

_OLDEST, _NEWEST = 5, 7


def read_pixi(document: YamlDocument, platform: Platform | None, choice: Choice) -> tuple[PackageSet, ...]:
    """The packages of each environment on ``platform``, or on each platform without it; the default one first.

    Raises ``BadInput`` naming file, line and key of what cannot be read, and
    for a platform that the lock does not serve.
    """
    version = document.data.get("version")
    if not isinstance(version, int) or not _OLDEST <= version <= _NEWEST:
        fix = "update interlock, or write the lock with a pixi of that version"
        raise document.error(f"expected version {_OLDEST} to {_NEWEST}, found {version!r}", "version", fix=fix)
    environments = _environments(document)
    refuse_unknown("environment", choice.environments, tuple(environments), document.file)
    entries = _by_address(document)
    pairs = [
        (name, one)
        for name in choice.environments or environments
        for one in _platforms(document, name, environments[name], platform, alone=bool(choice.environments))
    ]
    first = _platforms(document, next(iter(environments)), next(iter(environments.values())), platform, alone=True)[0]
    return tuple(
        _set(document, name, chosen, entries, _title(name, chosen, environments, first)) for name, chosen in pairs
    )


def _title(name: str, platform: str, environments: Mapping[str, Mapping[str, Any]], first: str) -> str:
    """How the set of one environment on one platform is called; empty for the first of the lock."""
    is_first = name == next(iter(environments))
    words = [*([] if is_first else [f"environment {name}"]), *([] if platform == first else [f"platform {platform}"])]
    return ", ".join(words)


def _set(
    document: YamlDocument,
    name: str,
    chosen: str,
    entries: Mapping[str, tuple[int, Mapping[str, Any]]],
    title: str,
) -> PackageSet:
    positions = range(len(_list(document, name, chosen)))
    packages = [_package(document, name, chosen, position, entries) for position in positions]
    return PackageSet(
        kind="pixi",
        file=document.file,
        part=title,
        packages=tuple(packages),
        python=conda_names.python_among(packages),
        platform=conda_names.PLATFORMS.get(chosen),
        closed=True,
    )


def _environments(document: YamlDocument) -> dict[str, Mapping[str, Any]]:
    """The packages by platform of each environment, the default one first."""
    environments = document.data.get("environments")
    if not isinstance(environments, dict) or not environments:
        raise document.error("expected at least one environment", "environments")
    served: dict[str, Mapping[str, Any]] = {}
    for name in sorted(environments, key=lambda name: name != "default"):
        packages = environments[name].get("packages") if isinstance(environments[name], dict) else None
        if not isinstance(packages, dict) or not packages:
            raise document.error("expected packages by platform", "environments", name, "packages")
        served[name] = packages
    return served


def _platforms(
    document: YamlDocument, name: str, served: Mapping[str, Any], platform: Platform | None, *, alone: bool
) -> list[str]:
    """The platforms to read an environment for, the default one first; none that Interlock does not serve.

    One that does not have ``platform`` is left out, where it is not all that is to be read.
    """
    chosen = conda_names.choose_platform(list(served), platform)
    if chosen not in served:
        if not alone and name != next(iter(_environments(document))):
            return []
        problem = f"the lock serves {', '.join(served)}, not {chosen}"
        raise document.error(problem, "environments", name, "packages", fix=conda_names.NAME_PLATFORM)
    others = [one for one in served if one in conda_names.PLATFORMS and one != chosen]
    return [chosen, *(others if platform is None else [])]


def _list(document: YamlDocument, name: str, platform: str) -> list[Any]:
    references = document.data["environments"][name]["packages"][platform]
    if not isinstance(references, list):
        raise document.error("expected a list", "environments", name, "packages", platform)
    return references


def _by_address(document: YamlDocument) -> dict[str, tuple[int, Mapping[str, Any]]]:
    """The package entries by their address."""
    entries = document.data.get("packages")
    if not isinstance(entries, list):
        raise document.error("expected a list", "packages")
    by_address: dict[str, tuple[int, Mapping[str, Any]]] = {}
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise document.error("expected a mapping", "packages", number)
        # Version 5 says kind and url, the later ones the kind as the key of the address.
        address = entry.get("conda") or entry.get("pypi") or entry.get("url") or entry.get("path")
        if not isinstance(address, str):
            raise document.error("expected an address under conda or pypi", "packages", number)
        by_address[address] = (number, entry)
    return by_address


def _package(
    document: YamlDocument,
    name: str,
    platform: str,
    position: int,
    entries: Mapping[str, tuple[int, Mapping[str, Any]]],
) -> Package:
    place = ("environments", name, "packages", platform, position)
    reference = _list(document, name, platform)[position]
    kind = next((key for key in ("conda", "pypi") if isinstance(reference, dict) and key in reference), None)
    if kind is None or reference[kind] not in entries:
        raise document.error("expected conda or pypi with an address that packages lists", *place)
    address = reference[kind]
    number, entry = entries[address]
    line = document.line("packages", number)
    sha256 = entry.get("sha256")
    if kind == "conda":
        archive = conda_names.from_url(address, line, sha256)
        if archive is None:
            raise document.error("expected the address of a .conda or .tar.bz2 archive", "packages", number)
        return archive
    return _pypi(document, number, entry, address, line)


def _pypi(document: YamlDocument, number: int, entry: Mapping[str, Any], address: str, line: int | None) -> Package:
    name = entry.get("name")
    if not isinstance(name, str):
        raise document.error("expected a string", "packages", number, "name")
    wheel = wheel_filename(address)
    requires = entry.get("requires_dist")
    sha256 = entry.get("sha256")
    version = document.text("packages", number, "version")
    return Package(
        name=pypi_name(name),
        version=version,
        index=index_of(address),
        sources=(address,) if wheel else (),
        hashes=(str(sha256),) if sha256 else (),
        files=(wheel,) if wheel else (),
        # A source tree may leave its requirements to its build.
        requires=tuple(map(str, requires)) if isinstance(requires, list) else () if wheel else None,
        requires_python=entry.get("requires_python"),
        line=line,
    )
