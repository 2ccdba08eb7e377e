"""That a set needs our loader wheel, told where no lock is made that would hold it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from solver.core.model import Note, Solution
from solver.core.spelling import all_of
from solver.lock.loader.local import tensorflow_build
from solver.lock.loader.wheel import Need, need
from solver.matrix.libraries import LOADER
from solver.matrix.load import Matrices
from solver.matrix.rows import Build, Library


def with_loader_note(solution: Solution, matrices: Matrices) -> Solution:
    """``solution`` with a note where its lock would hold the loader, since TensorFlow does not find all by itself.

    A lock has no such note: it has the wheel.
    """
    versions = {str(pin.name): pin.version for pin in solution.pins}
    build = tensorflow_build(matrices, versions, solution.target.platform)
    if not isinstance(build, Build):  # none, or one of which nobody read what it opens
        return solution
    needed = need(build, matrices.libraries, versions)
    if not needed.falls_short:
        return solution
    text = f"{'; '.join(_clauses(build, needed))}; {LOADER}, which a lock of this set would hold, leads it there"
    note = Note(package=build.package, text=text, row=build.id, evidence=build.source)
    return msgspec.structs.replace(solution, notes=(*solution.notes, note))


def _clauses(build: Build, needed: Need) -> Iterator[str]:
    """What falls short, library by library as a loader names them."""
    name = f"{build.package} {build.version}"
    if needed.hidden:
        yield f"{name} does not find {_names(needed.hidden)} by itself"
    if needed.doubtful:
        yield f"nobody read whether {name} finds {_names(needed.doubtful)} by itself"
    if needed.misses_xla_data:
        yield f"XLA in {name} does not find ptxas and libdevice by itself"


def _names(libraries: Iterable[Library]) -> str:
    return all_of(sorted({soname for row in libraries for soname in row.sonames[:1]}))
