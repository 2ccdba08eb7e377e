"""Predicts from the matrices, before anything runs, what the probes of a lock will report on a GPU.

Everything is asked of rows and answered with yes, no or not known; what is not known is compared with nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, answer, every
from solver.core.frameworks import FRAMEWORKS, framework_of, preferred_first
from solver.core.model import Framework, Platform
from solver.core.versions import leading
from solver.index.conda_record import CondaRecord
from solver.matrix.builds import Stated, built_cuda, built_nccl, cuda_major
from solver.matrix.cudnn import carried
from solver.matrix.libraries import brings_its_own, bundled
from solver.matrix.load import Matrices
from solver.matrix.names import Names
from solver.matrix.observations import without_code
from solver.matrix.place import Place
from solver.matrix.rows import CUDNN, NONE
from solver.matrix.rules import Breach, imported_first
from solver.proof.checks import Order, frameworks_of, on_cpu, orders
from solver.proof.conda_on_gpu import CondaLockOnGpu
from solver.proof.doubts import conda_doubts, doubts
from solver.proof.on_gpu import LockOnGpu
from solver.proof.prediction import FrameworkPrediction, LoadedPrediction, Prediction

# What a loaded library tells of itself: so many parts of its distribution's version (12.8 of 12.8.90).
_RUNTIME_PARTS, _CUDNN_PARTS, _NCCL_PARTS = 2, 3, 3


def predict(
    packages: Mapping[str, str],
    gpu: str,
    driver: str,
    matrices: Matrices,
    platform: Platform = "linux-64",
    python: str | NotKnown = NOT_KNOWN,
    base: Iterable[CondaRecord] = (),
) -> Prediction:
    """What the probes will report for a lock that installs ``packages`` on compute capability ``gpu``.

    ``base`` is what conda brings beside them.
    ``python`` is major.minor; rules that name pythons count only where it is known.
    """
    beside = Names(matrices).by_pypi({record.name: record.version for record in base})
    case = LockOnGpu(packages, gpu, driver, Place(platform, python, driver, (gpu,)), matrices, beside)
    return Prediction(
        gpu=gpu,
        driver=driver,
        driver_serves=case.serves(),
        frameworks={name: _of_framework(case, name) for name in frameworks_of(packages)},
        loaded=_loaded(case),
        probes=_probes(case),
        dies=_dies(case.breaches, case.orders),
        doubts=tuple(doubts(case)),
        others=_others(case),
        broken=tuple(sorted({*_broken(case.breaches), *_overlapping(case, Answer.YES)})),
        doubtful=tuple(sorted(_overlapping(case, Answer.NOT_KNOWN))),
        unread_builds=case.unread,
        uses_gpu=case.uses_gpu(),
    )


def predict_conda(
    records: Iterable[CondaRecord],
    gpu: str,
    driver: str,
    matrices: Matrices,
    platform: Platform = "linux-64",
    python: str | NotKnown = NOT_KNOWN,
) -> Prediction:
    """The same of a conda lock, whose libraries all lie where its builds look."""
    place = Place(platform, python, driver, (gpu,))
    case = CondaLockOnGpu({record.name: record for record in records}, gpu, driver, place, matrices)
    cuda, cudnn, uses = case.version("cuda"), case.version("cudnn"), case.uses_gpu()
    return Prediction(
        gpu=gpu,
        driver=driver,
        driver_serves=case.serves(),
        frameworks={name: FrameworkPrediction(sees_gpu=case.sees(name), misses=()) for name in case.frameworks},
        loaded=LoadedPrediction(
            cuda=leading(cuda, _RUNTIME_PARTS) if cuda else NOT_KNOWN,
            cudnn=leading(cudnn, _CUDNN_PARTS) if cudnn else NOT_KNOWN,
        ),
        # That a build sees the GPU does not tell that it has code for it, which nobody read of conda's.
        probes={"-".join(order): _of_conda(case, order) for order in orders(case.frameworks)},
        dies=_dies(case.breaches, orders(case.frameworks)),
        doubts=tuple(conda_doubts(case)),
        others={name: case.well(name) for name in case.others},
        broken=tuple(sorted({*_broken(case.breaches), *_faulty(case)})),
        unread_builds=case.unread,
        unread=uses is not Answer.NO,
        uses_gpu=uses,
    )


def _overlapping(case: LockOnGpu, given: Answer) -> set[str]:
    """The packages of the pairs that overwrite each other's files, or of those that may."""
    return {name for pair, overlap in case.overlaps.items() if overlap.answer is given for name in pair}


def _of_conda(case: CondaLockOnGpu, order: Order) -> Answer:
    """NO where a conda lock's probe surely fails; that it does not is never foretold."""
    answers = [case.kernels().answer, *map(case.sees, order)]
    ruled = bool(_ruled(case.breaches) & {*order}) or "-".join(order) in _dies(case.breaches, [order])
    fails = ruled or not case.faulty.isdisjoint(FRAMEWORKS[name].conda for name in order)
    return Answer.NO if fails or Answer.NO in answers else Answer.NOT_KNOWN


def _faulty(case: CondaLockOnGpu) -> set[str]:
    """The packages of a conda lock that surely do not work and are neither probed nor told of apart."""
    probed = {FRAMEWORKS[name].conda for name in case.frameworks}
    return set(case.faulty - probed - {*case.others})


