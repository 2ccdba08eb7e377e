"""Which CUDA libraries a set brings, which of them a build finds by itself, and which decide whether it sees a GPU.

Everything takes plain versions. Where nobody read in which folders a build looks, it is not known
whether it finds what lies there: a loader loads it, an audit warns, a prediction says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, answer
from solver.core.frameworks import FRAMEWORKS, framework_of
from solver.core.model import pypi_name
from solver.core.versions import major
from solver.matrix.builds import cuda_major, entries, stated
from solver.matrix.load import Matrices
from solver.matrix.rows import CUDNN, NONE, Build, Library
from solver.matrix.rules import admits

LOADER = "interlock-loader"
"""The wheel of ours that loads the CUDA libraries which TensorFlow does not find by itself."""
_NVIDIA = "nvidia/"
_PROFILER = frozenset({"cupti"})
_NOT_TRIED = frozenset({"nccl", "nvcc"})
_COMPILER_AND_RUNTIME = frozenset({"nvcc", "cudart"})


def is_cudnn(library: Library) -> bool:
    """Whether a library is cuDNN."""
    return library.library == CUDNN


def brought(libraries: Iterable[Library], versions: Mapping[str, str], cuda: int | None = None) -> list[Library]:
    """The rows of the CUDA libraries that distributions (version by name) bring, of one CUDA major or of any."""
    return [
        row
        for row in libraries
        if cuda in (None, row.cuda)
        and (version := versions.get(row.distribution)) is not None
        and admits(row.versions, version) is Answer.YES
    ]


def brings(matrices: Matrices, distribution: str, version: str) -> tuple[Library, ...] | NotKnown:
    """The rows of the CUDA libraries that a release brings; empty where its distribution brings none at all.

    NOT_KNOWN where rows tell of other releases of the distribution alone: the next may have another layout, or be
    of another CUDA.
    """
    rows = matrices.libraries_of(distribution)
    telling = tuple(row for row in rows if admits(row.versions, version) is Answer.YES)
    return NOT_KNOWN if rows and not telling else telling


def is_idle_beside(library: Library, cuda: str, matrices: Matrices) -> bool:
    """Whether code of a CUDA version never comes upon a library: that of another major, by another name, lies aside.

    Whoever opens a library opens it by its name, so that one of the same name in two majors may be loaded instead.
    """
    if cuda == NONE or major(cuda) == library.cuda:
        return False
    others = (row for row in matrices.libraries if row.library == library.library and row.cuda != library.cuda)
    return not {soname for row in others for soname in row.sonames} & set(library.sonames)


def may_be_brought(name: str, cuda: int, versions: Mapping[str, str], matrices: Matrices) -> bool:
    """Whether distributions (version by name) may bring a CUDA library that they do not surely bring.

    Rows that say who brings it deny it of all others; where there are none, or only such as tell of other releases
    of one that is there, nobody knows.
    """
    rows = [row for row in matrices.libraries if (row.library, row.cuda) == (name, cuda)]
    there = {pypi_name(row.distribution) for row in rows} & versions.keys()
    return not rows or any(
        brings(matrices, distribution, versions[distribution]) is NOT_KNOWN for distribution in there
    )


def may_be_unplaced(distribution: str, cuda: int, matrices: Matrices) -> bool:
    """Whether a part of a toolkit that no row lays out may be its compiler or its runtime.

    So it is where no row says which distribution of that CUDA major brings one of the two.
    """
    placed = {row.library for row in matrices.libraries if row.cuda == cuda}
    return not matrices.libraries_of(distribution) and not placed >= _COMPILER_AND_RUNTIME


def looks_up(build: Build) -> Answer:
    """Whether a build looks for CUDA libraries that it does not bring: its row lists them, or it surely dlopens."""
    if brings_its_own(build) is Answer.YES:
        return Answer.NO
    return Answer.YES if _opens_some(build) else Answer.NOT_KNOWN


def may_lack(build: Build) -> bool:
    """Whether a set may lack a library that a build opens: its row lists it, and it does not lie inside its wheel.

    So may one whose metadata pins its libraries, which finds them wherever they lie: its row may tell of more of them.
    """
    return bundled(build) is not Answer.YES and not isinstance(build.opens, NotKnown)


def _opens_some(build: Build) -> bool:
    return not isinstance(build.opens, NotKnown) or does_without(build) is Answer.YES


def is_read(build: Build) -> bool:
    """Whether rows can tell where a build looks: on Windows that is beside the importing module, and on PATH."""
    return build.platform != "win-64"


def opened(build: Build) -> tuple[str, ...] | NotKnown:
    """The CUDA libraries (short names) that a build opens and cannot do without, in its own order."""
    return build.opens


def opened_here(build: Build, beside: Iterable[Library], matrices: Matrices) -> list[Library]:
    """The rows of what a build opens, where there are any: of what lies ``beside`` it, else what it was built for."""
    beside = tuple(beside)
    rows = (opened_library(build, name, beside, matrices) for name in entries(build.opens))
    return [row for row in rows if isinstance(row, Library)]


def looks_nowhere(build: Build) -> bool:
    """Whether a build is known to look in no folder of the packages."""
    return build.runpath == ()


def opens(build: Build, name: str) -> Answer:
    """Whether a build opens a CUDA library (its short name) that it cannot do without."""
    return Answer.NOT_KNOWN if isinstance(build.opens, NotKnown) else answer(name in build.opens)


def bundled(build: Build) -> Answer:
    """Whether a build's CUDA libraries lie inside its wheel; NO where it opens others, or pins who brings them."""
    if build.bundles is not NOT_KNOWN:
        return answer(build.bundles)
    outside = build.same_minor is True or _opens_some(build)
    return Answer.NO if outside else Answer.NOT_KNOWN


