"""Warnings that go with a solution: legal, but less than the facts ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from solver.core.answer import Answer, NotKnown
from solver.core.frameworks import FRAMEWORKS, framework_of
from solver.core.model import DRIVER, Note, Pin, Profile, Target, is_built
from solver.core.spelling import all_of
from solver.core.versions import as_version, minor, within
from solver.matrix.builds import built_cuda, cuda_major, extra_for_cuda
from solver.matrix.cudnn import carried, carries
from solver.matrix.cures import healable, in_need
from solver.matrix.drivers import first_of_branch, oldest_for
from solver.matrix.gpus import CudaMajor, cudnn_serves
from solver.matrix.libraries import LOADER, brought, bundled, is_cudnn
from solver.matrix.load import Matrices
from solver.matrix.observations import is_of_several_frameworks, of_this, working
from solver.matrix.place import Place
from solver.matrix.rows import NONE, Build
from solver.matrix.rules import broken


def notes(
    versions: Mapping[str, str], cuda: str | None, builds: Iterable[Build], matrices: Matrices, target: Target
) -> list[Note]:
    """Notes on a solution: ``versions`` by distribution, its CUDA runtime and its frameworks' builds."""
    evidence, builds = _evidence(versions, target.python, matrices), tuple(builds)
    solution_notes = [
        *_soft_rules(versions, matrices, Place.of(target)),
        *_healed(versions, matrices, Place.of(target)),
        *_of_cudnn(versions, builds, matrices, target),
    ]
    for build in builds if cuda not in (None, NONE) else ():
        solution_notes += _of_build(build, str(cuda), versions, evidence)
    return list(dict.fromkeys(solution_notes))


def driver_notes(profile: Profile, matrices: Matrices) -> tuple[Note, ...]:
    """What release a driver branch was taken for, and that the GPUs themselves take no older driver."""
    target = profile.target
    needed = oldest_for(target.gpus, target.platform, matrices)
    if isinstance(needed, NotKnown) or needed.driver != target.driver:
        return _branch_note(profile, matrices)
    text = f"driver {needed.driver} is the first that knows compute capability {all_of(target.gpus)}"
    return (*_branch_note(profile, matrices), Note(package=DRIVER, text=text, row=needed.row, evidence=needed.source))


def building_notes(pins: Iterable[Pin]) -> Iterator[Note]:
    """Which packages are built by whoever installs the lock."""
    for pin in pins:
        if is_built(pin.files):
            text = f"{pin.name} {pin.version} has no wheel: whoever installs it builds its source archive"
            yield Note(package=pin.name, text=text, row=None, evidence=None)


def _branch_note(profile: Profile, matrices: Matrices) -> tuple[Note, ...]:
    if profile.driver_branch is None:
        return ()
    first = first_of_branch(profile.driver_branch, profile.target.platform, matrices)
    if isinstance(first, NotKnown) or first.driver != profile.target.driver:
        return ()
    text = f"driver {profile.driver_branch} means {first.driver}, the first release of its branch to {first.does}"
    return (Note(package=DRIVER, text=text, row=first.row, evidence=first.source),)


def _of_cudnn(
    versions: Mapping[str, str], builds: Iterable[Build], matrices: Matrices, target: Target
) -> Iterator[Note]:
    """Which GPUs of the target a cuDNN of the set, or inside a wheel, serves without listing them, or nobody read."""
    libraries = (row for row in brought(matrices.libraries, versions) if is_cudnn(row))
    cudnns: list[tuple[str, str | NotKnown, CudaMajor]] = [
        (row.distribution, versions[row.distribution], row.cuda) for row in libraries
    ]
    cudnns += [
        (one.package, inside, cuda)
        for one in builds
        if carries(one) is Answer.YES
        if (inside := carried(one)) is not None and (cuda := cuda_major(one)) is not None
    ]
    for package, version, cuda in cudnns:
        for gpu in target.gpus:
            served = cudnn_serves(version, gpu, matrices.cudnn, cuda)
            if served.answer is not Answer.NO and served.why:
                whose = package if isinstance(version, NotKnown) else f"cuDNN {version}"
                yield Note(package=package, text=f"{whose}: {served.why}", row=served.row, evidence=None)


def _of_build(build: Build, cuda: str, versions: Mapping[str, str], evidence: str | None) -> Iterator[Note]:
    """Where the set has less than what one framework's build was made with."""
    framework, built = framework_of(build.package), built_cuda(build)
    # A build that carries its own CUDA has that, whatever runtime lies beside it.
    if framework is None or not isinstance(built, str) or bundled(build) is Answer.YES:
        return
    title = FRAMEWORKS[framework].title
    if as_version(cuda) < as_version(minor(built)):
        text = f"the CUDA runtime {cuda} is older than the {built} that {title} was built with"
        yield Note(package=framework, text=text, row=build.id, evidence=evidence)
    for name, specifier in sorted(extra_for_cuda(build).items()):
        version = versions.get(name)
        if version is not None and not within(version, specifier):
            text = (
                f"{name} {version} is not what {title}'s and-cuda extra asks for ({specifier}); the extra is left out"
            )
            yield Note(package=name, text=text, row=build.id, evidence=evidence)


def _evidence(versions: Mapping[str, str], python: str, matrices: Matrices) -> str | None:
    """An observation of frameworks together at these versions on this python that works; None where there is none.

    Rows learned from evidence do not count here: learning must change no lock.
    """
    for seen in of_this(sorted(working(matrices), key=lambda row: row.id), versions, python):
        if is_of_several_frameworks(seen):
            return f"{seen.id}: {seen.seen}"
    return None


def _soft_rules(versions: Mapping[str, str], matrices: Matrices, place: Place) -> Iterator[Note]:
    soft = sorted((rule for rule in matrices.rules if rule.severity != "error"), key=lambda row: row.id)
    for breach in broken(soft, versions, place):
        rule = breach.rule
        for offence in breach.offences:
            yield Note(package=offence.package, text=f"{rule.why}; {rule.cure}", row=rule.id, evidence=rule.seen)


def _healed(versions: Mapping[str, str], matrices: Matrices, place: Place) -> Iterator[Note]:
    """What would break the set without our loader, which its lock brings, and what that loader might break."""
    breaches = tuple(healable(sorted(matrices.rules, key=lambda row: row.id), matrices, versions, place))
    for name in in_need(matrices, versions, Answer.NOT_KNOWN) if breaches else ():
        text = f"nobody read whether {name} {versions[name]} needs the symbols that {LOADER} keeps to TensorFlow"
        yield Note(package=name, text=text, row=None, evidence=None)
    for breach in breaches:
        for offence in breach.offences:
            text = f"{breach.rule.why}; {LOADER}, which the lock brings, heals it"
            yield Note(package=offence.package, text=text, row=breach.rule.id, evidence=breach.rule.healed)
