"""audit --fix: the nearest set that passes, written over the file or beside it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from solver.audit.assumed import assumed_target
from solver.audit.codes import unknown
from solver.audit.context import AuditContext
from solver.audit.fix.changes import Fixed
from solver.audit.fix.edit import edited
from solver.audit.fix.file import as_requirements
from solver.audit.fix.mend import ClosureSearch, fix
from solver.audit.origins import settled
from solver.audit.package_set import Package
from solver.audit.run import context_of
from solver.audit.set_kinds import KINDS
from solver.audit.supposed import by_default_index, may_come_from_elsewhere
from solver.commands.audit import Given, Words, any_grave, read_for
from solver.commands.project import Reach, open_facts
from solver.core.acceptance import NOTHING, Acceptance
from solver.core.answer import Answer
from solver.core.errors import BadInput
from solver.core.frameworks import FRAMEWORKS
from solver.core.indexes import INDEXES
from solver.core.model import Framework, Pin, Platform, Profile, PypiName, Severity, Target, pypi_name
from solver.core.names import one_line
from solver.core.reading import read_text
from solver.core.whole import put_whole
from solver.lock.loader.local import loader_beside
from solver.lock.requirements import LocalWheel
from solver.matrix.load import Matrices
from solver.solve.search import find
from solver.solve.space.packages import Spaces

OTHER_FILE = "requirements.fixed.txt"
"""Where the set goes that was read from a format which is not written."""


@dataclass(frozen=True)
class Repair:
    """What became of a set that was to be mended."""

    fixed: Fixed | None
    """None: no set near to it passes."""
    file: Path | None
    """The requirements file that was written; None where nothing had to change."""
    change: str = ""
    """What it has else than the file that was given, as a unified diff; empty where that is of another format."""

    def fails(self, mildest: Severity) -> bool:
        """Whether no set was found, or an audit of the one that was would fail."""
        return self.fixed is None or any_grave(self.fixed.left, mildest)


def fix_file(
    root: Path,
    what: Given,
    words: Words,
    *,
    reach: Reach = Reach.RECORD,
    in_place: bool = False,
    accept: Acceptance = NOTHING,
) -> Repair:
    """Write the nearest set that passes beside ``what``, or over it where it is a requirements file and ``in_place``.

    What ``accept`` or the file itself accepts is no reason to change anything.
    Raises ``BadInput`` where ``what`` cannot be read, or is an image's build.
    """
    matrices, index, _ = open_facts(root, reach=reach)
    package_set, target = read_for(what, words, matrices, index)
    if package_set.base is not None:
        problem = "is the build of an image, whose own packages no list holds"
        raise BadInput(problem, file=what.path, key="--fix", fix="mend the line that a finding names")
    where = target or assumed_target(package_set, matrices, index)
    # What a file's further indexes may serve nobody knows; the nearest set is looked for among what is known.
    strange = may_come_from_elsewhere(settled(package_set, matrices, index, target))
    package_set = by_default_index(package_set)
    # Every set that is tried is for the python of this one, also where other versions would suggest another.
    package_set = msgspec.structs.replace(package_set, python=package_set.python or where.python)
    loaders, accepted = _Loaders(matrices, where.platform), {**what.accepted, **accept}
    cuda = "none" if _is_for_cpu(context_of(package_set, matrices, index, target)) else ""
    search = _search_on(where, cuda, Spaces(matrices, index), accepted)
    fixed = fix(package_set, matrices, index, target, search, loaders, accepted)
    if fixed is not None and strange:
        fixed = _with_doubt(fixed, strange)
    if fixed is None or not fixed.changes:
        return Repair(fixed, None)
    return _written(fixed, what, loaders.of(fixed), in_place=in_place)


def _with_doubt(fixed: Fixed, strange: Sequence[Package]) -> Fixed:
    """``fixed`` with a word about those of its packages that an index beside the default one may serve."""
    hosts = {package.name: package for package in strange}
    kept = [
        msgspec.structs.replace(one, elsewhere=hosts[one.name].elsewhere, sources=hosts[one.name].sources)
        for one in fixed.package_set.packages
        if one.name in hosts
    ]
    return msgspec.structs.replace(fixed, left=(*fixed.left, unknown.may_be_elsewhere(kept))) if kept else fixed


def _written(fixed: Fixed, what: Given, wheels: Sequence[LocalWheel], *, in_place: bool) -> Repair:
    """Write the mended set beside or over its file, and the wheels that it needs beside that."""
    local, before = bool(wheels), ""
    if KINDS[fixed.package_set.kind].has_lines:
        before = what.text if what.text is not None else read_text(what.path)
        after = edited(before, fixed, str(what.path), local_wheels=local)
    else:
        after = as_requirements(fixed, one_line(f"interlock audit --fix {what.path.name}"), local_wheels=local)
    file = what.path if in_place and before and what.text is None else what.path.with_name(OTHER_FILE)
    for wheel in wheels:
        put_whole(file.parent / wheel.place, wheel.content)
    put_whole(file, after)
    return Repair(fixed, file, _difference(before, after, what.path.name, file.name) if before else "")


def _difference(before: str, after: str, one: str, other: str) -> str:
    return "\n".join(difflib.unified_diff(before.splitlines(), after.splitlines(), one, other, lineterm="", n=1))


def _is_for_cpu(context: AuditContext) -> bool:
    """Whether no GPU can be used, or none is meant: every framework is a CPU build, and nothing asks for another."""
    if context.target.driver is None:
        return True
    frameworks = [build for build in context.builds if build.framework is not None]
    on_cpu = bool(frameworks) and all(build.has_cuda is Answer.NO for build in frameworks)
    return on_cpu and not context.target.gpus and not context.provided


def _search_on(target: Target, cuda: str, spaces: Spaces, accepted: Acceptance) -> ClosureSearch:
    """The search of ``solve``, in the audit's words; ``cuda`` and ``accepted`` as in a request."""

    def search(roots: Sequence[str], constraints: Mapping[PypiName, str]) -> Sequence[Pin] | None:
        profile = msgspec.structs.replace(_as_profile(roots, constraints, target, cuda), accept=dict(accepted))
        # What everybody's pip finds goes before what needs another index.
        for one in (profile, msgspec.structs.replace(profile, indexes=tuple(INDEXES))):
            solution = find(one, spaces, lockable_only=True)
            if solution is not None:
                return solution.pins
        return None

    return search


