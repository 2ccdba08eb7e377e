"""The distributions that bring a CUDA library which a build opens.

Mostly there is one. Of several, one will do: they are the candidates of an identifier of its own, and each asks for
its distribution.
"""

from __future__ import annotations

from collections.abc import Iterator

from solver.core.answer import Answer, NotKnown
from solver.core.frameworks import framework_of, is_led_by_us
from solver.core.spelling import either
from solver.matrix.builds import cuda_major
from solver.matrix.distributions import Bringer, bringers
from solver.matrix.libraries import brings, decides_gpu, finds, is_read, looks_up
from solver.matrix.rows import Build, Library
from solver.solve.space.candidates import Candidates
from solver.solve.space.terms import Ask, Candidate, bringer


def bringer_asks(space: Candidates, row: Build, short: str) -> Iterator[Ask]:
    """What a build asks for the sake of one library that it opens, by its short name."""
    some = _bringers(space, row, short)
    if len(some) == 1:
        yield _ask(space, row, some[0])
    elif some:
        text = f"{_sentence(row, some[0])} from {either([one.distribution for one in some])}"
        yield Ask(bringer(short, row.id), (1 << len(some)) - 1, text, row.source, row.id)


def bringer_candidates(space: Candidates, ident: str, row: Build, short: str) -> list[Candidate]:
    """The distributions of which one is taken, by name."""
    some = enumerate(_bringers(space, row, short))
    return [Candidate(ident, at, one.distribution, row=row.id) for at, one in some]


def asks_of_bringer(space: Candidates, candidate: Candidate, row: Build, short: str) -> Iterator[Ask]:
    """The distribution that was taken."""
    yield _ask(space, row, _bringers(space, row, short)[candidate.position])


def _bringers(space: Candidates, row: Build, short: str) -> list[Bringer]:
    cuda = cuda_major(row)
    return bringers(short, cuda, space.matrices) if isinstance(cuda, int) else []


def _ask(space: Candidates, row: Build, one: Bringer) -> Ask:
    name = one.distribution
    serving = [layout for layout in one.layouts if _may_be_found(space, row, layout)]

    def serves(candidate: Candidate) -> bool:
        brought = brings(space.matrices, name, candidate.version)
        # Of a release that no row tells of nobody knows whether it brings the library; only a search in doubt has any.
        return isinstance(brought, NotKnown) or any(layout in serving for layout in brought)

    mask = space.mask_where(name, serves)
    return Ask(name, mask, f"{_sentence(row, one)} from {name}", row.source, row.id)


def _may_be_found(space: Candidates, row: Build, layout: Library) -> bool:
    """Whether a build finds a library where a release puts it, is led there, or sees the GPU without it."""
    if looks_up(row) is Answer.NO or not is_read(row) or space.target.driver is None:
        return True
    if finds(row, layout) is not Answer.NO:
        return True
    if is_led_by_us(framework_of(row.package)):
        return space.scope.led
    return not decides_gpu(row, layout.library)


def _sentence(row: Build, one: Bringer) -> str:
    return f"{one.soname} of CUDA {cuda_major(row)}"
