"""``python-tag``: a package has no wheel for the target's python, platform or glibc."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.package_set import Package
from solver.audit.words import listed
from solver.core.answer import NotKnown
from solver.core.model import Finding, IndexFile, Release, Target
from solver.core.target import admits_python, usable_files, wheel_tags
from solver.matrix.builds import entries

CODE = "python-tag"


def find(context: AuditContext) -> Iterator[Finding]:
    """Wheels by the set's own file names, by the index, or, for frameworks, by their rows."""
    if context.set.prefix is not None:
        return  # What is installed was installed for this python.
    for package in context.set.packages:
        if package.origin == "pypi" and package.version is not None:
            yield from _check(context, package)


def _check(context: AuditContext, package: Package) -> Iterator[Finding]:
    releases = context.releases(package)
    files, source = _files(context, package, releases)
    if not files:
        yield from _by_row(context, package)
    elif not usable_files(files, context.target):
        yield _no_wheel(context, package, files, source)
    refusing = [r.requires_python for r in releases if not admits_python(r.requires_python, context.target)]
    if releases and len(refusing) == len(releases):
        why = f"{package.pin} asks for python {refusing[0]}; the target's is {context.target.python}"
        yield _finding(package, why, "Requires-Python on the index")


def _files(context: AuditContext, package: Package, releases: Iterable[Release]) -> tuple[list[IndexFile], str]:
    """The wheels that may be installed, and who tells of them: the set, or else the index."""
    wheels = [name for name in package.files if name.endswith(".whl")]
    if wheels:
        return [IndexFile(filename=name, sha256=None) for name in wheels], f"the file names in {context.set.kind}"
    # Of the PyTorch index only some wheels are recorded, so a missing one proves nothing.
    listing = [release for release in releases if release.index == "default"]
    return _admitted(package, listing), "the wheels on the index"


def _admitted(package: Package, releases: Iterable[Release]) -> list[IndexFile]:
    """The index's files; where the set gives hashes, those that it admits."""
    every = [file for release in releases for file in release.files]
    if not package.hashes:
        return every
    # A hash that no wheel has is that of an sdist, which pip builds, or of a file that nobody recorded.
    known = {file.sha256 for file in every}
    return [file for file in every if file.sha256 in package.hashes] if known >= set(package.hashes) else []


def _no_wheel(context: AuditContext, package: Package, files: list[IndexFile], source: str) -> Finding:
    target = context.target
    pythons = served_pythons(files, target)
    if target.python not in pythons and pythons:
        why = f"{package.pin} has wheels for python {listed(pythons, most=20)}, none for {target.python}"
    else:
        on = target.platform if target.platform == "win-64" else f"{target.platform} with glibc {target.glibc}"
        why = f"{package.pin} has no wheel for {on}; the nearest is {files[0].filename}"
    return _finding(package, why, source)


def _by_row(context: AuditContext, package: Package) -> Iterator[Finding]:
    platform, version = context.target.platform, package.version or ""
    row = context.matrices.build(package.name, version, platform)
    if isinstance(row, NotKnown):
        return
    pythons = entries(row.python)
    if pythons and context.target.python not in pythons:
        why = f"{package.pin} has wheels for python {listed(pythons, most=20)}, none for {context.target.python}"
        yield _finding(package, why, row.source)


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
            tags = parse_wheel_filename(file.filename)[3]
        except InvalidWheelFilename:
            continue
        pythons |= {python for tag in tags if tag.platform in platforms and (python := _python(tag))}
    return sorted(pythons, key=Version)


def _python(tag: Tag) -> str | None:
    digits = tag.interpreter.removeprefix("cp")
    if not tag.interpreter.startswith("cp") or not digits.isdigit() or tag.abi.endswith("t"):
        return None
    return f"{digits[0]}.{digits[1:]}" if len(digits) > 1 else None
