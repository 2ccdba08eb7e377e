"""Reads conda-lock.yml (version 1): the records of one platform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solver.audit.package_set import Package, PackageSet, conda_package
from solver.audit.readers import conda_names
from solver.audit.readers.requirements import wheel_filename
from solver.core.indexes import index_of
from solver.core.model import Platform, pypi_name
from solver.core.yamlfile import YamlDocument

_NEWEST = 1
_DEFAULT = "main"


def read_conda_lock(document: YamlDocument, platform: Platform | None) -> PackageSet:
    """The packages of the category main, for ``platform``; the lock's only or first one without it.

    Raises ``BadInput`` naming file, line and key of what cannot be read, and
    for a platform that the lock does not serve.
    """
    entries = _entries(document)
    served = list(dict.fromkeys(_text(document, entries, n, "platform") for n in range(len(entries))))
    chosen = conda_names.choose_platform(served, platform)
    if served and chosen not in served:
        problem = f"the lock serves {', '.join(served)}, not {chosen}"
        raise document.error(problem, "package", fix=conda_names.NAME_PLATFORM)
    packages = [
        _package(document, entries, number)
        for number, entry in enumerate(entries)
        if entry["platform"] == chosen and _is_main(entry)
    ]
    return PackageSet(
        kind="conda-lock",
        file=document.file,
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


def _is_main(entry: Mapping[str, Any]) -> bool:
    categories = entry.get("categories") or [entry.get("category", _DEFAULT)]
    return _DEFAULT in categories and entry.get("optional") is not True


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
