"""Reads conda-lock.yml (version 1): the records of one platform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solver.audit.package_set import Package, PackageSet
from solver.audit.readers import conda_names
from solver.audit.readers.requirements import wheel_of
from solver.core.indexes import index_of
from solver.core.model import Platform, Target, pypi_name
from solver.core.versions import minor
from solver.core.yamlfile import YamlDocument

_NEWEST = 1
_DEFAULT = "main"


def read_conda_lock(document: YamlDocument, platform: Platform | None) -> PackageSet:
    """The packages of the category main, for ``platform``; the lock's only or first one without it.

    Raises ``BadInput`` naming file, line and key of what cannot be read, and
    for a platform that the lock does not serve.
    """
    data = document.data
    if data.get("version") != _NEWEST:
        fix = "update interlock, or write the older format"
        raise document.error(f"expected version {_NEWEST}, found {data.get('version')!r}", "version", fix=fix)
    entries = data.get("package")
    if not isinstance(entries, list):
        raise document.error("expected a list", "package")
    served = list(dict.fromkeys(_text(document, entries, n, "platform") for n in range(len(entries))))
    default = Target().platform
    chosen = str(platform or (default if default in served or not served else served[0]))
    if served and chosen not in served:
        problem = f"the lock serves {', '.join(served)}, not {chosen}"
        raise document.error(problem, "package", fix="name one of these with --target platform=…")
    packages = [
        _package(document, entries, number)
        for number, entry in enumerate(entries)
        if entry["platform"] == chosen and _is_main(entry)
    ]
    python = next((package.version for package in packages if package.conda == "python"), None)
    return PackageSet(
        kind="conda-lock",
        file=document.file,
        packages=tuple(packages),
        python=None if python is None else minor(python),
        platform=conda_names.PLATFORMS.get(chosen),
        closed=True,
    )


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
        wheel = wheel_of(url)
        return Package(
            name=pypi_name(name),
            version=version,
            index=index_of(url),
            hashes=(sha256,) if sha256 else (),
            files=(wheel,) if wheel else (),
            line=line,
        )
    if manager != "conda":
        raise document.error(f"expected conda or pip, found {manager!r}", "package", number, "manager")
    archive = conda_names.from_url(url, line, sha256)
    return archive if archive is not None else conda_names.of(name, version, None, line, sha256)
