"""What one lock has less, more and else than another."""

from __future__ import annotations

from solver.commands.conda import solve_conda_profile
from solver.commands.project import Project
from solver.commands.solve import solve_profile
from solver.core.model import Profile


def diff_locks(project: Project, one: str, other: str) -> tuple[list[str], dict[str, object]]:
    """What ``other`` has less, more and else than ``one``, in packages and bytes."""
    a, b = (_held(project, project.profile(name)) for name in (one, other))
    removed, added = sorted(set(a) - set(b)), sorted(set(b) - set(a))
    changed = sorted(name for name in set(a) & set(b) if a[name][0] != b[name][0])
    sizes = [sum(size or 0 for _, size in held.values()) for held in (a, b)]
    data: dict[str, object] = {
        "version": 1,
        "removed": {name: a[name][0] for name in removed},
        "added": {name: b[name][0] for name in added},
        "changed": {name: [a[name][0], b[name][0]] for name in changed},
        "packages": [len(a), len(b)],
        "bytes": sizes,
    }
    lines = [f"- {name}=={a[name][0]} ({_mb(a[name][1])})" for name in removed]
    lines += [f"+ {name}=={b[name][0]} ({_mb(b[name][1])})" for name in added]
    lines += [f"~ {name} {a[name][0]} -> {b[name][0]}" for name in changed]
    less_or_more = "less" if sizes[1] <= sizes[0] else "more"
    between = f"{_mb(abs(sizes[1] - sizes[0]))} {less_or_more} to download"
    lines.append(f"{one}: {len(a)} packages; {other}: {len(b)} packages, {between}")
    return lines, data


def _held(project: Project, profile: Profile) -> dict[str, tuple[str, int | None]]:
    """Version and size in bytes of what a lock installs for itself, by name."""
    if profile.flavour == "conda":
        records = solve_conda_profile(project, profile).records
        return {str(record.name): (record.version, record.size) for record in records}
    return {str(pin.name): (pin.version, pin.files[0].size) for pin in solve_profile(project, profile).pins}


def _mb(size: int | None) -> str:
    return "size unknown" if size is None else f"{size / 1e6:.1f} MB"
