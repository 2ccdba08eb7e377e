"""What a build asks of every cuDNN that may be loaded in its process."""

from __future__ import annotations

from collections.abc import Iterator

from solver.core.answer import NOT_KNOWN, Answer, NotKnown
from solver.core.versions import major, minor
from solver.matrix.builds import source_of
from solver.matrix.cudnn import built_with, carried, cudnn_suits, served_by, works_beside
from solver.matrix.libraries import bundled, opens, pins
from solver.matrix.rows import CUDNN, NONE, Build
from solver.solve.space.candidates import Candidates
from solver.solve.space.terms import AXIS_CUDNN, Ask, Candidate, Kind, guard


def cudnn_asks(space: Candidates, row: Build) -> Iterator[Ask]:
    """Of a distribution's cuDNN that it serves the build, and of those inside other wheels that they do no harm.

    A build whose metadata pins its CUDA libraries asks for its own cuDNN by that, which has to serve it all the same.
    """
    specifier = served_by(row)
    if not isinstance(specifier, str):
        return
    inside = bundled(row)
    if inside is Answer.YES:
        yield from _other_cudnn(space, row)
    elif pins(row) is Answer.YES:
        yield _pinned_cudnn(space, row)
    elif not (inside is Answer.NOT_KNOWN and space.scope.doubtful):
        yield _own_cudnn(space, row, specifier)
    for name in space.scope.carriers:
        if name != row.package:
            yield from _carried_cudnn(space, row, name)


def _serving(space: Candidates, row: Build) -> int:
    return space.mask_where(
        AXIS_CUDNN, lambda c: c.version != NONE and cudnn_suits(row, c.version).answer is Answer.YES
    )


def _pinned_cudnn(space: Candidates, row: Build) -> Ask:
    """None that does not serve its code: what its metadata asks for is no word of it."""
    text = f"cuDNN {_at_least(row, ', at least')}, where there is one"
    return Ask(guard(AXIS_CUDNN), 1 | _serving(space, row) << 1, text, source_of(row), row.id, kind=Kind.NONE_OF)


def _own_cudnn(space: Candidates, row: Build, specifier: str) -> Ask:
    """A cuDNN that serves its code, since it brings none."""
    mask = _serving(space, row)
    text = f"cuDNN {_at_least(row, ', at least')}"
    if opens(row, CUDNN) is not Answer.NO:
        return Ask(AXIS_CUDNN, mask, text, source_of(row), row.id, specifier)
    return Ask(guard(AXIS_CUDNN), 1 | mask << 1, f"{text}, where there is one", source_of(row), row.id, specifier)


def _other_cudnn(space: Candidates, row: Build) -> Iterator[Ask]:
    """A cuDNN beside the one inside the wheel may be loaded first, so it must serve the wheel's code too."""
    harms = space.mask_where(AXIS_CUDNN, lambda c: c.version != NONE and _harms(row, c.version))
    text = f"no cuDNN {_at_least(row, ' older than')}"
    if harms:
        mask = _without(space, AXIS_CUDNN, harms)
        yield Ask(guard(AXIS_CUDNN), mask, text, source_of(row), row.id, kind=Kind.NONE_OF)


def _carried_cudnn(space: Candidates, row: Build, name: str) -> Iterator[Ask]:
    """None inside a wheel of ``name`` that does not serve its code: it may be loaded first."""
    harms = space.mask_where(name, lambda c: _harms(row, _inside(space, c)))
    text = f"no {name} that carries a cuDNN {_at_least(row, ' older than')}"
    if harms:
        yield Ask(guard(name), _without(space, name, harms), text, source_of(row), row.id, kind=Kind.NONE_OF)


def _harms(row: Build, cudnn: str | NotKnown | None) -> bool:
    return cudnn is not None and works_beside(row, cudnn).answer is Answer.NO


def _inside(space: Candidates, other: Candidate) -> str | NotKnown | None:
    build = space.build(other.ident, other.version)
    return NOT_KNOWN if isinstance(build, NotKnown) else carried(build)


def _without(space: Candidates, name: str, mask: int) -> int:
    """The mask of a guard that admits everything but ``mask``, and that there is none."""
    everything = (1 << len(space.candidates(name))) - 1
    return 1 | (everything & ~mask) << 1


def _at_least(row: Build, words: str) -> str:
    """The cuDNN of a build as major, ``words`` and minor: "9, at least 9.3"."""
    built = built_with(row) or ""
    return f"{major(built)}{words} {minor(built)}"
