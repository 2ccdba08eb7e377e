"""The runtimes inside wheels, as what may be chosen: each a thing of the set that the request's axes are asked of.

Choosing a build chooses what lies in its wheel: "axis:cuda inside torch". The request asks its specifier of the guard
of that, beside the axis itself, which is what distributions bring.
"""

from __future__ import annotations

from collections.abc import Iterator

from solver.core.answer import Answer, NotKnown
from solver.core.axes import AXES
from solver.matrix.rows import Build
from solver.matrix.runtimes import RUNTIMES, Inside, inside, is_within_request
from solver.solve.space.candidates import Candidates
from solver.solve.space.terms import Ask, Kind, axis_ident, guard, ident_inside


def inside_asks(space: Candidates, row: Build) -> Iterator[Ask]:
    """What choosing a build chooses with it."""
    for runtime in RUNTIMES:
        one = inside(row, runtime)
        if one is not None:
            ident = ident_inside(axis_ident(runtime), row.package)
            mask = 1 << space.scope.inside[ident].index(one)
            yield Ask(ident, mask, _sentence(one), row.source, row.id, brings=one.is_known)


def asks_of_inside(space: Candidates, axis: str, specifier: str, source: str) -> Iterator[Ask]:
    """That whatever wheels are chosen, what lies inside them and has the axis is within the specifier of a request."""
    taken = {Answer.YES, Answer.NOT_KNOWN} if space.scope.doubtful else {Answer.YES}
    for ident, some in space.scope.inside.items():
        if some[0].runtime == axis:
            admitted = sum(1 << at for at, one in enumerate(some) if is_within_request(one, specifier) in taken)
            text = f"{AXES[some[0].runtime].title} {specifier}"
            yield Ask(guard(ident), 1 | admitted << 1, text, source, kind=Kind.NONE_OF)


def _sentence(one: Inside) -> str:
    title = AXES[one.runtime].title
    what = f"a {title} that nobody read" if isinstance(one.version, NotKnown) else f"{title} {one.version}"
    if one.surely:
        return f"{what}, inside its wheel"
    return f"{what}, if its libraries lie inside its wheel, which nobody read"
