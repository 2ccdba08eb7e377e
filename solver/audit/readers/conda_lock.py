"""Reads conda-lock.yml (version 1): its categories, on each of its platforms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solver.audit.package_set import Package, PackageSet, conda_package
from solver.audit.readers import conda_names
from solver.audit.readers.parts import Choice, Part, parts_of
from solver.audit.readers.requirements import wheel_filename
from solver.core.indexes import index_of
from solver.core.model import Platform, pypi_name
from solver.core.yamlfile import YamlDocument

_NEWEST = 1
_DEFAULT = "main"


def read_conda_lock(document: YamlDocument, platform: Platform | None, choice: Choice) -> tuple[PackageSet, ...]:
    """The packages of the category main, then with each other category, for ``platform``, or each platform without it.

    Raises ``BadInput`` naming file, line and key of what cannot be read, and
    for a platform that the lock does not serve.
    """
    entries = _entries(document)
    served = list(dict.fromkeys(_text(document, entries, n, "platform") for n in range(len(entries))))
    chosen = conda_names.choose_platform(served, platform)
    if served and chosen not in served:
        problem = f"the lock serves {', '.join(served)}, not {chosen}"
        raise document.error(problem, "package", fix=conda_names.NAME_PLATFORM)
    others = [] if platform else [one for one in served if one in conda_names.PLATFORMS and one != chosen]
    categories = [one for entry in entries for one in _categories(entry) if one != _DEFAULT]
    return tuple(
        _set(document, entries, part, one, "" if one == chosen else f"platform {one}")
        for one in (chosen, *others)
        for part in parts_of(choice, (), categories, document.file)
    )


def _set(document: YamlDocument, entries: list[Any], part: Part, chosen: str, title: str) -> PackageSet:
    packages = [
        _package(document, entries, number)
        for number, entry in enumerate(entries)
        if entry["platform"] == chosen and _is_in(entry, part)
    ]
    return PackageSet(
        kind="conda-lock",
        file=document.file,
        part=", ".join(filter(None, (part.name, title))),
        packages=tuple(packages),
        python=conda_names.python_among(packages),
        platform=conda_names.PLATFORMS.get(chosen),
        closed=True,
    )


def _entries(document: YamlDocument) -> list[Any]:
    version, entries = document.data.get("version"), document.data.get("package")
    if version != _NEWEST:
        fix = "update interlock, or write the older format"
        raise document.error(f"expected version {_NEWEST}, found {version!r}", "version", fix=fix)
    if not isinstance(entries, list):
        raise document.error("expected a list", "package")
    return entries


def _categories(entry: Mapping[str, Any]) -> list[str]:
    categories = entry.get("categories")
    return [str(one) for one in categories] if isinstance(categories, list) else [str(entry.get("category", _DEFAULT))]


def _is_in(entry: Mapping[str, Any], part: Part) -> bool:
    categories = _categories(entry)
    is_main = _DEFAULT in categories and entry.get("optional") is not True
    return is_main or bool(part.groups.intersection(categories))


def _text(document: YamlDocument, entries: list[Any], number: int, key: str) -> str:
    entry = entries[number]
    value = entry.get(key) if isinstance(entry, dict) else None
    if not isinstance(value, str):
        raise document.error("expected a string", "package", number, key)
    return value


def _package(document: YamlDocument, entries: list[Any], number: int) -> Package:
    name = _text(document, entries, number, "name")
    version = str(entries[number].get("version", ""))
    url = _text(document, entries, number, "url")
    line = document.line("package", number)
    hashes = entries[number].get("hash")
    sha256 = hashes.get("sha256") if isinstance(hashes, dict) else None
    manager = _text(document, entries, number, "manager")
    if manager == "pip":
        wheel = wheel_filename(url)
        return Package(
            name=pypi_name(name),
            version=version,
            index=index_of(url),
            sources=(url,) if wheel else (),
            hashes=(sha256,) if sha256 else (),
            files=(wheel,) if wheel else (),
            line=line,
        )
    if manager != "conda":
        raise document.error(f"expected conda or pip, found {manager!r}", "package", number, "manager")
    archive = conda_names.from_url(url, line, sha256)
    return archive if archive is not None else conda_package(name, version, None, line, sha256)
