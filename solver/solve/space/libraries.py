"""What a CUDA library asks of the axes: the CUDA major that is its own, and the very release of what has an axis."""

from __future__ import annotations

from collections.abc import Iterator

from solver.core.answer import NotKnown
from solver.core.axes import is_of_kind
from solver.core.versions import minor
from solver.matrix.libraries import brings
from solver.matrix.rows import Library
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
    runtime = decides(library)
    if runtime is not None and is_of_kind(runtime, "toolkit"):
        cuda = minor(candidate.version)
        same = space.mask_where(AXIS_CUDA, lambda c: c.version == cuda)
        source = f"{candidate.ident} is of that toolkit"
        yield Ask(AXIS_CUDA, same, f"CUDA {cuda}", source, library.id, f"=={cuda}", brings=True)
        return
    # A sound set has one CUDA major: a library of another serves nothing in it, and may be loaded instead.
    text = f"CUDA {library.cuda}, whose {library.library} it is"
    mask = space.cuda_mask(str(library.cuda))
    yield Ask(AXIS_CUDA, mask, text, library.source, library.id, f"=={library.cuda}.*")
    if runtime is not None and is_of_kind(runtime, "library"):
        same = space.mask_where(AXIS_CUDNN, lambda c: c.version == candidate.version)
        text = f"cuDNN {candidate.version}"
        yield Ask(AXIS_CUDNN, same, text, ITSELF, library.id, kind=Kind.SAME, brings=True)


def _tied_first(row: Library) -> tuple[bool, str]:
    return decides(row) is None, row.id
