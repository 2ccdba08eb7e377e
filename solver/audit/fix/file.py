"""Writes a mended set as a requirements file that says what was changed and why. Returns text only."""

from __future__ import annotations

from collections.abc import Sequence

from solver.audit.fix.changes import Fixed, PackageChange
from solver.audit.package_set import Package
from solver.core.names import one_line
from solver.core.writers import LOCAL_WHEELS, comment, requirement_line, wrapped


def as_requirements(fixed: Fixed, command: str, *, local_wheels: bool = False) -> str:
    """The mended set as a requirements file, with a line above each change that says why.

    ``command`` is the command that writes it, for the header. Hashes stand
    where every package has some: pip takes all or none. ``local_wheels``: wheels of
    our own lie beside the file.
    """
    changes = {change.name: change for change in fixed.changes}
    packages = sorted((package for package in fixed.package_set.packages if package.from_index), key=lambda p: p.name)
    hashed = all(package.hashes for package in packages)
    lines = [comment(f"written by `{command}`"), *([LOCAL_WHEELS] if local_wheels else [])]
    lines += [comment(change_reason(change)) for change in fixed.changes if change.after is None]
    for package in packages:
        if package.name in changes:
            lines.append(comment(change_reason(changes[package.name])))
        lines.append(wrapped(package_line(package, package.hashes if hashed else ())))
    return "\n".join(lines) + "\n"


def change_reason(change: PackageChange) -> str:
    """What became of a package, and why, on one line."""
    if change.after is None:
        return one_line(f"{'' if change.before is None else change.before.pin} was taken out: {change.why}")
    before = "is new" if change.before is None else f"was {change.stated}"
    return one_line(f"{before}: {change.why}")


def package_line(package: Package, hashes: Sequence[str]) -> str:
    """The requirement of one package."""
    return requirement_line(
        package.name,
        version=package.version,
        specifier=package.specifier,
        url=package.url,
        extras=package.extras,
        hashes=hashes,
    )
