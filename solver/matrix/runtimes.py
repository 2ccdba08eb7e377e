"""Which CUDA runtime and which cuDNN a set has: those that distributions bring, and those inside wheels.

It may have several of each, since a build loads what lies inside its wheel, whatever lies beside it. So the axes
``cuda`` and ``cudnn`` mean two things. *Told*, an axis is the one that a distribution brings (or that metadata which
nobody read would bring, by a row); where none does, the one inside a wheel, of the preferred framework first. *Asked
for*, it is all of them: a specifier of a request holds for every one of the set, and one inside a wheel that nobody
read is not known to be within it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from packaging.specifiers import Specifier

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, answer, every
from solver.core.axes import is_of_kind
from solver.core.frameworks import COMPANIONS
from solver.core.model import Platform
from solver.core.versions import as_specifier, minor, within
from solver.matrix.builds import has_cuda
from solver.matrix.libraries import brought, bundled, is_cudnn, is_numbered_as_cuda
from solver.matrix.load import Matrices
from solver.matrix.rows import NONE, Build, Library

Runtime = Literal["cuda", "cudnn"]
"""What of CUDA has an axis, by the name of that."""
RUNTIMES: tuple[Runtime, ...] = ("cuda", "cudnn")

_TOOLKIT = ("cudart", "nvcc")
_PARTS = {"cuda": 2, "cudnn": 4}
"""Of how many numbers a version of each is made, as requests name it."""


def decides(library: Library) -> Runtime | None:
    """The runtime whose release is the one of the distribution that brings a library; None where it is of any."""
    if library.library in _TOOLKIT and is_numbered_as_cuda(library) is Answer.YES:
        return "cuda"
    return "cudnn" if is_cudnn(library) else None


def of_packages(matrices: Matrices, versions: Mapping[str, str], platform: Platform) -> set[Runtime]:
    """The runtimes of which some release surely comes with packages (version by name), or lies inside their wheels."""
    brought_here = {decides(library) for library in brought(matrices.libraries, versions)}
    return {one for one in brought_here if one is not None} | {
        one.runtime for one in insides(matrices, versions, platform) if one.surely
    }


def insides(matrices: Matrices, versions: Mapping[str, str], platform: Platform) -> Iterator[Inside]:
    """What lies inside the wheels of packages (version by name)."""
    for name, version in versions.items():
        row = matrices.build(name, version, platform)
        some = (inside(row, runtime) for runtime in RUNTIMES) if isinstance(row, Build) else ()
        yield from (one for one in some if one is not None)


@dataclass(frozen=True)
class Inside:
    """A runtime inside a wheel."""

    runtime: Runtime
    version: str | NotKnown
    """CUDA as major.minor; NOT_KNOWN where nobody read which it is."""
    surely: bool = True
    """False where nobody read whether the build's libraries lie inside its wheel at all."""

    @property
    def is_known(self) -> bool:
        """Whether it surely lies there, and somebody read which it is."""
        return self.surely and self.version is not NOT_KNOWN


def inside(build: Build, runtime: Runtime) -> Inside | None:
    """The runtime inside the wheel of a build; None where surely none is.

    That is so where it has no CUDA code or uses no cuDNN, where distributions bring its libraries, and for the
    companions of a framework, which use those of the framework.
    """
    field = build.cuda if is_of_kind(runtime, "toolkit") else build.cudnn
    lies_inside = bundled(build)
    if lies_inside is Answer.NO or build.package in COMPANIONS:
        return None
    if has_cuda(build) is Answer.NO or field == NONE:
        return None
    version = field if isinstance(field, NotKnown) or is_of_kind(runtime, "library") else minor(field)
    return Inside(runtime, version, surely=lies_inside is Answer.YES)


def is_within_request(one: Inside, specifier: str) -> Answer:
    """Whether a runtime inside a wheel is within the specifier (PEP 440) of a request; "" asks for nothing."""
    if not specifier:
        return Answer.YES
    if isinstance(one.version, NotKnown):
        return Answer.NOT_KNOWN
    met = every(_meets(one.runtime, one.version, clause) for clause in as_specifier(specifier))
    return Answer.NOT_KNOWN if met is Answer.NO and not one.surely else met


def _meets(runtime: Runtime, version: str, clause: Specifier) -> Answer:
    if len(version.split(".")) < _PARTS[runtime] and _tells_apart(clause, version):
        return Answer.NOT_KNOWN
    return answer(within(version, str(clause)))


def _tells_apart(clause: Specifier, version: str) -> bool:
    """Whether a clause admits some of the releases that begin with ``version``, and others not."""
    known, bound = version.split("."), clause.version.split(".")
    while bound[-1] == "0" and len(bound) > len(known):
        bound.pop()
    if bound[: len(known)] != known:
        return False
    return len(bound) > len(known) + (bound[-1] == "*") or (len(bound) == len(known) and clause.operator not in _WHOLE)


_WHOLE = (">=", "<", "~=")
"""Operators that take all releases alike that begin with the version of their clause."""
