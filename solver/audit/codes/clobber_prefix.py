"""``clobber`` in an installed prefix: compares the RECORDs, then says whose bytes lie on the disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from solver.audit.codes.clobber_pair import CODE, Statement, first_paths
from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.prefix_files import RecordEntry, records
from solver.core.model import Finding, PypiName

InstalledFiles = Mapping[Path, RecordEntry]


def installed_twice(context: AuditContext) -> Iterator[Statement]:
    """The installed distributions that recorded the same path; of more than two, the first two."""
    assert context.set.prefix is not None
    installed = records(Path(context.set.prefix))
    for (a, b), paths in sorted(_recorded_twice(installed).items()):
        different = [path for path in paths if installed[a][path].sha256 != installed[b][path].sha256]
        finding = _finding(context, {a: installed[a], b: installed[b]}, different, len(paths)) if different else None
        yield Statement(frozenset((a, b)), finding)


def _recorded_twice(installed: Mapping[PypiName, InstalledFiles]) -> dict[tuple[PypiName, PypiName], list[Path]]:
    writers: dict[Path, list[PypiName]] = {}
    for name, files in installed.items():
        for path in files:
            writers.setdefault(path, []).append(name)
    shared: dict[tuple[PypiName, PypiName], list[Path]] = {}
    for path, names in writers.items():
        if len(names) > 1:
            shared.setdefault((names[0], names[1]), []).append(path)
    return shared


def _finding(
    context: AuditContext, pair: Mapping[PypiName, InstalledFiles], different: list[Path], shared: int
) -> Finding:
    first, second = pair
    prefix = Path(context.set.prefix or "")
    won = {name: sum(is_on_disk(path, files[path]) for path in different) for name, files in pair.items()}
    return finding_about(
        [context.packages[name] for name in pair if name in context.packages],
        code=CODE,
        severity="error",
        why=(
            f"{first} and {second} both wrote {shared} paths, {len(different)} of them with different bytes; "
            f"on the disk lie {won[first]} of {first} and {won[second]} of {second}"
        ),
        source="the RECORD of both distributions and the files themselves",
        cure=f"uninstall both, then install only the one that the frameworks need: removing {first} or {second} "
        "alone takes the other's files with it",
        paths=first_paths([_below(path, prefix) for path in sorted(different, key=_libraries_first)]),
    )


def _libraries_first(path: Path) -> tuple[bool, Path]:
    """A license text that differs harms nobody."""
    return ".so" not in path.name and path.suffix != ".dll", path


def _below(path: Path, prefix: Path) -> str:
    return path.relative_to(prefix).as_posix() if path.is_relative_to(prefix) else path.name


def is_on_disk(path: Path, entry: RecordEntry) -> bool:
    """Whether the file at ``path`` is the recorded one; the bytes are read only where sizes agree."""
    try:
        if entry.size is not None and path.stat().st_size != entry.size:
            return False
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == entry.sha256
    except OSError:
        return False
