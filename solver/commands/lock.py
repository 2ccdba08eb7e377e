"""The one page that knows every step: request in, locks out.

Steps talk through values only; this module calls them in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import msgspec
from packaging.version import Version

from solver.commands.conda import base_environment, beside_conda, conda_lock_files, solve_conda_profile
from solver.commands.gate import audit_conda, audit_solution
from solver.commands.project import Project
from solver.core.answer import Answer
from solver.core.errors import NoSolution, NotRecorded
from solver.core.frameworks import FRAMEWORKS, preferred_first
from solver.core.model import Finding, IndexName, Pin, Profile, Solution, pypi_name
from solver.core.whole import put_whole, write_folder
from solver.core.yamlfile import load_yaml
from solver.index import Index
from solver.lock.environment import sharing_variables
from solver.lock.loader.local import local_wheels
from solver.lock.loader.sharing import ACTIVATION, activation_script
from solver.lock.pylock import pylock_toml
from solver.lock.requirements import LocalWheel, requirement_lines, requirements_txt
from solver.lock.solution import FILE as SOLUTION_FILE
from solver.lock.solution import digest, installable_digest, read_files, request_digest, solution_yaml
from solver.matrix.libraries import brought
from solver.matrix.load import Matrices
from solver.matrix.place import Place
from solver.matrix.rows import Row
from solver.matrix.rules import holds
from solver.request.interop import with_interop
from solver.solve.search import find, solve
from solver.solve.space.packages import Spaces

INDEXES: tuple[IndexName, ...] = ("default", "pytorch")


@dataclass(frozen=True)
class Lock:
    """One profile's lock, made and not yet written."""

    profile: Profile
    solution: Solution
    files: dict[str, bytes]
    """By POSIX name below locks/<profile>."""
    wheels: tuple[LocalWheel, ...]
    conda_packages: int = 0
    """Packages of the conda half."""


def command_for(profile: Profile) -> str:
    """The one command that makes a profile's lock."""
    return f"interlock lock {profile.name}"


def solve_ad_hoc(profile: Profile, matrices: Matrices, index: Index) -> Solution:
    """The preferred solution over everything known, lockable or not."""
    return solve(profile, Spaces(matrices, index))


def solve_profile(project: Project, profile: Profile) -> Solution:
    """The solution that ``lock`` writes: everything in it was read; a variant is part of its parent's."""
    profile = with_interop(profile, project.matrices)
    if profile.flavour == "conda":
        return solve_conda_profile(project, profile).solution
    if profile.variant_of is None:
        wanted = beside_conda(project, profile)
        verified = _verified(project, wanted) if profile.prefer_verified else None
        return verified or solve(wanted, project.spaces, lockable_only=True)
    parent = solve_profile(project, project.profile(profile.variant_of))
    if not profile.frameworks:
        return _shared_base(project, profile, parent)
    return solve(_pinned_to(profile, parent), project.spaces, lockable_only=True)


def _verified(project: Project, profile: Profile) -> Solution | None:
    """The newest set that ran on a GPU and that the profile admits; None where there is none."""
    found = []
    for row in project.matrices.verified:
        kept = {name: f"=={version}" for name, version in row.packages.items() if name not in _NOT_SEARCHED}
        both = {name: ",".join(filter(None, (profile.constraints.get(name), kept.get(name)))) for name in kept}
        pinned = msgspec.structs.replace(profile, constraints={**profile.constraints, **both})
        solution = find(pinned, project.spaces, lockable_only=True)
        if solution is not None:
            found.append(solution)
    order = preferred_first(profile.frameworks)
    order.sort(key=lambda name: name != profile.prefer)
    return max(found, key=lambda one: [Version(one.axes[name] or "0") for name in order], default=None)


_NOT_SEARCHED = ("python", "interlock-loader")
"""Of a verified set, what is not for the search to choose."""


def _pinned_to(profile: Profile, parent: Solution) -> Profile:
    kept = {str(pin.name): f"=={pin.version}" for pin in parent.pins}
    constraints = {**profile.constraints, **kept}
    return msgspec.structs.replace(profile, constraints=constraints, python=f"=={parent.target.python}")


