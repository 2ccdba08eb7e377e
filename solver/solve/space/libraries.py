"""What a CUDA library asks of the axes: the CUDA major that is its own, and the very release of what has an axis."""

from __future__ import annotations

from collections.abc import Iterator

from solver.core.answer import NotKnown
from solver.core.axes import is_of_kind
from solver.core.versions import minor
from solver.matrix.libraries import brings, is_idle_beside
from solver.matrix.rows import CUDART, Library
from solver.matrix.runtimes import decides
from solver.solve.space.candidates import Candidates
from solver.solve.space.terms import AXIS_CUDA, AXIS_CUDNN, ITSELF, Ask, Candidate, Kind


def library_asks(space: Candidates, candidate: Candidate) -> Iterator[Ask]:
    """What follows from the CUDA libraries that a distribution brings; nothing where it brings none."""
    rows = brings(space.matrices, candidate.ident, candidate.version)
    # Of what nobody read no version may be chosen, see ``refusals``.
    library = None if isinstance(rows, NotKnown) else min(rows, key=_tied_first, default=None)
    if library is None:
        return
    runtime, whole = decides(library), space.cuda_mask(str(library.cuda))
    if runtime is not None and is_of_kind(runtime, "toolkit"):
        cuda = minor(candidate.version)
        same = space.mask_where(AXIS_CUDA, lambda c: c.version == cuda) | _unasked(space, library, whole)
        source = f"{candidate.ident} is of that toolkit"
        yield Ask(AXIS_CUDA, same, f"CUDA {cuda}", source, library.id, f"=={cuda}", brings=True)
        return
    # A sound set has one CUDA major: a library of another serves nothing in it, and may be loaded instead.
    text = f"CUDA {library.cuda}, whose {library.library} it is"
    mask = whole | _unasked(space, library, whole)
    yield Ask(AXIS_CUDA, mask, text, library.source, library.id, f"=={library.cuda}.*")
    if runtime is not None and is_of_kind(runtime, "library"):
        same = space.mask_where(AXIS_CUDNN, lambda c: c.version == candidate.version)
        text = f"cuDNN {candidate.version}"
        yield Ask(AXIS_CUDNN, same, text, ITSELF, library.id, kind=Kind.SAME, brings=True)


def _unasked(space: Candidates, library: Library, same: int) -> int:
    """The CUDAs of which nobody knows that the library harms them: where all is doubted it may lie beside them.

    That is those of another major that never come upon it, and of the same one, in which libraries serve each other,
    for what is not itself the runtime.
    """
    if not space.scope.doubtful:
        return 0
    serving = 0 if library.library == CUDART else same
    return serving | space.mask_where(AXIS_CUDA, lambda c: is_idle_beside(library, c.version, space.matrices))


def _tied_first(row: Library) -> tuple[bool, str]:
    return decides(row) is None, row.id
