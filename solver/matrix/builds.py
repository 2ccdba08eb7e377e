"""What the row of a build means: which build it is, of which CUDA and cuDNN, for which pythons, and what it asks for.

Everything here takes plain versions and build strings, so that search, audit, locks and predictions
read one answer. Where a row does not say, or there is none, the answer is NOT_KNOWN.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, answer
from solver.core.frameworks import CPU_DISTRIBUTIONS, distributions, framework_of
from solver.core.indexes import CPU_FLAVOUR, is_partial
from solver.core.model import Platform
from solver.core.versions import major, version_or_none
from solver.matrix.load import Matrices
from solver.matrix.rows import NONE, Build
from solver.matrix.rules import Versions, admits

Stated = str | NotKnown | None
"""A version as a row states it; None: there is none; NOT_KNOWN: nobody read it."""

# PyTorch's local versions spell the CUDA version without its dot: cu128 is 12.8.
_LOCAL_CUDA = re.compile(r"cu(?P<major>\d+)(?P<minor>\d)")

# ---- what a field says ------------------------------------------------------------------------------


def stated(field: str | NotKnown) -> Stated:
    """The version that a field of a row states; None where the field says "none"."""
    return None if field == NONE else field


def source_of(build: Build) -> str:
    """Who tells how a build was made, and who which cuDNN it was made with, where that is another."""
    return build.source if isinstance(build.cudnn_source, NotKnown) else f"{build.source}; cuDNN: {build.cudnn_source}"


def made_for(build: Build, companion: str) -> tuple[str, ...]:
    """The releases of a companion that rows know to be made for exactly this build; there may be others."""
    return build.companions.get(companion, ())


def entries(field: tuple[str, ...] | NotKnown) -> tuple[str, ...]:
    """The entries of a field of a row; none where nobody read it."""
    return () if isinstance(field, NotKnown) else field


def cuda_major(build: Build) -> int | NotKnown | None:
    """The CUDA major that a build was made with; None where it has no CUDA code."""
    cuda = stated(build.cuda)
    return major(cuda) if isinstance(cuda, str) else cuda


def built_cuda(build: Build) -> Stated:
    """The CUDA (major.minor) that a build was made with; None where it has no CUDA code."""
    return stated(build.cuda)


def has_cuda(build: Build) -> Answer:
    """Whether a build has CUDA code."""
    if build.serves:
        return Answer.YES
    return Answer.NOT_KNOWN if build.cuda is NOT_KNOWN else answer(build.cuda != NONE)


def some_has_cuda(matrices: Matrices, package: str) -> bool:
    """Whether rows tell of a build of a package that has CUDA code, or may have some."""
    return any(has_cuda(row) is not Answer.NO for row in matrices.builds_of(package))


def built_nccl(build: Build) -> Stated:
    """The NCCL that a build was made with; None where it uses none."""
    return stated(build.nccl)


def pythons(build: Build) -> tuple[str, ...] | NotKnown:
    """The pythons (major.minor) that it has a wheel for; empty: its wheel is for any."""
    return build.python


def has_wheel(build: Build, python: str) -> bool:
    """Whether the build has a wheel for a python (major.minor); where nobody read that, none is promised."""
    return python in entries(build.python)


def wheel_for(matrices: Matrices, build: Build, python: str) -> Answer:
    """Whether a build has a wheel for a python (major.minor).

    Of an index of which only what public sources tell is recorded, rows list the pythons whose wheels those name: one
    that another build of the same release is for may have a wheel of this one too.
    """
    if isinstance(build.python, NotKnown):
        return Answer.NOT_KNOWN
    if has_wheel(build, python) or not build.python:
        return Answer.YES
    if not is_partial(build.index):
        return Answer.NO
    release = _release(build)
    others = (row for row in matrices.builds_of(build.package) if release and _release(row) == release)
    return Answer.NOT_KNOWN if any(has_wheel(row, python) for row in others) else Answer.NO


def _release(build: Build) -> str:
    """Its version without the local part; empty where its row tells of several."""
    return "" if isinstance(build.version, NotKnown) else build.version.partition("+")[0]


def framework_pythons(matrices: Matrices) -> set[str]:
    """The pythons (major.minor) that some framework has a wheel for."""
    return {python for row in matrices.builds if framework_of(row.package) for python in entries(row.python)}


def reported_version(build: Build) -> str | NotKnown:
    """The version that it tells of itself when it runs, e.g. 2.10.0+cu128."""
    return build.reports


# ---- which build it is ------------------------------------------------------------------------------


def is_recorded(build: Build) -> bool:
    """Whether a row tells of the build; false where its version or build string alone does."""
    return bool(build.id)


def is_part(build: Build) -> bool:
    """Whether another build brings it, of which alone its GPUs are told."""
    return build.part_of is not None


def whole_of(build: Build) -> str | None:
    """The package that a build is part of; None where it is part of none."""
    return build.part_of


def is_part_of(build: Build, versions: Versions) -> bool:
    """Whether the distribution that it is built with and comes with is among packages, in the same version.

    One of another version was built apart from it, and is a build of its own.
    """
    if build.part_of is None or build.part_of not in versions:
        return False
    own, whole = (version_or_none(_text(versions.get(name))) for name in (build.package, build.part_of))
    return own is None or whole is None or own.public == whole.public


def _text(version: str | NotKnown | None) -> str | None:
    return None if isinstance(version, NotKnown) else version


def local_cuda(version: str) -> str | NotKnown:
    """The CUDA in the local part of a version: "12.8" of 2.9.1+cu128, "none" of 2.9.1+cpu."""
    try:
        local = Version(version).local or ""
    except InvalidVersion:
        return NOT_KNOWN
    match = _LOCAL_CUDA.fullmatch(local)
    if match is not None:
        return f"{match['major']}.{match['minor']}"
    return NONE if local == CPU_FLAVOUR else NOT_KNOWN


def wheel_build(matrices: Matrices, package: str, version: str, platform: Platform) -> Build | NotKnown:
    """The build of a wheel: its row, or else as much as its names tell.

    Those are the local part of its version, and the name of a distribution that a framework has for CPU builds.
    """
    row = matrices.build(package, version, platform)
    if isinstance(row, Build):
        return row
    if package in CPU_DISTRIBUTIONS:
        return named_build(f"the name of {package}", package, version, platform, NONE)
    cuda = local_cuda(version)
    if isinstance(cuda, NotKnown):
        return row
    return named_build(f"the local part of {package}'s version", package, version, platform, cuda)


def named_build(
    source: str, package: str, version: str, platform: Platform, cuda: str, *, bundles: bool | NotKnown = NOT_KNOWN
) -> Build:
    """A build of which no row tells, with as much as its names do; ``source`` says which name."""
    return Build(id="", source=source, package=package, version=version, platform=platform, cuda=cuda, bundles=bundles)


# ---- what it wants beside it ------------------------------------------------------------------------


@dataclass(frozen=True)
class Bound:
    """What a build asks of another package, should it be in the set."""

    package: str
    """As its row names it: a framework's name means every distribution of it, see ``distributions``."""
    specifier: str
    generated: str | None = None
    """The protobuf that generated the build's code, where that is why; None: it was compiled against the package."""

    @property
    def distributions(self) -> tuple[str, ...]:
        """Every distribution that the bound is about."""
        return distributions(self.package)


