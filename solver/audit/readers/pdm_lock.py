"""Reads pdm.lock, pdm's lock, the formats of pdm 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from packaging.markers import InvalidMarker, Marker

from solver.audit.package_set import Package, PackageSet, parsed
from solver.audit.readers.parts import Part
from solver.audit.readers.requirements import common_index, once, wheel_filename
from solver.audit.readers.toml import Table, Tables, sha256_of
from solver.core.errors import BadInput
from solver.core.markers import applies
from solver.core.model import pypi_name
from solver.core.names import url_parts
from solver.core.versions import within

DEFAULT = "default"
_NEWEST_MAJOR = 4


def groups_of_pdm(data: Table) -> tuple[str, ...]:
    """The lock's groups without the default one: extras and groups of development, which it does not tell apart."""
    groups = data["metadata"].get("groups", ())
    return tuple(str(group) for group in groups if group != DEFAULT) if isinstance(groups, list) else ()


def pythons_of_pdm(data: Table) -> str | None:
    """The specifier of the pythons that the lock is for; None where it says none."""
    targets = data["metadata"].get("targets", ())
    specifiers = [one.get("requires_python") for one in targets if isinstance(one, Mapping)]
    return str(specifiers[0]) if specifiers and specifiers[0] not in (None, "", "*") else None


def read_pdm_lock(data: Table, text: str, file: str, environment: Mapping[str, str], part: Part) -> PackageSet:
    """What ``pdm install`` installs on the target: the default group, and those of ``part``.

    Raises ``BadInput`` naming the table and the key of what cannot be read.
    """
    written = str(data["metadata"].get("lock_version", ""))
    major = written.partition(".")[0]
    if not major.isdigit() or int(major) > _NEWEST_MAJOR:
        raise BadInput(
            f"expected a lock_version up to {_NEWEST_MAJOR}, found {written or 'nothing'}",
            file=file,
            key="metadata.lock_version",
            fix="update interlock, or write the lock with an older pdm",
        )
    tables = Tables(data, text, file, "package")
    groups = {DEFAULT, *part.groups}
    chosen = [number for number, table in tables if _is_installed(tables, number, table, environment, groups)]
    return PackageSet(
        kind="pdm.lock",
        file=file,
        part=part.name,
        packages=once(
            [_package(tables, number, data["metadata"]) for number in _reached(tables, chosen, environment)], file
        ),
        requires_python=pythons_of_pdm(data),
        closed=True,
    )


def _is_installed(tables: Tables, number: int, table: Table, environment: Mapping[str, str], groups: set[str]) -> bool:
    # Without the strategy inherit_metadata the packages name neither groups nor markers.
    if not groups & set(table.get("groups", groups)):
        return False
    pythons = table.get("requires_python")
    if pythons and not within(environment["python_full_version"], str(pythons)):
        return False
    try:
        return "marker" not in table or applies(Marker(str(table["marker"])), environment)
    except InvalidMarker:
        raise tables.error(number, "marker", f"expected a marker, found {table['marker']!r}") from None


def _reached(tables: Tables, numbers: list[int], environment: Mapping[str, str]) -> list[int]:
    """``numbers`` without the packages that others ask for, but none on this target."""
    needed: dict[str, bool] = {}
    for number in numbers:
        for text in tables.tables[number].get("dependencies", ()):
            requirement = parsed(str(text))
            if requirement is not None:
                name = pypi_name(requirement.name)
                needed[name] = needed.get(name, False) or applies(requirement.marker, environment)
    left = [number for number in numbers if needed.get(pypi_name(tables.text_of(number, "name")), True)]
    return left if len(left) == len(numbers) else _reached(tables, left, environment)


def _package(tables: Tables, number: int, metadata: Table) -> Package:
    table = tables.tables[number]
    name, version = tables.text_of(number, "name"), tables.text_of(number, "version")
    files = tables.list_of(number, "files") or _old_files(metadata, f"{name} {version}")
    urls = [str(item.get("url") or item.get("file") or "") for item in files]
    wheels = tuple(wheel for url in urls if (wheel := wheel_filename(url)))
    return Package(
        name=pypi_name(name),
        version=version,
        extras=tuple(sorted(map(str, table.get("extras", ())))),
        index=common_index(urls),
        sources=tuple(url for url in urls[:1] if url_parts(url).scheme in ("http", "https")),
        hashes=tuple(digest for item in files if (digest := sha256_of(item.get("hash")))),
        # With an sdist beside them the wheels are not all that can be installed.
        files=wheels if len(wheels) == len(urls) else (),
        line=tables.line(number),
    )


def _old_files(metadata: Table, pin: str) -> list[Any]:
    """The files of ``name version``, which before lock version 4.4 stood at the end."""
    every = metadata.get("files")
    files = every.get(pin, []) if isinstance(every, Mapping) else []
    return [item for item in files if isinstance(item, Mapping)]