def pins(build: Build) -> Answer:
    """Whether a build's metadata asks for the CUDA libraries of its very release; of those inside it none are asked."""
    if bundled(build) is Answer.YES:
        return Answer.NO
    return Answer.NOT_KNOWN if isinstance(build.same_minor, NotKnown) else answer(build.same_minor)


def brings_its_own(build: Build) -> Answer:
    """Whether a build brings or pins the CUDA libraries it needs, and loads them when it is imported.

    So do torch's: of a bundle from beside their own library, else from every nvidia folder of
    site-packages (torch/__init__.py, _preload_cuda_deps).
    """
    either = {bundled(build), pins(build)}
    if Answer.YES in either:
        return Answer.YES
    return Answer.NOT_KNOWN if Answer.NOT_KNOWN in either else Answer.NO


def is_numbered_as_cuda(library: Library) -> Answer:
    """Whether the release of whoever brings a library tells the CUDA toolkit that it is of."""
    return Answer.NOT_KNOWN if isinstance(library.same_minor, NotKnown) else answer(library.same_minor)


def does_without(build: Build) -> Answer:
    """Whether a build can be imported without the libraries that it ``opens``, and then stays on the CPU.

    A row does not tell a library that is linked from one that is dlopened, so of what is no framework nobody knows.
    """
    framework = framework_of(build.package)
    return Answer.NOT_KNOWN if framework is None else answer(FRAMEWORKS[framework].dlopens)


def decides_gpu(build: Build, name: str) -> bool:
    """Whether a build that does not find a library sees no GPU; it does without what it merely uses.

    A framework that opens its libraries tries some of them first, and then those that its row names: up to 2.13
    TensorFlow tries cuRAND too. NCCL joins GPUs that it sees already.
    """
    if serves_profiler(name) or name in build.uses:
        return False
    framework = framework_of(build.package)
    checks = () if framework is None else FRAMEWORKS[framework].checks
    return not checks or name in checks or name in set(entries(build.opens)) - _NOT_TRIED


def serves_profiler(name: str) -> bool:
    """Whether a library serves a build's profiler alone."""
    return name in _PROFILER


def finds(build: Build, library: Library) -> Answer:
    """Whether a build finds a library that lies in its folder; what has no soname (ptxas) is not looked for."""
    if not library.sonames:
        return Answer.YES
    if isinstance(build.runpath, NotKnown):
        return Answer.NOT_KNOWN
    return answer(library.directory.removeprefix(_NVIDIA) in build.runpath)


def unfound(build: Build, matrices: Matrices) -> tuple[list[str], list[str]]:
    """Short names of what a build opens and finds in no release of whoever brings it, and of what nobody read.

    Of a build whose row lists nothing, only if it opens its libraries when it needs them: the others are linked
    to what they bring.
    """
    cuda = cuda_major(build)
    if looks_up(build) is not Answer.YES or not isinstance(cuda, int) or not is_read(build):
        return [], []
    if isinstance(build.opens, NotKnown):
        return [], ["what it opens"]
    answers: dict[str, set[Answer]] = {}
    for row in matrices.libraries:
        if row.cuda == cuda and row.library in build.opens:
            answers.setdefault(row.library, set()).add(finds(build, row))
    lost = sorted(name for name, given in answers.items() if given == {Answer.NO})
    return lost, sorted(name for name, given in answers.items() if Answer.YES not in given and name not in lost)