def _as_profile(roots: Sequence[str], constraints: Mapping[PypiName, str], target: Target, cuda: str) -> Profile:
    names = {pypi_name(root.partition("[")[0]) for root in roots}
    frameworks: tuple[Framework, ...] = tuple(name for name in FRAMEWORKS if name in names)
    rest = tuple(root for root in roots if root not in FRAMEWORKS)
    return Profile(
        name="the nearest set",
        frameworks=frameworks,
        target=target,
        python=f"=={target.python}",
        cuda=cuda,
        constraints={str(name): specifier for name, specifier in constraints.items()},
        packages=rest,
    )


@dataclass
class _Loaders:
    """Makes the loader wheel of each set that is tried, and knows afterwards which one the mended set holds."""

    matrices: Matrices
    platform: Platform
    made: dict[str, LocalWheel] = field(default_factory=dict)
    """By sha256."""

    def __call__(self, versions: Mapping[PypiName, str]) -> Package | None:
        wheel = loader_beside(self.matrices, {str(name): version for name, version in versions.items()}, self.platform)
        if not isinstance(wheel, LocalWheel):
            return None
        self.made[wheel.sha256] = wheel
        return Package(name=pypi_name(wheel.name), version=wheel.version, requires=(), hashes=(wheel.sha256,))

    def of(self, fixed: Fixed) -> list[LocalWheel]:
        """The wheels that ``fixed`` holds."""
        digests = [digest for package in fixed.package_set.packages for digest in package.hashes]
        return [self.made[digest] for digest in digests if digest in self.made]
