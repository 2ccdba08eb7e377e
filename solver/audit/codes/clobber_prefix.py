"""``clobber`` in an installed prefix: compares the RECORDs, then says whose bytes lie on the disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.prefix_files import RecordEntry, records
from solver.core.model import Finding, PypiName

CODE = "clobber"
_SHOWN = 12


def installed_twice(context: AuditContext) -> Iterator[tuple[frozenset[PypiName], Finding | None]]:
    """Each pair of installed distributions that recorded the same path with different hashes."""
    assert context.set.prefix is not None
    prefix = Path(context.set.prefix)
    installed = records(prefix)
    writers: dict[Path, list[PypiName]] = {}
    for name, files in installed.items():
        for path in files:
            writers.setdefault(path, []).append(name)
    shared: dict[tuple[PypiName, PypiName], list[Path]] = {}
    for path, names in writers.items():
        if len(names) > 1:
            shared.setdefault((names[0], names[1]), []).append(path)
    for (first, second), paths in sorted(shared.items()):
        a, b = installed[first], installed[second]
        different = [path for path in paths if a[path].sha256 != b[path].sha256]
        finding = _finding(context, prefix, first, second, sorted(different), len(paths)) if different else None
        yield frozenset((first, second)), finding


def _finding(
    context: AuditContext, prefix: Path, first: PypiName, second: PypiName, different: list[Path], shared: int
) -> Finding:
    # Shared libraries first: a license text that differs harms nobody.
    different.sort(key=lambda path: (".so" not in path.name and path.suffix != ".dll", path))
    installed = records(prefix)
    won = {first: 0, second: 0}
    for path in different:
        for name in (first, second):
            won[name] += is_on_disk(path, installed[name][path])
    shown = [path.relative_to(prefix).as_posix() if path.is_relative_to(prefix) else path.name for path in different]
    more = len(shown) - _SHOWN
    return finding_about(
        [package for name in (first, second) if (package := context.packages.get(name))],
        code=CODE,
        severity="error",
        why=(
            f"{first} and {second} both wrote {shared} paths, {len(different)} of them with different bytes; "
            f"on the disk lie {won[first]} of {first} and {won[second]} of {second}"
        ),
        source="the RECORD of both distributions and the files themselves",
        cure=f"uninstall both, then install only the one that the frameworks need: removing {first} or {second} "
        "alone takes the other's files with it",
        paths=(*shown[:_SHOWN], *([f"and {more} more"] if more > 0 else [])),
    )


def is_on_disk(path: Path, recorded: RecordEntry) -> bool:
    """Whether the file at ``path`` is the recorded one; the bytes are read only where sizes agree."""
    try:
        if recorded.size is not None and path.stat().st_size != recorded.size:
            return False
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == recorded.sha256
    except OSError:
        return False