def _others(case: LockOnGpu) -> dict[str, Answer]:
    """Builds that are no framework's; of a companion and of one without CUDA code only that it is not surely well."""
    apart = {name: row for name, row in case.told.items() if framework_of(name) is None and name not in case.others}
    broken = [name for name, row in apart.items() if case.goes_together(row) is Answer.NO]
    doubtful = {name: one.answer for name, one in case.companions.items() if one.answer is not Answer.YES}
    well = {name: case.runs_well(row) for name, row in case.others.items()}
    return well | doubtful | dict.fromkeys(broken, Answer.NO)


def _of_framework(case: LockOnGpu, name: Framework) -> FrameworkPrediction:
    """What a framework will report of itself; nothing where no row tells of its build."""
    build = case.frameworks.get(name)
    if build is None:
        return FrameworkPrediction()
    code, misses = case.code(build), case.misses(build)
    return FrameworkPrediction(
        sees_gpu=every((case.sees(build), case.finds(build))),
        cuda=_foretold(built_cuda(build)),
        code=code,
        wrong=without_code(name, case.matrices) if code == "none" else None,
        compiles=case.runs(build).answer if code == "ptx" else Answer.NOT_KNOWN,
        misses=misses,
    )


def _loaded(case: LockOnGpu) -> LoadedPrediction:
    """The libraries that the preferred framework will load: those inside its wheel, else those of packages.

    That is the framework whose own probe they are compared with, see ``compare``.
    """
    first = next((case.frameworks[name] for name in preferred_first(case.frameworks)), None)
    inside = Answer.NO if first is None else bundled(first)
    if inside is Answer.NOT_KNOWN:
        return LoadedPrediction()
    if first is not None and inside is Answer.YES:
        return LoadedPrediction(
            cuda=_leading(built_cuda(first), _RUNTIME_PARTS),
            cudnn=_leading(carried(first), _CUDNN_PARTS),
            nccl=_leading(built_nccl(first), _NCCL_PARTS),
        )
    cuda = None if first is None else cuda_major(first)
    return LoadedPrediction(
        cuda=_brought(case, "cudart", cuda, _RUNTIME_PARTS),
        cudnn=_brought(case, CUDNN, cuda, _CUDNN_PARTS),
        nccl=_brought(case, "nccl", cuda, _NCCL_PARTS),
    )


def _brought(case: LockOnGpu, library: str, cuda: int | NotKnown | None, parts: int) -> str | NotKnown:
    """The first parts of the version of a library of a CUDA major (None: any) that packages bring.

    NOT_KNOWN where none surely does, or several do.
    """
    rows = [row for row in case.libraries if row.library == library and cuda in (None, row.cuda)]
    versions = {leading(case.packages[row.distribution], parts) for row in rows}
    return versions.pop() if len(versions) == 1 else NOT_KNOWN


def _probes(case: LockOnGpu) -> dict[str, Answer]:
    """By probe, whether everything in it will be well."""
    dies = _dies(case.breaches, case.orders)
    named = {"-".join(order): order for order in case.orders}
    return {name: Answer.NO if name in dies else _works(case, order) for name, order in named.items()}


def _works(case: LockOnGpu, order: Order) -> Answer:
    """Whether everything in the probe that imports frameworks in this order will be well."""
    if not set(order) <= set(case.frameworks):
        return Answer.NOT_KNOWN
    cpu = on_cpu(case.packages)
    builds = [case.frameworks[name] for name in order]
    answers = [answer(not _ruled(case.breaches) & {*order}), *(case.meets(one, builds) for one in builds)]
    answers += map(case.goes_together, builds)
    for build in (case.frameworks[name] for name in order if name not in cpu):
        first = None if build is builds[0] else builds[0]
        after = first is not None and brings_its_own(first) is Answer.YES
        answers += [case.sees(build), case.finds(build, after_loading=after), case.runs(build).answer]
        answers += [case.cudnn(build, first).answer, case.kernels(build).answer]
    return every(answers)


def _ruled(breaches: Iterable[Breach]) -> set[Framework | None]:
    """The frameworks that break whatever is imported first."""
    return set(map(framework_of, _broken(breaches)))


def _broken(breaches: Iterable[Breach]) -> tuple[str, ...]:
    """What breaks whatever is imported first; a rule about an order tells of a probe that dies."""
    always = (breach for breach in breaches if imported_first(breach.rule) is None)
    return tuple(sorted({name for breach in always for name in breach.subjects}))


def _dies(breaches: Iterable[Breach], probes: Iterable[Order]) -> tuple[str, ...]:
    """Probes that a rule about the import order says will die."""
    deadly = {imported_first(breach.rule) for breach in breaches} - {None}
    both = (order for order in probes if len(order) > 1)
    return tuple("-".join(order) for order in both if order[0] in deadly)


def _foretold(version: Stated) -> str | NotKnown:
    """A version as evidence is compared with it: "none" where there is none."""
    return NONE if version is None else version


def _leading(version: Stated, parts: int) -> str | NotKnown:
    """The same of as many parts of a version as a loaded library tells of itself."""
    return leading(version, parts) if isinstance(version, str) else _foretold(version)
