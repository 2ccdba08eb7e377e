"""The facts that a lock rests on, and whether they still stand."""

from __future__ import annotations

from solver.commands.project import Project
from solver.core.answer import Answer, NotKnown
from solver.core.axes import CUDA
from solver.core.errors import NotRecorded
from solver.core.indexes import INDEXES
from solver.core.model import Pin, Profile, PypiName, Solution
from solver.core.versions import major
from solver.lock.folder import LockFolder
from solver.lock.solution import digest, request_digest
from solver.matrix.libraries import brought
from solver.matrix.load import Matrices
from solver.matrix.place import Place
from solver.matrix.rows import Row
from solver.matrix.rules import holds
from solver.matrix.runtimes import insides


def rows_used(matrices: Matrices, solution: Solution) -> dict[str, str]:
    """Id and digest of every row that had a say in the solution."""
    versions = {str(pin.name): pin.version for pin in solution.pins}
    mentioned = [item.row for item in solution.because] + [pin.row for pin in solution.pins]
    ids = {row for row in (*mentioned, *(note.row for note in solution.notes)) if row}
    place = Place.of(solution.target)
    used: list[Row] = [row for row in matrices.rules if holds(row, versions, place) is Answer.YES]
    used += brought(matrices.libraries, versions)
    for cuda in _cudas(matrices, solution):
        used += [row for row in matrices.toolkits if row.cuda == cuda]
        used += [row for row in matrices.families if row.major == major(cuda)]
    ids |= {row.id for row in used}
    return {row_id: matrices.digest(row_id) for row_id in sorted(ids)}


def _cudas(matrices: Matrices, solution: Solution) -> list[str]:
    """Every CUDA runtime (major.minor) of a solution: the one that its axis tells, and those inside wheels."""
    pins = {str(pin.name): pin.version for pin in solution.pins}
    carried = (one for one in insides(matrices, pins, solution.target.platform) if one.runtime == CUDA and one.surely)
    versions = [solution.axes[CUDA], *(one.version for one in carried)]
    return [version for version in dict.fromkeys(versions) if isinstance(version, str)]


def index_facts(project: Project, solution: Solution) -> dict[str, str]:
    """``name==version`` of every release that was used, with its digest; a live one has that of its pin."""
    return {f"{pin.name}=={pin.version}": _fact(project, pin) for pin in solution.pins}


def _fact(project: Project, pin: Pin) -> str:
    try:
        return project.snapshot.digest(pin.name, pin.version, pin.index)
    except NotRecorded:
        return digest((pin.files, None if isinstance(pin.requires, NotKnown) else pin.requires))


def changed_facts(project: Project, profile: Profile, lock: LockFolder) -> list[str]:
    """What a lock rests on and that the request, the rows or the record say otherwise now."""
    reasons = []
    if lock.solution.request != request_digest(profile):
        reasons.append("the request was changed")
    for row, digest_then in lock.solution.rows.items():
        if not project.matrices.has(row) or project.matrices.digest(row) != digest_then:
            reasons.append(f"row {row} was changed")
    for package, version, digest_then in lock.solution.releases:
        if not _stands(project, package, version, digest_then):
            reasons.append(f"the recorded {package}=={version} was changed")
    return reasons


def _stands(project: Project, name: PypiName, version: str, digest_then: str) -> bool:
    """Whether an index still says the same of a release; what is recorded no more speaks against nothing."""
    digests = []
    for index in INDEXES:
        try:
            digests.append(project.snapshot.digest(name, version, index))
        except NotRecorded:
            continue
    return not digests or digest_then in digests