def bounds(build: Build) -> tuple[Bound, ...]:
    """What the code was compiled against, by package; generated code refuses a protobuf that is older than it."""
    generated = stated(build.protobuf)
    compiled = [Bound(package, specifier) for package, specifier in sorted(build.needs.items())]
    if isinstance(generated, str):
        compiled.append(Bound("protobuf", f">={generated}", generated))
    return tuple(sorted(compiled, key=lambda bound: bound.package))


def bound_on(build: Build, package: str) -> str:
    """The specifier that a package must match to go with the build; "" where any does."""
    return build.needs.get(package, "")


def extra_for_cuda(build: Build) -> Mapping[str, str]:
    """What its extra for CUDA asks of each distribution; empty where it has none that somebody read."""
    return build.asks


def broken_bounds(build: Build, versions: Versions) -> Iterator[tuple[Bound, str]]:
    """The bounds that the packages of a set surely break, each with the distribution that breaks it."""
    for bound in bounds(build):
        for name in bound.distributions:
            if name in versions and admits(bound.specifier, versions[name]) is Answer.NO:
                yield bound, name


def bound_packages(matrices: Matrices) -> set[str]:
    """The packages that some build was compiled against."""
    return {other for row in matrices.builds for bound in bounds(row) for other in bound.distributions}