@dataclass(frozen=True)
class Lookup:
    """How the look-up of a build's CUDA libraries ends."""

    hidden: tuple[Library, ...] = ()
    """Brought, but in no folder where it looks."""
    doubtful: tuple[Library, ...] = ()
    """Brought, and nobody read where it looks."""
    nowhere: tuple[str, ...] = ()
    """Short names of what nothing brings."""
    unread: tuple[str, ...] = ()
    """Short names of what may be brought, and no row tells."""
    nothing: bool = False
    """It surely opens some, nobody read which, and there is none: no library of its CUDA, no folder to look in."""


def places(build: Build, beside: Iterable[Library]) -> Lookup | NotKnown:
    """What of the libraries ``beside`` it a build opens and does not surely find.

    Where nobody read what it opens, that is everything of its CUDA major; NOT_KNOWN where nobody read that either.
    """
    cuda = cuda_major(build)
    if cuda is None or looks_up(build) is Answer.NO:
        return Lookup()
    if isinstance(cuda, NotKnown):
        return NOT_KNOWN
    here = [row for row in beside if row.cuda == cuda]
    opens = build.opens
    opened = here if isinstance(opens, NotKnown) else [row for row in here if row.library in (*opens, *build.uses)]
    answers = [(row, finds(build, row)) for row in opened]
    # Of a library that lies in two folders it finds one, if it looks there.
    found = {row.library for row, given in answers if given is Answer.YES}
    doubtful = {row.library for row, given in answers if given is Answer.NOT_KNOWN} - found
    return Lookup(
        hidden=tuple(row for row, given in answers if given is Answer.NO and row.library not in found | doubtful),
        doubtful=tuple(row for row, given in answers if given is Answer.NOT_KNOWN and row.library in doubtful),
        nothing=looks_up(build) is Answer.YES and isinstance(opens, NotKnown) and build.runpath == () and not here,
    )


def look_up(
    build: Build, beside: Iterable[Library], versions: Mapping[str, str], matrices: Matrices
) -> Lookup | NotKnown:
    """As ``places``, and what a build opens beyond: ``beside`` is what distributions (version by name) bring."""
    beside, cuda = tuple(beside), cuda_major(build)
    lookup = places(build, beside)
    if isinstance(lookup, NotKnown) or isinstance(build.opens, NotKnown) or not isinstance(cuda, int):
        return lookup
    if not may_lack(build):
        return lookup
    here = {row.library for row in beside if row.cuda == cuda}
    missing = [name for name in build.opens if name not in here and _is_library(build, name, matrices)]
    unread = tuple(name for name in missing if may_be_brought(name, cuda, versions, matrices))
    return replace(lookup, nowhere=tuple(name for name in missing if name not in unread), unread=unread)


def missed(build: Build, lookup: Lookup) -> tuple[str, ...] | NotKnown:
    """The short names of what a build opens and does not find, in its own order, by how its look-up ends."""
    if isinstance(build.opens, NotKnown) or lookup.doubtful or lookup.unread:
        return NOT_KNOWN
    lost = {*lookup.nowhere, *(row.library for row in lookup.hidden)}
    return tuple(name for name in build.opens if name in lost)


def _is_library(build: Build, name: str, matrices: Matrices) -> bool:
    row = opened_library(build, name, (), matrices)
    return isinstance(row, NotKnown) or bool(row.sonames)


def opened_library(build: Build, name: str, beside: Iterable[Library], matrices: Matrices) -> Library | NotKnown:
    """The row of a library that a build opens: of what lies ``beside`` it, else of what it was built for."""
    cuda = cuda_major(build)
    if not isinstance(cuda, int):
        return NOT_KNOWN
    here = next((row for row in beside if (row.library, row.cuda) == (name, cuda)), None)
    if here is not None:
        return here
    built_for = stated(build.cudnn) if name == CUDNN else None
    return matrices.library(name, cuda, built_for or None) or matrices.library(name, cuda)


def load_order(rows: Iterable[Library], beside: Iterable[Library]) -> list[Library]:
    """``rows`` and, before each, what it opens in turn, so that none looks for a library of its own accord."""
    by_name: dict[str, Library] = {}
    for row in sorted(beside, key=lambda row: row.id):
        by_name[row.library] = row
    ordered: dict[str, Library] = {}

    def add(row: Library, above: frozenset[str]) -> None:
        for name in sorted(row.needs):
            if name in by_name and name not in above:
                add(by_name[name], above | {row.library})
        if row.sonames:
            ordered.setdefault(row.library, row)

    for row in sorted(rows, key=lambda row: row.library):
        add(row, frozenset({row.library}))
    return list(ordered.values())


def folders(build: Build) -> frozenset[str]:
    """The folders below site-packages where a build looks, as far as anybody read it."""
    return frozenset(_NVIDIA + folder for folder in entries(build.runpath))
