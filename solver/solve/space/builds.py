"""What the rows of framework builds ask for, beyond what their wheels' metadata says."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, Sequence

from packaging.requirements import Requirement
from packaging.version import Version

from solver.core.answer import Answer, NotKnown, Verdict
from solver.core.frameworks import COMPANIONS, FRAMEWORKS, framework_of
from solver.core.indexes import is_partial
from solver.core.markers import applies
from solver.core.model import Framework, PypiName
from solver.core.versions import major, minor
from solver.matrix.builds import bound_on, bounds, built_cuda, whole_of
from solver.matrix.companions import shares_cuda, suits
from solver.matrix.cudnn import built_with
from solver.matrix.libraries import bundled, may_lack, opened, pins
from solver.matrix.majors import serves
from solver.matrix.rows import Build
from solver.solve.space.bringers import bringer_asks
from solver.solve.space.candidates import Candidates
from solver.solve.space.cudnn import cudnn_asks
from solver.solve.space.inside import inside_asks
from solver.solve.space.refusals import faults
from solver.solve.space.terms import AXIS_CUDA, AXIS_CUDNN, Ask, Candidate, guard


def build_asks(space: Candidates, row: Build, candidate: Candidate) -> Iterator[Ask]:
    """One CUDA major, its libraries, a cuDNN that serves it, what it was compiled against, what it is part of."""
    cuda = built_cuda(row)
    if majors := serves(row):
        yield _cuda_of(space, row, majors)
    if isinstance(cuda, str):
        yield _cuda_ask(space, row, cuda)
        yield from inside_asks(space, row)
        if pins(row) is Answer.YES:
            yield from _unread_asks(space, row, candidate)
        for short in (opened(row) or ()) if may_lack(row) else ():
            yield from bringer_asks(space, row, short)
        yield from cudnn_asks(space, row)
    yield from _bound_asks(space, row)
    yield from _whole_asks(space, row, candidate)


def _whole_asks(space: Candidates, row: Build, candidate: Candidate) -> Iterator[Ask]:
    """What it is part of, in its own version, whose row tells of both, where its own does not let it stand alone."""
    scope, whole = space.scope, whole_of(row)
    refused = {Answer.NO} if scope.doubtful else {Answer.NO, Answer.NOT_KNOWN}
    fault = next((fault for fault in faults(row, scope) if fault.answer in refused), None) if whole else None
    if whole is not None and fault is not None:
        specifier = f"=={Version(candidate.version).public}"
        text = f"{whole}{specifier}, of which it is part: {fault.why}"
        yield Ask(whole, space.mask(whole, specifier), text, fault.source, fault.row)


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


def _cuda_of(space: Candidates, row: Build, majors: Sequence[str]) -> Ask:
    """A CUDA of one of the majors that it serves."""
    mask = functools.reduce(operator.or_, map(space.cuda_mask, majors))
    specifier = " || ".join(f"=={one}.*" for one in majors)
    return Ask(AXIS_CUDA, mask, f"CUDA {' or '.join(majors)}", row.source, row.id, specifier)


def _unread_asks(space: Candidates, row: Build, candidate: Candidate) -> Iterator[Ask]:
    """What its metadata would ask, where nobody read that, or no file of it was recorded."""
    if candidate.release is not None and not isinstance(space.requires(candidate.release), NotKnown):
        return
    cudnn = built_with(row)
    if isinstance(cudnn, str):
        specifier = f"=={cudnn}" if cudnn.count(".") > 2 else f"=={cudnn}.*"
        mask = space.mask(AXIS_CUDNN, specifier)
        yield Ask(AXIS_CUDNN, mask, f"cuDNN {cudnn}", row.source, row.id, specifier, brings=True)
    framework = framework_of(row.package)
    compiler = None if framework is None else FRAMEWORKS[framework].compiler
    if compiler is not None and candidate.release is not None:
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


def companion_asks(space: Candidates, candidate: Candidate) -> Iterator[Ask]:
    """Its framework, which newer metadata no longer names, a build of that that suits it, and what else it needs."""
    scope, framework = space.scope, COMPANIONS[candidate.ident]
    row = scope.release_row(candidate.ident, candidate.version)
    if isinstance(row, Build) and row.version == candidate.version:
        yield space.ask(framework, bound_on(row, framework), row.source, row.id)
        yield from (ask for ask in _bound_asks(space, row) if ask.ident != guard(framework))
    else:
        yield space.ask(framework, "", f"{candidate.ident} is a companion of {framework}")
        # Of the release alone, of which the metadata of this build mostly tells the same.
        yield from _bound_asks(space, row) if isinstance(row, Build) else ()
    build = scope.companion(candidate.ident, candidate.version)
    if isinstance(build, Build):
        yield from _suiting(space, framework, build, suits)
    elif isinstance(row, Build):  # of another platform: here it has the same CUDA or none
        yield from _suiting(space, framework, row, shares_cuda)


def _suiting(
    space: Candidates, framework: Framework, companion: Build, suited: Callable[[Build, Build], Verdict]
) -> Iterator[Ask]:
    """A build of the framework beside which a companion with CUDA code will be well, by ``suited``."""
    taken = {Answer.YES, Answer.NOT_KNOWN} if space.scope.doubtful else {Answer.YES}

    def fits(candidate: Candidate) -> bool:
        build = space.build(candidate.ident, candidate.version)
        answer = Answer.NOT_KNOWN if isinstance(build, NotKnown) else suited(companion, build).answer
        return answer in taken

    cuda = built_cuda(companion)
    if isinstance(cuda, str):
        text = f"a {framework} built with CUDA {major(cuda)}"
        yield Ask(framework, space.mask_where(framework, fits), text, companion.source, companion.id or None)
