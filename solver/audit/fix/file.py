"""Writes a mended set as a requirements file that says what was changed and why. Returns text only."""

from __future__ import annotations

from solver.audit.fix.mend import Fixed
from solver.audit.fix.needs import root_of
from solver.audit.package_set import Package


def as_requirements(fixed: Fixed, command: str) -> str:
    """The mended set as a requirements file, with a line above each change that says why.

    ``command`` is the command that writes it, for the header. Hashes stand
    where every package has some: pip takes all or none.
    """
    changes = {change.name: change for change in fixed.changes}
    packages = sorted(
        (package for package in fixed.package_set.packages if package.origin == "pypi"), key=lambda p: p.name
    )
    hashed = all(package.hashes for package in packages)
    lines = [f"# written by `{command}`"]
    for name, change in sorted(changes.items()):
        if change.after is None:
            lines.append(f"# {name}=={change.before} was taken out: {change.why}")
    for package in packages:
        told = changes.get(package.name)
        if told is not None:
            lines.append(f"# {'was ' + told.before if told.before else 'is new'}: {told.why}")
        lines.append(_line(package) + (_hashes(package) if hashed else ""))
    return "\n".join(lines) + "\n"


def _line(package: Package) -> str:
    if package.url is not None:
        return f"{root_of(package)} @ {package.url}"
    return root_of(package) + (package.asked if package.version is None else f"=={package.version}")


def _hashes(package: Package) -> str:
    return "".join(f" \\\n    --hash=sha256:{digest}" for digest in package.hashes)
