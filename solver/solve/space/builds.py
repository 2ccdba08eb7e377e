"""What the rows of framework builds ask for, beyond what their wheels' metadata says."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.requirements import Requirement
from packaging.version import Version

from solver.core.answer import NOT_KNOWN, Answer, NotKnown
from solver.core.frameworks import COMPANIONS, FRAMEWORKS, framework_of
from solver.core.indexes import is_partial
from solver.core.markers import applies
from solver.core.model import Framework, PypiName
from solver.core.versions import major, minor
from solver.matrix.builds import bound_on, bounds, built_cuda, local_cuda, stated
from solver.matrix.cudnn import built_with
from solver.matrix.distributions import bringers
from solver.matrix.libraries import brings, bundled, opened, pins
from solver.matrix.majors import share_a_process
from solver.matrix.rows import Build
from solver.solve.space.candidates import Candidates
from solver.solve.space.cudnn import cudnn_asks
from solver.solve.space.inside import inside_asks
from solver.solve.space.terms import AXIS_CUDA, AXIS_CUDNN, Ask, Candidate, guard


def build_asks(space: Candidates, row: Build, candidate: Candidate) -> Iterator[Ask]:
    """One CUDA major, its libraries, a cuDNN that serves it, what it was compiled against, and what nobody read."""
    cuda = built_cuda(row)
    if isinstance(cuda, str):
        yield _cuda_ask(space, row, cuda)
        yield from inside_asks(space, row)
        if pins(row) is Answer.YES:
            yield from _unread_asks(space, row, candidate)
        elif bundled(row) is not Answer.YES:
            for short in opened(row) or ():
                yield from _library_asks(space, short, major(cuda), row)
        yield from cudnn_asks(space, row)
    yield from _bound_asks(space, row)


def _bound_asks(space: Candidates, row: Build) -> Iterator[Ask]:
    """What it was compiled against, should anything bring that."""
    for bound in bounds(row):
        for name in bound.distributions:
            yield space.guard_ask(name, bound.specifier, row.source, row.id)


def _cuda_ask(space: Candidates, row: Build, cuda: str) -> Ask:
    if pins(row) is Answer.YES:
        exact = minor(cuda)
        mask = space.mask_where(AXIS_CUDA, lambda c: c.version == exact)
        return Ask(AXIS_CUDA, mask, f"CUDA {exact}", row.source, row.id, f"=={exact}", brings=True)
    # Its own runtime lies inside the wheel, or any of its major serves; only the major is shared with the rest.
    how = "carries" if bundled(row) is Answer.YES else "built with"
    text = f"CUDA {major(cuda)} ({how} {cuda})"
    return Ask(AXIS_CUDA, space.cuda_mask(cuda), text, row.source, row.id, f"=={major(cuda)}.*")


def _library_asks(space: Candidates, short: str, cuda: int, row: Build) -> Iterator[Ask]:
    """The distribution that brings one CUDA library; several rows tell of its layouts over time."""
    for one in bringers(short, cuda, space.matrices):
        # Of a release that no row tells of nobody knows whether it brings the library; only a search in doubt has any.
        name = one.distribution
        mask = space.mask_where(name, lambda c: brings(space.matrices, c.ident, c.version) is NOT_KNOWN)
        for specifier in one.specifiers:
            mask |= space.mask(name, specifier)
        yield Ask(name, mask, f"{one.soname} of CUDA {cuda} from {name}", row.source, row.id)


def _unread_asks(space: Candidates, row: Build, candidate: Candidate) -> Iterator[Ask]:
    """What its metadata would ask, where nobody read that."""
    if candidate.release is None or not isinstance(space.requires(candidate.release), NotKnown):
        return
    cudnn = built_with(row)
    if isinstance(cudnn, str):
        specifier = f"=={cudnn}" if cudnn.count(".") > 2 else f"=={cudnn}.*"
        mask = space.mask(AXIS_CUDNN, specifier)
        yield Ask(AXIS_CUDNN, mask, f"cuDNN {cudnn}", row.source, row.id, specifier, brings=True)
    framework = framework_of(row.package)
    compiler = None if framework is None else FRAMEWORKS[framework].compiler
    if compiler is not None:
        yield from _compiler_asks(space, candidate, compiler)


def _compiler_asks(space: Candidates, candidate: Candidate, compiler: str) -> Iterator[Ask]:
    """All builds of one torch are made with one triton; the default build's metadata names it."""
    name, public = candidate.ident, Version(candidate.version).public
    for release in space.index.releases(PypiName(name)):
        if not is_partial(release.index) and release.version == public:
            requires = space.requires(release)
            # Where nobody read the default build's either, its compiler is told to be missing, like all it asks for.
            for text in () if isinstance(requires, NotKnown) else requires:
                requirement = Requirement(text)
                if requirement.name == compiler and applies(requirement.marker, space.environment):
                    source = f"metadata of the default build of {name} {public}"
                    yield from space.requirement_asks(requirement, source)
            return


def companion_asks(space: Candidates, row: Build) -> Iterator[Ask]:
    """Its framework, which newer metadata no longer names, one of the same CUDA major, and what else it needs."""
    framework = COMPANIONS[row.package]
    yield space.ask(framework, bound_on(row, framework), row.source, row.id)
    cuda = built_cuda(row)
    if isinstance(cuda, str):
        yield _framework_of(space, framework, cuda, row.source, row.id)
    yield from (ask for ask in _bound_asks(space, row) if ask.ident != guard(framework))


def named_asks(space: Candidates, candidate: Candidate) -> Iterator[Ask]:
    """What the local version of a companion that no row knows tells: 0.26.0+cu128 is a build for CUDA 12.8."""
    cuda = stated(local_cuda(candidate.version))
    if isinstance(cuda, str):
        source = f"the name of {candidate.name}"
        yield _framework_of(space, COMPANIONS[candidate.ident], cuda, source, None)


def _framework_of(space: Candidates, framework: Framework, cuda: str, source: str, row: str | None) -> Ask:
    def fits(candidate: Candidate) -> bool:
        build = space.build(candidate.ident, candidate.version)
        mine = None if isinstance(build, NotKnown) else built_cuda(build)
        return isinstance(mine, str) and share_a_process(mine, cuda) is Answer.YES

    text = f"a {framework} built with CUDA {major(cuda)}"
    return Ask(framework, space.mask_where(framework, fits), text, source, row)
