"""audit and doctor, put together from the steps."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from packaging.version import InvalidVersion, Version

from solver.audit.inputs import read_set
from solver.audit.package_set import Package, PackageSet
from solver.audit.run import assumed_target, audit
from solver.commands.project import Project, open_facts, open_project
from solver.core.frameworks import FRAMEWORKS
from solver.core.model import Finding, Framework, Pin, Profile, PypiName, Target, pypi_name
from solver.core.names import one_line
from solver.core.whole import put_whole
from solver.lock.read import own_lock
from solver.lock.requirements import LocalWheel
from solver.matrix.load import Matrices
from solver.request.words import parse_target

Told = dict[str, Any]
Words = Mapping[str, object]
"""What --target named: platform, python, driver, gpu, glibc; empty: nothing."""


def _told_warnings(folder: Path) -> frozenset[tuple[str, tuple[str, ...]]]:
    """Code and packages of the warnings that the lock in ``folder`` tells of; empty where there is none."""
    lock = own_lock(folder)
    return frozenset() if lock is None else frozenset((one.code, one.packages) for one in lock.solution.warnings)


def audit_path(
    root: Path,
    what: Path,
    words: Words,
    environ: Mapping[str, str],
    *,
    live: bool = False,
    vulnerabilities: bool = False,
) -> tuple[Finding, ...]:
    """The findings for a file or an installed prefix; raises ``BadInput`` where it cannot be read.

    Warnings that a lock's own solution.yaml tells of are no findings any more.
    """
    matrices, index, _ = open_facts(root, live=live)
    package_set, target = _read(what, words, matrices)
    reader = None
    if live:
        from solver.audit.records import record_reader
        from solver.index.metadata import user_cache
        from solver.index.pypi import PypiIndex

        asked = PypiIndex()
        reader = record_reader(asked.address, user_cache() / "records")
    found = audit(package_set, matrices, index, target, environ if what.is_dir() else None, record_of=reader)
    if what.is_file():
        told = _told_warnings(what.parent)
        found = tuple(one for one in found if one.severity == "error" or (one.code, one.packages) not in told)
    if vulnerabilities:
        from solver.audit.codes.vulnerabilities import vulnerabilities as known

        found += known(package_set)
    return found


def _read(what: Path, words: Words, matrices: Matrices) -> tuple[PackageSet, Target | None]:
    """The set and the target that was named; words that were not given are taken from the set itself."""
    lock = own_lock(what.parent) if what.is_file() else None
    own = None if lock is None else lock.solution.target
    if not words:
        return read_set(what, own=own), None
    named = parse_target(words, matrices.gpus)
    package_set = read_set(what, named if "python" in words or "platform" in words else None, own)
    assumed = assumed_target(package_set, matrices)
    given = {"gpus" if word == "gpu" else word for word in words}
    kept = {field: getattr(assumed, field) for field in assumed.__struct_fields__ if field not in given}
    return package_set, msgspec.structs.replace(named, **kept)


def fix_file(root: Path, what: Path, words: Words, *, live: bool = False) -> tuple[list[str], bool]:
    """Write the nearest set that passes; returns what to say and whether the file now passes."""
    from solver.audit.fix.file import as_requirements
    from solver.audit.fix.mend import fix
    from solver.lock.loader.local import loader_beside
    from solver.solve.search import find
    from solver.solve.space.packages import Spaces

    matrices, index, _ = open_facts(root, live=live)
    package_set, target = _read(what, words, matrices)
    where = target or assumed_target(package_set, matrices)
    spaces = Spaces(matrices, index)

    def search(roots: Sequence[str], constraints: Mapping[PypiName, str]) -> Sequence[Pin] | None:
        solution = find(_as_profile(roots, constraints, where), spaces, lockable_only=True)
        return None if solution is None else solution.pins

    wheels: dict[str, LocalWheel] = {}

    def loader_for(versions: Mapping[PypiName, str]) -> Package | None:
        made = loader_beside(matrices, {str(name): version for name, version in versions.items()}, where.platform)
        if made is None:
            return None
        wheels[made.name] = made
        return Package(name=pypi_name(made.name), version=made.version, requires=(), hashes=(made.sha256,))

    fixed = fix(package_set, matrices, index, target, search, loader_for)
    if fixed is None:
        return [
            "no set near to this one passes; `interlock explain` tells why two packages cannot live together"
        ], False
    if not fixed.changes:
        return [f"{what}: nothing to mend", *(f"  left: {one.code}: {one.why}" for one in fixed.left)], True
    place = what if package_set.kind in ("requirements", "freeze") else what.with_name("requirements.fixed.txt")
    for wheel in wheels.values():
        put_whole(place.parent / "wheels" / wheel.filename, wheel.content)
    text = as_requirements(fixed, one_line(f"interlock audit --fix {what.name}"), local_wheels=bool(wheels))
    put_whole(place, text)
    lines = [f"wrote {place}:"]
    for change in fixed.changes:
        before, after = change.before or "not there", change.after or "taken out"
        lines.append(f"  {change.name}: {before} -> {after}: {change.why}")
    return lines + [f"  left: {one.code}: {one.why}" for one in fixed.left], True


def _as_profile(roots: Sequence[str], constraints: Mapping[PypiName, str], target: Target) -> Profile:
    names = {pypi_name(root.partition("[")[0]) for root in roots}
    frameworks: tuple[Framework, ...] = tuple(name for name in FRAMEWORKS if name in names)
    rest = tuple(root for root in roots if root not in FRAMEWORKS)
    return Profile(
        name="the nearest set",
        frameworks=frameworks,
        target=target,
        python=f"=={target.python}",
        constraints={str(name): specifier for name, specifier in constraints.items()},
        packages=rest,
        indexes=("default", "pytorch"),
    )


def doctor(root: Path, name: str | None) -> tuple[Told, bool]:
    """What this machine has beside what each lock needs; the flag is False where one cannot run."""
    from solver.core.machine import this_machine

    project = open_project(root)
    machine = this_machine()
    profiles = [project.profile(name)] if name else list(project.request.profiles)
    glibc = platform.libc_ver()[1] or None
    rows = [
        _fits(project, profile.name, machine.driver, [gpu.capability for gpu in machine.gpus], glibc)
        for profile in profiles
    ]
    told = {
        "version": 1,
        "machine": {
            "driver": machine.driver,
            "gpus": [{"name": gpu.name, "capability": gpu.capability} for gpu in machine.gpus],
            "glibc": glibc,
            "python": platform.python_version(),
        },
        "profiles": rows,
    }
    return told, all(not row["problems"] for row in rows)


def _fits(project: Project, name: str, driver: str | None, gpus: list[str], glibc: str | None) -> Told:
    profile = project.profile(name)
    target = profile.target
    problems = []
    if profile.cuda != "none" and profile.frameworks:
        if driver is None:
            problems.append("no NVIDIA driver answers; the frameworks would run on the CPU")
        elif target.driver and _older(driver, target.driver):
            problems.append(f"the driver is {driver} and the lock needs {target.driver} or newer")
        if target.gpus and not set(target.gpus) & set(gpus):
            problems.append(f"no GPU here has compute capability {' or '.join(target.gpus)}")
    if glibc is not None and target.platform.startswith("linux") and _older(glibc, target.glibc):
        problems.append(f"glibc is {glibc} and the lock needs {target.glibc} or newer")
    return {"profile": name, "problems": problems}


def _older(have: str, needed: str) -> bool:
    try:
        return Version(have) < Version(needed)
    except InvalidVersion:
        return False


def doctor_lines(told: Told) -> list[str]:
    """``doctor``'s answer for a terminal."""
    machine = told["machine"]
    gpus = ", ".join(f"{gpu['name']} ({gpu['capability']})" for gpu in machine["gpus"]) or "no NVIDIA GPU"
    lines = [f"this machine: {gpus}, driver {machine['driver'] or 'none'}, glibc {machine['glibc'] or 'unknown'}"]
    return [*lines, *(f"  {row['profile']}: {'; '.join(row['problems']) or 'fine'}" for row in told["profiles"])]