def _shared_base(project: Project, profile: Profile, parent: Solution) -> Solution:
    """What the closures of both frameworks share, and what the variant itself asks for."""
    parts = [
        solve(
            _pinned_to(msgspec.structs.replace(profile, frameworks=(name,)), parent), project.spaces, lockable_only=True
        )
        for name in project.profile(profile.variant_of or "").frameworks
    ]
    names = set.intersection(*({str(pin.name) for pin in part.pins} for part in parts))
    kept = tuple(pin for pin in parent.pins if pin.name in names)
    axes = {
        axis: version if axis in {"python", "cuda", "cudnn", *names} else None for axis, version in parent.axes.items()
    }
    because = tuple(item for item in parent.because if item.package in {"cuda", "cudnn", *names})
    return msgspec.structs.replace(parent, profile=profile.name, pins=kept, axes=axes, because=because, notes=())


def make_lock(project: Project, profile: Profile) -> Lock:
    """Search, close, audit and render one profile; nothing is written.

    Raises ``Unsolvable``, ``NoSolution`` where something in it was never read, ``CheckFailed`` where
    the audit finds an error, ``BadInput``.
    """
    if profile.flavour == "conda":
        return _make_conda_lock(project, profile)
    solution = solve_profile(project, profile)
    if not solution.lockable:
        missing = "; ".join(solution.missing)
        raise NoSolution(f"{profile.name} is solvable, not lockable here, since nobody read {missing}")
    wheels = tuple(local_wheels(project.matrices, profile, solution))
    lines = requirement_lines(solution, wheels)
    command = command_for(profile)
    files = {"requirements.txt": requirements_txt(solution, lines, command).encode()}
    files |= {f"wheels/{wheel.filename}": wheel.content for wheel in wheels}
    if profile.gpu_sharing is not None:
        files[ACTIVATION] = activation_script(sharing_variables(profile)).encode()
    base = base_environment(project, profile, solution, lines)
    files |= base.files
    warnings = audit_solution(project, solution, wheels)
    files[SOLUTION_FILE] = _solution_file(project, profile, solution, files, warnings, base.told).encode()
    return Lock(profile, solution, files, wheels, base.packages)


def _make_conda_lock(project: Project, profile: Profile) -> Lock:
    made = conda_lock_files(project, profile)
    files = dict(made.files)
    warnings = audit_conda(project, profile.name, made.solution.target, files["conda-lock.yml"].decode())
    text = solution_yaml(
        made.solution,
        profile,
        lock_digest=installable_digest(files),
        rows={row: project.matrices.digest(row) for row in made.rows},
        index_facts={},
        command=command_for(profile),
        warnings=warnings,
        conda=made.told,
    )
    return Lock(profile, made.solution, {**files, SOLUTION_FILE: text.encode()}, (), made.packages)


def _solution_file(
    project: Project,
    profile: Profile,
    solution: Solution,
    files: Mapping[str, bytes],
    warnings: Sequence[Finding],
    conda: Mapping[str, object] | None = None,
) -> str:
    return solution_yaml(
        solution,
        profile,
        lock_digest=installable_digest(files),
        rows=rows_used(project.matrices, solution),
        index_facts=index_facts(project, solution),
        command=command_for(profile),
        warnings=warnings,
        conda=conda,
    )


def rows_used(matrices: Matrices, solution: Solution) -> dict[str, str]:
    """Id and digest of every row that had a say in the solution."""
    versions = {str(pin.name): pin.version for pin in solution.pins}
    mentioned = [item.row for item in solution.because] + [pin.row for pin in solution.pins]
    ids = {row for row in (*mentioned, *(note.row for note in solution.notes)) if row}
    place = Place.of(solution.target)
    used: list[Row] = [row for row in matrices.rules if holds(row, versions, place) is Answer.YES]
    used += brought(matrices.libraries, versions)
    cuda = solution.axes["cuda"]
    if cuda:
        used += [row for row in matrices.toolkits if row.cuda == cuda]
        used += [row for row in matrices.families if str(row.major) == cuda.split(".")[0]]
    ids |= {row.id for row in used}
    return {row_id: matrices.digest(row_id) for row_id in sorted(ids)}


