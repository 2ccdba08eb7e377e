"""Reads poetry.lock, all its formats since 1.0; those before 2.1 name no markers of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from solver.audit.package_set import Package, PackageSet
from solver.audit.readers.parts import Choice, Part, parts_of, with_extras
from solver.audit.readers.requirements import once
from solver.audit.readers.toml import Table, Tables, sha256_of
from solver.core.errors import BadInput
from solver.core.indexes import index_of
from solver.core.markers import applies
from solver.core.model import pypi_name
from solver.core.versions import within

_NEWEST_MAJOR = 2
_MAIN = "main"


def read_poetry_lock(
    data: Table, text: str, file: str, environment: Mapping[str, str], choice: Choice
) -> tuple[PackageSet, ...]:
    """What ``poetry install`` would install on the target: all groups without extras, then with each extra.

    A choice of groups leaves out all others but ``main``. Raises ``BadInput`` naming the table and the key
    of what cannot be read.
    """
    meta = data.get("metadata", {})
    written = str(meta.get("lock-version", "")) if isinstance(meta, Mapping) else ""
    major = written.partition(".")[0]
    if not major.isdigit() or int(major) > _NEWEST_MAJOR:
        raise BadInput(
            f"expected a lock-version up to {_NEWEST_MAJOR}, found {written or 'nothing'}",
            file=file,
            key="metadata.lock-version",
            fix="update interlock, or write the lock with an older poetry",
        )
    tables = Tables(data, text, file, "package")
    extras = data.get("extras", {})
    names = {pypi_name(str(name)): name for name in extras} if isinstance(extras, Mapping) else {}
    groups = list(dict.fromkeys(str(group) for _, table in tables for group in table.get("groups", ())))
    chosen = replace(choice, extras=tuple(pypi_name(name) for name in choice.extras))
    # Without a choice all groups are installed, each of them beside the others.
    parts = parts_of(chosen, names, groups if choice.groups else (), file)
    return tuple(_set(tables, part, meta, environment) for part in parts)


def _set(tables: Tables, part: Part, meta: Table, environment: Mapping[str, str]) -> PackageSet:
    chosen = [number for number, table in tables if _is_installed(tables, number, table, environment, part)]
    if not any("groups" in tables.tables[number] for number in chosen):  # written since 2.1, with markers
        chosen = _reached(tables, _with_roots(tables, chosen, part, environment), environment)
    file = tables.file
    return PackageSet(
        kind="poetry.lock",
        file=file,
        part=part.name,
        packages=once([_package(tables, number, meta) for number in chosen], file),
        requires_python=_plain(meta.get("python-versions")),
        closed=True,
    )


def _plain(versions: object) -> str | None:
    """Poetry's python range as a specifier; None where it is in poetry's own notation."""
    try:
        return str(SpecifierSet(str(versions))) if versions not in (None, "*") else None
    except InvalidSpecifier:
        return None


def _with_roots(tables: Tables, chosen: list[int], part: Part, environment: Mapping[str, str]) -> list[int]:
    """``chosen`` and, in formats before 2.1, what the extras of ``part`` ask for, with all that this asks for."""
    extras = tables.data.get("extras", {})
    roots: list[str] = [
        pypi_name(str(root).split(" ")[0])
        for name in extras
        if pypi_name(str(name)) in part.extras
        for root in extras[name]
    ]
    by_name: dict[str, list[int]] = {}
    for number, table in tables:
        if _fits_python(table, environment):
            by_name.setdefault(_name(tables, number), []).append(number)
    reached = dict.fromkeys(chosen)
    while roots:
        for number in by_name.get(roots.pop(), ()):
            if number not in reached:
                reached[number] = None
                roots += [name for name, markers in _dependencies(tables, number) if markers]
    return sorted(reached)


def _is_installed(tables: Tables, number: int, table: Table, environment: Mapping[str, str], part: Part) -> bool:
    markers = table.get("markers")
    # Of what is optional formats since 2.1 say by which extra it comes; the older ones list the roots.
    if table.get("optional") is True and "extra" not in str(markers):
        return False
    groups = {str(group) for group in table.get("groups", ())}
    taken = groups & {_MAIN, *part.groups} if part.groups else groups
    if groups and not taken:
        return False
    by_group = (
        {group: text for group, text in markers.items() if group in taken} if isinstance(markers, Mapping) else {}
    )
    texts = list(by_group.values()) if isinstance(markers, Mapping) else [] if markers is None else [markers]
    # A group without a marker of its own asks for the package everywhere.
    everywhere = isinstance(markers, Mapping) and bool(taken - set(by_group))
    if texts and not everywhere and not any(_holds(tables, number, text, environment, part.extras) for text in texts):
        return False
    return _fits_python(table, environment)


def _fits_python(table: Table, environment: Mapping[str, str]) -> bool:
    pythons = _plain(table.get("python-versions"))
    return pythons is None or within(environment["python_full_version"], pythons)


def _holds(
    tables: Tables, number: int, text: object, environment: Mapping[str, str], extras: frozenset[str] = frozenset()
) -> bool:
    try:
        return applies(Marker(with_extras(str(text), extras)), environment)
    except InvalidMarker:
        raise tables.error(number, "markers", f"expected a marker, found {text!r}") from None


def _reached(tables: Tables, numbers: list[int], environment: Mapping[str, str]) -> list[int]:
    """``numbers`` without the packages that others ask for, but none on this target."""
    applies: dict[str, bool] = {}
    for number in numbers:
        for name, markers in _dependencies(tables, number):
            if markers:
                holds = any(text is None or _holds(tables, number, text, environment) for text in markers)
                applies[name] = applies.get(name, False) or holds
    left = [number for number in numbers if applies.get(_name(tables, number), True)]
    return left if len(left) == len(numbers) else _reached(tables, left, environment)


def _dependencies(tables: Tables, number: int) -> Iterator[tuple[str, list[Any]]]:
    """Name and markers of each dependency, None for one that holds everywhere; none for one of an extra."""
    dependencies = tables.tables[number].get("dependencies", {})
    if not isinstance(dependencies, Mapping):
        raise tables.error(number, "dependencies", "expected a table")
    for name, value in dependencies.items():
        forms = value if isinstance(value, list) else [value]
        # An optional dependency belongs to an extra, and the lock does not say who takes that.
        mandatory = [form for form in forms if not (isinstance(form, Mapping) and form.get("optional") is True)]
        yield pypi_name(name), [form.get("markers") if isinstance(form, Mapping) else None for form in mandatory]


def _name(tables: Tables, number: int) -> str:
    return pypi_name(tables.text_of(number, "name"))


def _package(tables: Tables, number: int, meta: Table) -> Package:
    table = tables.tables[number]
    files = tables.list_of(number, "files")
    if not files and isinstance(meta.get("files"), Mapping):
        files = meta["files"].get(table.get("name"), [])  # before 2.0 the hashes stood at the end
    names = [str(item.get("file", "")) for item in files]
    source = table.get("source", {})
    address = str(source.get("url", "")) if isinstance(source, Mapping) else ""
    wheels = tuple(name for name in names if name.endswith(".whl"))
    return Package(
        name=pypi_name(tables.text_of(number, "name")),
        version=tables.text_of(number, "version"),
        index=index_of(address),
        # A repository or an archive of sources is built here and tells nothing of an index.
        sources=(address,) if address and source.get("type") == "legacy" else (),
        hashes=tuple(digest for item in files if (digest := sha256_of(item.get("hash")))),
        files=wheels if len(wheels) == len(names) else (),
        line=tables.line(number),
    )
