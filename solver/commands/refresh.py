"""refresh: rows and index facts read anew; what a person wrote stays as it is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

from solver.commands.project import built_in_snapshot, open_matrices, open_project, own_matrices, own_snapshot
from solver.core.whole import clear_unfinished
from solver.index.conda import open_channels
from solver.index.days import INDEX, ROWS, write_days
from solver.index.pypi import PypiIndex
from solver.matrix.builds import framework_pythons
from solver.refresh.derive import renew, write_renewal
from solver.refresh.record import ReleaseKey, record_index
from solver.refresh.wheels import IndexWheels
from solver.solve.conda.reach import refresh_conda

Tell = Callable[[str], None]


def refresh(
    root: Path, today: date, *, rows: bool, snapshot: bool, channels: Sequence[str], tell: Tell = lambda step: None
) -> Iterator[str]:
    """Renew below ``root``/matrices what was read on other days; yields what changed, a line each.

    ``tell`` hears of each step when it begins. Raises ``IndexUnavailable``; what was renewed before stays, each file
    of it whole, and so it does where a signal ends it.
    """
    clear_unfinished(own_matrices(root))
    if rows:
        yield from _rows(root, today, tell)
    if snapshot:
        yield from _snapshot(root, today, tell)
    if channels:
        yield from _channels(root, today, channels, tell)


def _folder(root: Path) -> Path:
    """The folder of the snapshot that is renewed: the project's own."""
    return own_snapshot(root) or built_in_snapshot()


def _rows(root: Path, today: date, tell: Tell) -> Iterator[str]:
    renewal = renew(open_matrices(root), IndexWheels(PypiIndex()), tell=tell)
    written = write_renewal(renewal, own_matrices(root))
    write_days(_folder(root), {ROWS: today})
    yield from (f"+ row {row}" for row in renewal.added)
    yield from (f"~ row {row}" for row in renewal.changed)
    yield from (f"passed over: {why}" for why in _in_short(renewal.passed_over))
    yield f"rows: {', '.join(path.name for path in written) or 'nothing new'}"


def _snapshot(root: Path, today: date, tell: Tell) -> Iterator[str]:
    own = own_snapshot(root)
    changes = record_index(_folder(root), PypiIndex(), tell, base=None if own is None else built_in_snapshot())
    write_days(_folder(root), {INDEX: today})
    for sign, releases in (("+", changes.new), ("~", changes.changed), ("-", changes.removed)):
        yield from (f"{sign} {name} {', '.join(versions)}" for name, versions in _by_package(releases).items())
    yield from (f"passed over: {why}" for why in changes.skipped)
    counts = f"{len(changes.new)} new, {len(changes.changed)} changed, {len(changes.removed)} gone"
    yield f"package index: {changes.packages} packages, {changes.releases} releases recorded; {counts}"


_WHEEL = re.compile(r"(\w+)-\d\S*\.whl")
_TOLD = 2
"""So many wheels of one project are told that are passed over for the same reason."""


def _in_short(reasons: Iterable[str]) -> Iterator[str]:
    """``reasons``, each of which names a wheel: of those that differ in nothing else the last, which are the newest."""
    alike: dict[str, list[str]] = defaultdict(list)
    for why in reasons:
        alike[_WHEEL.sub(r"\1", why)].append(why)
    for what, several in alike.items():
        yield from several[-_TOLD:]
        if more := len(several[:-_TOLD]):
            yield f"{what}: {more} older {'wheel' if more == 1 else 'wheels'} more"


def _by_package(releases: Sequence[ReleaseKey]) -> dict[str, list[str]]:
    """Versions by package."""
    by_package: dict[str, list[str]] = defaultdict(list)
    for name, version in releases:
        by_package[name].append(version)
    return by_package


def _channels(root: Path, today: date, channels: Sequence[str], tell: Tell) -> Iterator[str]:
    project = open_project(root)
    tell(f"reading {', '.join(channels)}")
    source = open_channels(channels)
    folder = _folder(root)
    for path in refresh_conda(
        project.request.profiles, sorted(framework_pythons(project.matrices)), source, project.matrices, folder
    ):
        yield f"conda: {path.relative_to(folder)} written"
    write_days(folder, {channel.name: today for channel in source.opened("linux-64")})