def index_facts(project: Project, solution: Solution) -> dict[str, str]:
    """``name==version`` of every release that was used, with its digest; a live one has that of its pin."""
    return {f"{pin.name}=={pin.version}": _fact(project, pin) for pin in solution.pins}


def _fact(project: Project, pin: Pin) -> str:
    try:
        return project.snapshot.digest(pin.name, pin.version, pin.index)
    except NotRecorded:
        return digest((pin.files, pin.requires))


def write_lock(project: Project, lock: Lock) -> bool:
    """Put the lock's folder in place, whole; evidence stays. Returns whether anything changed."""
    return write_folder(project.locks / lock.profile.name, lock.files, keep=("evidence/",), derived=("pylock.toml",))


def lock_state(project: Project, name: str) -> list[str]:
    """Why the lock of ``name`` on disk no longer stands on what it was made from; empty: it is fresh.

    Only what was used counts: newer releases and unrelated rows make no lock stale.
    """
    folder = project.locks / name
    if not (folder / SOLUTION_FILE).is_file():
        return ["it was never made"]
    data = load_yaml(folder / SOLUTION_FILE).data
    if not isinstance(data, dict):
        return ["its solution.yaml cannot be read"]
    files = {n: c for n, c in read_files(folder).items() if n != "pylock.toml"}
    reasons = []
    if data.get("request") != request_digest(project.profile(name)):
        reasons.append("the request was changed")
    if data.get("lock") != installable_digest(files):
        reasons.append("its files were changed")
    rows = {row.id: project.matrices.digest(row.id) for row in project.matrices.rows()}
    gone = [row for row, held in (data.get("rows") or {}).items() if rows.get(row) != held]
    reasons += [f"row {row} was changed" for row in gone]
    for fact, held in (data.get("index") or {}).items():
        if not _stands(project, fact, held):
            reasons.append(f"the recorded {fact} was changed")
    return reasons


def _stands(project: Project, fact: str, held: str) -> bool:
    name, _, version = fact.partition("==")
    found = []
    for index in INDEXES:
        try:
            found.append(project.snapshot.digest(pypi_name(name), version, index))
        except NotRecorded:
            continue
    return not found or held in found


def write_pylock(project: Project, lock: Lock, addresses: Mapping[str, str]) -> None:
    """pylock.toml beside the lock; see ``solver.lock.pylock``."""
    text = pylock_toml(lock.solution, addresses, lock.wheels)
    put_whole(project.locks / lock.profile.name / "pylock.toml", text)


def addresses_of(locks: Sequence[Lock]) -> dict[str, str]:
    """Where the default index keeps the files of ``locks``, by file name; raises ``IndexUnavailable``."""
    from solver.index.pypi import PypiIndex

    index = PypiIndex()
    wanted = {file.filename: (pin.name, file) for lock in locks for pin in lock.solution.pins for file in pin.files}
    names = sorted({name for name, file in wanted.values() if file.url is None})
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(index.releases, names))
    found = {}
    for filename, (_, file) in wanted.items():
        if file.url is None:
            found[filename] = index.address(file)
    return found


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


def explain_stack(project: Project, profile: Profile) -> list[str]:
    """Pin by pin, what of a published stack was kept and what was changed."""
    from solver.commands.stack_page import explained

    return explained(project, profile)


def summary(lock: Lock) -> str:
    """One line on what a lock holds."""
    axes = lock.solution.axes
    chosen = [f"{axis} {axes[axis]}" for axis in (*FRAMEWORKS, "python", "cuda", "cudnn") if axes[axis]]
    halves = [(len(lock.solution.pins), "by pip"), (lock.conda_packages, "by conda")]
    return f"{', '.join(chosen)}; " + ", ".join(f"{count} packages {how}" for count, how in halves if count)
