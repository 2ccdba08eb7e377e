"""``python-tag``: a package has no wheel for the target's python, platform or glibc, or nobody recorded whether it has.

A record of the index was made for some targets. Of any other one it holds wheels by chance, so that one
which is not in it is no news: what such a record does not hold is told as not known, never as not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.package_set import Package
from solver.audit.phrases import listed
from solver.core.answer import NOT_KNOWN, Answer, NotKnown
from solver.core.indexes import is_partial
from solver.core.model import Finding, IndexFile, Release, Target
from solver.core.target import admits_python, usable_files, wheel_tags
from solver.core.variants import without_label
from solver.matrix.builds import pythons, wheel_for
from solver.matrix.rows import Build

CODE = "python-tag"
NEWEST_GLIBC = 60
"""Minor of a glibc that none will be newer than for years."""


@dataclass(frozen=True)
class _Wheels:
    """The wheels that may be installed."""

    files: Sequence[IndexFile]
    source: str
    """Who tells of them."""
    whole: bool
    """Whether there is no further one for the target."""


def find(context: AuditContext) -> Iterator[Finding]:
    """Wheels by the set's own file names, by the index, or, for frameworks, by their rows."""
    if context.set.prefix is not None:
        return  # What is installed was installed for this python.
    unrecorded: list[Package] = []
    for package in context.set.packages:
        if not package.from_index or package.version is None:
            continue
        verdict = _by_files(context, package)
        refusals = [*([verdict] if isinstance(verdict, Finding) else []), *_refusing(context, package)]
        yield from refusals
        if verdict is Answer.NOT_KNOWN and not refusals:
            unrecorded.append(package)
    if unrecorded:
        yield _not_recorded(context, unrecorded)


def _by_files(context: AuditContext, package: Package) -> Finding | Answer:
    """What denies the package a wheel for the target; otherwise whether it has one, as far as anybody knows."""
    wheels = _wheels(context, package)
    if usable_files(wheels.files, context.target):
        return Answer.YES
    if wheels.files and wheels.whole:
        return _no_wheel(context, package, wheels)
    row = context.matrices.build(package.name, package.version or "", context.target.platform)
    # A package of which nothing is recorded is not this code's concern.
    if isinstance(row, NotKnown) or pythons(row) is NOT_KNOWN or package.elsewhere is not None:
        return Answer.NOT_KNOWN if wheels.files else Answer.YES
    return _by_row(context, package, row)


def _refusing(context: AuditContext, package: Package) -> Iterator[Finding]:
    releases = context.listed_releases(package)
    refusing = [r.requires_python for r in releases if not admits_python(r.requires_python, context.target)]
    if releases and len(refusing) == len(releases):
        why = f"{package.pin} asks for python {refusing[0]}; the target's is {context.target.python}"
        yield _finding(package, why, "Requires-Python on the index")


def _wheels(context: AuditContext, package: Package) -> _Wheels:
    """The set's own wheels, or else those on the index."""
    wheels = [name for name in package.files if name.endswith(".whl")]
    if wheels:
        files = [IndexFile(filename=name, sha256=NOT_KNOWN) for name in wheels]
        return _Wheels(files, f"the file names in {context.set.kind}", whole=True)
    # Of such an index only some wheels are recorded, so a missing one proves nothing.
    listing = [release for release in context.listed_releases(package) if not is_partial(release.index)]
    # Hashes leave no wheel but those that they admit, whatever else there may be.
    whole = bool(package.hashes) or context.covers(package)
    return _Wheels(_admitted(package, listing), "the wheels on the index", whole)


def _admitted(package: Package, releases: Iterable[Release]) -> list[IndexFile]:
    """The index's files; where the set gives hashes, those that it admits."""
    every = [file for release in releases for file in release.files]
    if not package.hashes:
        return every
    # A hash that no wheel has is that of an sdist, which pip builds, or of a file that nobody recorded.
    known = {file.sha256 for file in every}
    return [file for file in every if file.sha256 in package.hashes] if known >= set(package.hashes) else []


def _no_wheel(context: AuditContext, package: Package, wheels: _Wheels) -> Finding:
    target = context.target
    needed = _glibc_of(wheels.files, target) if context.glibc_assumed else None
    if needed is not None:
        return _of_a_newer_glibc(package, needed, wheels.source)
    pythons = served_pythons(wheels.files, target)
    if target.python not in pythons and pythons:
        why = f"{package.pin} has wheels for python {listed(pythons, most=20)}, none for {target.python}"
    else:
        why = f"{package.pin} has no wheel for {_machine(target)}; the nearest is {wheels.files[0].filename}"
    return _finding(package, why, wheels.source)


def _glibc_of(files: Sequence[IndexFile], target: Target) -> str | None:
    """The oldest glibc with which one of the wheels can be used; None: with none."""
    newer = (f"2.{minor}" for minor in range(int(target.glibc.partition(".")[2]) + 1, NEWEST_GLIBC + 1))
    return next((glibc for glibc in newer if usable_files(files, replace(target, glibc=glibc))), None)


def _of_a_newer_glibc(package: Package, glibc: str, source: str) -> Finding:
    """Of a machine whose glibc nobody named it is not known whether it can use the wheels."""
    return finding_about(
        (package,),
        code=CODE,
        severity="note",
        why=f"the wheels of {package.pin} need glibc {glibc} or newer, and nobody said which glibc the machine has",
        source=source,
        cure=f"say it with --target glibc={glibc} where the machine has it, as `ldd --version` tells there",
    )


def _machine(target: Target) -> str:
    return target.platform if target.platform == "win-64" else f"{target.platform} with glibc {target.glibc}"


def _by_row(context: AuditContext, package: Package, row: Build) -> Finding | Answer:
    """What the row of its build says of the target's python."""
    has = wheel_for(context.matrices, row, context.target.python)
    if has is not Answer.NO:
        return has
    recorded = listed(pythons(row) or (), most=20)
    return _finding(
        package, f"{package.pin} has wheels for python {recorded}, none for {context.target.python}", row.source
    )


def _not_recorded(context: AuditContext, packages: Sequence[Package]) -> Finding:
    target = context.target
    pins = listed(sorted(package.pin for package in packages))
    return finding_about(
        packages,
        code=CODE,
        severity="note",
        why=f"the record of {pins} was not made for python {target.python} on {_machine(target)}, so that nobody "
        "knows whether there is a wheel",
        source="the recorded index",
        cure="ask the index itself with --live, or say with --target which python and platform you mean",
    )


def _finding(package: Package, why: str, source: str) -> Finding:
    return finding_about(
        (package,),
        code=CODE,
        severity="error",
        why=why,
        source=source,
        cure="take another version of it, or say with --target which python and platform you mean",
    )


def served_pythons(files: Iterable[IndexFile], target: Target) -> list[str]:
    """The CPythons (major.minor, ascending) that the wheels serve on the target's platform."""
    platforms = {tag.platform for tag in wheel_tags(target)}
    pythons = set()
    for file in files:
        try:
            tags = parse_wheel_filename(without_label(file.filename))[3]
        except InvalidWheelFilename:
            continue
        pythons |= {python for tag in tags if tag.platform in platforms and (python := _python(tag))}
    return sorted(pythons, key=Version)


def _python(tag: Tag) -> str | None:
    digits = tag.interpreter.removeprefix("cp")
    if not tag.interpreter.startswith("cp") or not digits.isdigit() or tag.abi.endswith("t"):
        return None
    return f"{digits[0]}.{digits[1:]}" if len(digits) > 1 else None
