"""Make the recorded index anew: crawl from the roots, write what was found, tell what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from solver.core.answer import NotKnown
from solver.core.decode import decode
from solver.core.errors import BadInput
from solver.core.indexes import DEFAULT_NAME
from solver.core.model import FORMAT_VERSION, IndexFile, PypiName, Release, pypi_name
from solver.core.whole import has_content
from solver.core.yamlfile import load_yaml
from solver.index.snapshot_files import package_text, read_package, release_line, write_package
from solver.refresh.crawl import Crawl, Group, Readable, RecordedPackage, requires_with

ROOTS = "roots.yaml"
"""Name of the file of roots, in the snapshot's folder."""


class Roots(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of roots."""

    version: int
    groups: tuple[Group, ...]


ReleaseKey = tuple[PypiName, str]
"""The name and the version of a release."""


class Changes(msgspec.Struct, kw_only=True):
    """What a refresh did to the recorded releases of the default index."""

    packages: int
    releases: int
    new: tuple[ReleaseKey, ...]
    changed: tuple[ReleaseKey, ...]
    removed: tuple[ReleaseKey, ...]
    skipped: tuple[str, ...]
    """What could not be read, a sentence each."""


def record_index(
    snapshot: Path, index: Readable, tell: Callable[[str], None] = lambda text: None, *, base: Path | None = None
) -> Changes:
    """Record the default index anew below ``snapshot``, from the roots that its ``roots.yaml`` names.

    ``base`` is the snapshot that comes along, where ``snapshot`` is a project's own: its roots serve where the project
    has none, and what it holds word for word is not written once more. ``tell`` hears of the progress. Nothing is
    written unless the whole crawl ended well. Raises ``IndexUnavailable`` and, of the file of roots, ``BadInput``.
    """
    roots = snapshot / ROOTS
    packages, skipped = record(read_roots(roots if base is None or roots.is_file() else base / ROOTS), index, tell)
    shipped = {} if base is None else _by_version(base / DEFAULT_NAME)
    before = shipped | _by_version(snapshot / DEFAULT_NAME)
    new = {(name, version): lines for name, one in packages.items() for version, lines in _lines(one.releases)}
    _write(snapshot, base, packages)
    return Changes(
        packages=len(packages),
        releases=len(new),
        new=tuple(sorted(set(new) - set(before))),
        changed=tuple(sorted(key for key in set(new) & set(before) if new[key] != before[key])),
        removed=tuple(sorted(set(before) - set(new) - set(shipped))),
        skipped=skipped,
    )


def _by_version(folder: Path) -> dict[ReleaseKey, list[str]]:
    """The lines of each release below ``folder``."""
    parts = [read_package(path) for path in sorted(folder.glob("*.jsonl"))]
    return {(pypi_name(header.name), version): lines for header, known in parts for version, lines in _lines(known)}


def _write(snapshot: Path, base: Path | None, packages: Mapping[PypiName, RecordedPackage]) -> None:
    """A file for each package that ``base`` does not hold so; no other stays."""
    folder, written = snapshot / DEFAULT_NAME, set()
    for name, one in packages.items():
        file = f"{name}.jsonl"
        whole = package_text(name, DEFAULT_NAME, one.extent, one.releases, one.extras, one.targets)
        if base is not None and _holds(base / DEFAULT_NAME / file, whole):
            continue
        written.add(file)
        if not _holds(folder / file, whole):
            write_package(snapshot, name, DEFAULT_NAME, one.extent, one.releases, one.extras, one.targets)
    for path in folder.glob("*.jsonl"):
        if path.name not in written:
            path.unlink()


def _holds(path: Path, text: str) -> bool:
    return has_content(path, text.encode())


def record(
    roots: Roots, index: Readable, tell: Callable[[str], None] = lambda text: None
) -> tuple[dict[PypiName, RecordedPackage], tuple[str, ...]]:
    """Each reachable package, what all groups hold of it together; and what was skipped."""
    crawls = [Crawl(group, index, tell) for group in roots.groups]
    by_name: dict[PypiName, list[RecordedPackage]] = defaultdict(list)
    for crawl in crawls:
        for part in crawl.run():
            by_name[part.name].append(part)
    packages = {name: _together(name, parts) for name, parts in by_name.items()}
    return packages, tuple(sorted({text for crawl in crawls for text in crawl.skipped}))


def read_roots(path: Path) -> Roots:
    """The file of roots; raises ``BadInput``."""
    roots = decode(load_yaml(path), Roots)
    if roots.version != FORMAT_VERSION:
        raise BadInput(
            f"version {roots.version} is not known; this Interlock reads version {FORMAT_VERSION}",
            file=path,
            key="version",
            fix="install a newer Interlock",
        )
    return roots


def _together(name: PypiName, parts: Sequence[RecordedPackage]) -> RecordedPackage:
    extras = set().union(*(part.extras for part in parts))
    return RecordedPackage(
        name=name,
        extent="; ".join(part.extent for part in parts),
        releases=_merge(parts, extras),
        extras=extras,
        targets=tuple(span for part in parts for span in part.targets),
    )


def _merge(parts: Iterable[RecordedPackage], extras: set[str]) -> list[Release]:
    """One release a version and set of requirements; a wheel that two crawls read counts once."""
    files: dict[Release, dict[str, IndexFile]] = defaultdict(dict)
    seen: set[str] = set()
    for release in (release for part in parts for release in part.releases):
        requires = release.requires
        if not isinstance(requires, NotKnown):
            requires = requires_with(requires, extras)
        key = msgspec.structs.replace(release, files=(), requires=requires)
        fresh = {file.filename: file for file in release.files if file.filename not in seen}
        if fresh:
            files[key].update(fresh)
            seen |= set(fresh)
    return [msgspec.structs.replace(key, files=tuple(by_name.values())) for key, by_name in files.items()]


def _lines(releases: Iterable[Release]) -> Iterable[tuple[str, list[str]]]:
    """Each version with its canonical lines, sorted."""
    by_version: dict[str, list[str]] = defaultdict(list)
    for release in releases:
        by_version[release.version].append(release_line(release))
    return [(version, sorted(lines)) for version, lines in by_version.items()]
