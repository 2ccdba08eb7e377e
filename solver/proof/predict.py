"""Predicts from the matrices, before anything runs, what the probes of a lock will report on a GPU.

Everything is asked of rows and answered with yes, no or not known; what is not known is compared with nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, Verdict, answer, every
from solver.core.frameworks import (
    COMPANIONS,
    FRAMEWORKS,
    framework_of,
    holds_code,
    opens_libraries,
    preferred_first,
)
from solver.core.model import Framework, Platform
from solver.core.spelling import all_of
from solver.core.versions import leading
from solver.matrix.builds import Stated, built_cuda, built_nccl, cuda_major, has_cuda, is_part_of, told_by, wheel_build
from solver.matrix.code import Code, code_of, runs_on
from solver.matrix.cudnn import carried, met
from solver.matrix.cures import heals, is_healed, is_led
from solver.matrix.drivers import oldest, oldest_of
from solver.matrix.gpu_names import is_cuda_package, is_named_for_gpu
from solver.matrix.gpus import cudnn_serves
from solver.matrix.libraries import (
    LOADER,
    Lookup,
    brings_its_own,
    brought,
    bundled,
    decides_gpu,
    look_up,
    may_be_brought,
    missed,
    opened,
)
from solver.matrix.load import Matrices
from solver.matrix.observations import without_code
from solver.matrix.place import Place
from solver.matrix.rows import NONE, Build, Library
from solver.matrix.rules import Breach, broken, imported_first
from solver.proof.checks import Order, frameworks_of, on_cpu, orders
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
) -> Prediction:
    """What the probes will report for a lock that installs ``packages`` on compute capability ``gpu``.

    ``python`` is major.minor; rules that name pythons count only where it is known.
    """
    case = _Case(packages, gpu, driver, Place(platform, python, driver, (gpu,)), matrices)
    return Prediction(
        gpu=gpu,
        driver=driver,
        driver_serves=case.serves(),
        frameworks={name: case.of_framework(name) for name in frameworks_of(packages)},
        loaded=case.loaded(),
        probes=case.probes(),
        dies=case.dies(),
        doubts=tuple(case.doubts()),
        others={name: case.runs_well(row) for name, row in case.others.items()},
        unread_builds=case.unread,
        uses_gpu=case.uses_gpu(),
    )


def predict_conda(
    axes: Mapping[str, str | None], gpu: str, driver: str, matrices: Matrices, platform: Platform = "linux-64"
) -> Prediction:
    """What the probes will report for a conda lock, whose libraries all lie where its builds look.

    ``axes`` are the lock's own: python, cuda, cudnn, tensorflow, torch.
    """
    cuda, cudnn = axes.get("cuda"), axes.get("cudnn")
    needed = oldest(cuda, platform, matrices) if cuda else NOT_KNOWN
    serves = Answer.NOT_KNOWN if isinstance(needed, NotKnown) else needed.serves(driver)
    frameworks = frameworks_of({name: version for name, version in axes.items() if version})
    sees = serves if cuda else Answer.NO
    kernels = cudnn_serves(cudnn, gpu, matrices.cudnn) if cudnn else Verdict(Answer.YES)
    blind = sees is Answer.NO or kernels.answer is Answer.NO
    return Prediction(
        gpu=gpu,
        driver=driver,
        driver_serves=serves,
        frameworks={name: FrameworkPrediction(sees_gpu=sees, misses=()) for name in frameworks},
        loaded=LoadedPrediction(cuda=cuda or NOT_KNOWN, cudnn=leading(cudnn, _CUDNN_PARTS) if cudnn else NOT_KNOWN),
        # That a build sees the GPU does not tell that it has code for it, which nobody read of conda's.
        probes={"-".join(order): Answer.NO if blind else Answer.NOT_KNOWN for order in orders(frameworks)},
        doubts=(f"cuDNN {cudnn}: {kernels.why}",) if kernels.why else (),
        unread=bool(cuda),
        uses_gpu=Answer.YES if cuda else Answer.NO if frameworks else Answer.NOT_KNOWN,
    )


@dataclass(frozen=True)
class _Case:
    """The packages of a lock on one GPU, asked what the matrices know of them."""

    packages: Mapping[str, str]
    gpu: str
    driver: str
    place: Place
    matrices: Matrices

    # ---- what is there ------------------------------------------------------------------------------

    @cached_property
    def builds(self) -> dict[str, Build]:
        """The builds that rows or names tell of, by package; companions and parts go with what they are of."""
        rows = {name: wheel_build(self.matrices, name, at, self.place.platform) for name, at in self.packages.items()}
        known = {name: row for name, row in rows.items() if isinstance(row, Build) and name not in COMPANIONS}
        return {name: row for name, row in known.items() if not is_part_of(row, known)}

    @cached_property
    def frameworks(self) -> dict[Framework, Build]:
        """The frameworks' builds among them."""
        return {name: row for package, row in self.builds.items() if (name := framework_of(package)) is not None}

    @cached_property
    def others(self) -> dict[str, Build]:
        """The builds with GPU code, or of which nobody read that, that are no framework's."""
        rows = ((name, row) for name, row in self.builds.items() if framework_of(name) is None)
        return {name: row for name, row in rows if has_cuda(row) is not Answer.NO}

    @cached_property
    def unread(self) -> tuple[str, ...]:
        """The packages with GPU code of which no row tells, frameworks first; companions have their framework's."""
        unrecorded = (name for name in self.packages if name not in self.builds and not self._goes_with_another(name))
        gpu = (name for name in unrecorded if self._has_gpu_code(name))
        return tuple(sorted(gpu, key=lambda name: (framework_of(name) is None, name)))

    def _goes_with_another(self, package: str) -> bool:
        """Whether it is a companion, or part of a build that is here."""
        row = wheel_build(self.matrices, package, self.packages[package], self.place.platform)
        return package in COMPANIONS or (isinstance(row, Build) and is_part_of(row, self.packages))

    def _has_gpu_code(self, package: str) -> bool:
        if package == LOADER or is_cuda_package(package) or self.matrices.libraries_of(package):
            return False  # a library, which does nothing unless a build opens it
        known = any(has_cuda(row) is Answer.YES for row in self.matrices.builds_of(package))
        return known or holds_code(package) or is_named_for_gpu(package, self.packages[package])

    def uses_gpu(self) -> Answer:
        """Whether anything of the set has GPU code."""
        answers = {has_cuda(row) for row in self.builds.values()}
        if Answer.YES in answers:
            return Answer.YES
        return Answer.NO if answers == {Answer.NO} and not self.unread else Answer.NOT_KNOWN

    @cached_property
    def libraries(self) -> list[Library]:
        """The CUDA libraries that the packages bring."""
        return brought(self.matrices.libraries, self.packages)

    @cached_property
    def orders(self) -> tuple[Order, ...]:
        """The probes of the lock."""
        return orders(frameworks_of(self.packages))

    # ---- what a build needs -------------------------------------------------------------------------

    def serves(self) -> Answer:
        """Whether the driver is new enough for every CUDA build of the set; not known where it has none."""
        needed = [oldest_of(row, self.matrices) for row in self.builds.values() if has_cuda(row) is not Answer.NO]
        if not needed:
            return Answer.NOT_KNOWN
        return every(Answer.NOT_KNOWN if isinstance(one, NotKnown) else one.serves(self.driver) for one in needed)

    def sees(self, build: Build) -> Answer:
        """Whether a build has CUDA code that the driver serves."""
        serves = self.serves() if has_cuda(build) is not Answer.NO else Answer.YES
        return every((has_cuda(build), serves))

    def runs(self, build: Build) -> Verdict:
        """Whether a build has code that runs on the GPU with the driver."""
        return runs_on(build, self.gpu, self.driver, self.matrices)

    def code(self, build: Build) -> Code | NotKnown | None:
        """What a build with CUDA code has for the GPU; None where it has no such code."""
        return None if has_cuda(build) is Answer.NO else code_of(build, self.gpu)

    def lookup(self, build: Build) -> Lookup | NotKnown:
        """How the look-up of a build's libraries ends; our loader leads it to whatever the set brings."""
        alone = look_up(build, self.libraries, self.packages, self.matrices)
        if isinstance(alone, NotKnown) or alone.nothing:
            return alone
        if opened(build) is NOT_KNOWN:
            return NOT_KNOWN
        return Lookup(nowhere=alone.nowhere, unread=alone.unread) if LOADER in self.packages else alone

    def misses(self, build: Build) -> tuple[str, ...] | NotKnown:
        """Libraries that a build opens and does not find, in its own order."""
        result = self.lookup(build)
        return NOT_KNOWN if isinstance(result, NotKnown) else missed(build, result)

    def finds(self, build: Build, *, after_loading: bool = False) -> Answer:
        """Whether a build finds what decides about its GPU.

        ``after_loading``: a build imported before it has loaded whatever the set brings, so that it
        does not matter where it looks; what the set does not bring is missing all the same.
        """
        if brings_its_own(build) is Answer.YES:
            return Answer.YES
        result = self.lookup(build)
        if isinstance(result, NotKnown):
            return Answer.NOT_KNOWN
        hidden = () if after_loading else result.hidden
        if result.nothing or any(
            decides_gpu(build, name) for name in (*result.nowhere, *(row.library for row in hidden))
        ):
            return Answer.NO
        unread = any(decides_gpu(build, name) for name in result.unread)
        return Answer.NOT_KNOWN if unread or (result.doubtful and not after_loading) else Answer.YES

    def cudnn(self, build: Build, first: Build | None = None) -> Verdict:
        """Whether the cuDNN that a build comes upon serves it; ``first`` was imported before it."""
        own = None if bundled(build) is Answer.YES else self.loaded_cudnn(build)
        alone = met(build, own, None)
        if first is None:
            return alone
        after = met(build, own, self.loaded_cudnn(first))
        loads = LOADER in self.packages and is_led(self.packages) is Answer.NO
        led = loads and opens_libraries(framework_of(first.package))
        at_import = led or brings_its_own(first) is Answer.YES
        if at_import or after.answer is alone.answer:
            return after
        why = f"nobody knows whether its cuDNN or that of {first.package} is loaded first"
        return Verdict(Answer.NOT_KNOWN, why, told_by(build), build.id)

    def loaded_cudnn(self, build: Build) -> str | NotKnown | None:
        """The cuDNN that a build loads: the one inside its wheel, or what a package brings for its CUDA major.

        None where it loads none, or nothing brings the one that it would.
        """
        inside, cuda = carried(build), cuda_major(build)
        if inside is not None:
            return inside
        if isinstance(cuda, NotKnown):
            return NOT_KNOWN
        row = next((row for row in self.libraries if (row.library, row.cuda) == ("cudnn", cuda)), None)
        if row is not None:
            return self.packages[row.distribution]
        unread = cuda is not None and may_be_brought("cudnn", cuda, self.packages, self.matrices)
        return NOT_KNOWN if unread else None

    def kernels(self, build: Build) -> Verdict:
        """Whether the cuDNN that a build loads has kernels for the GPU; which it is, is the question of ``cudnn``."""
        cudnn = self.loaded_cudnn(build)
        if cudnn is None:
            return Verdict(Answer.YES)
        served = cudnn_serves(cudnn, self.gpu, self.matrices.cudnn, cuda_major(build) or NOT_KNOWN)
        named = served.why and isinstance(cudnn, str)
        return replace(served, why=f"cuDNN {cudnn}: {served.why}") if named else served

    def runs_well(self, build: Build) -> Answer:
        """Whether a build that is no framework will be well, imported alone."""
        answers = (self.sees(build), self.finds(build), self.runs(build).answer)
        return every((*answers, self.cudnn(build).answer, self.kernels(build).answer))

    # ---- what will be reported ----------------------------------------------------------------------

    def of_framework(self, name: Framework) -> FrameworkPrediction:
        """What a framework will report of itself; nothing where no row tells of its build."""
        build = self.frameworks.get(name)
        if build is None:
            return FrameworkPrediction()
        code, misses = self.code(build), self.misses(build)
        return FrameworkPrediction(
            sees_gpu=every((self.sees(build), self.finds(build))),
            cuda=_foretold(built_cuda(build)),
            code=code,
            wrong=without_code(name, self.matrices) if code == "none" else None,
            compiles=self.runs(build).answer if code == "ptx" else Answer.NOT_KNOWN,
            misses=misses,
        )

    def loaded(self) -> LoadedPrediction:
        """The libraries that the preferred framework will load: those inside its wheel, else those of packages.

        That is the framework whose own probe they are compared with, see ``compare``.
        """
        first = next((self.frameworks[name] for name in preferred_first(self.frameworks)), None)
        if first is not None and bundled(first) is Answer.YES:
            return LoadedPrediction(
                cuda=_leading(built_cuda(first), _RUNTIME_PARTS),
                cudnn=_leading(carried(first), _CUDNN_PARTS),
                nccl=_leading(built_nccl(first), _NCCL_PARTS),
            )
        return LoadedPrediction(
            cuda=self.brought("cudart", _RUNTIME_PARTS),
            cudnn=self.brought("cudnn", _CUDNN_PARTS),
            nccl=self.brought("nccl", _NCCL_PARTS),
        )

    def brought(self, library: str, parts: int) -> str | NotKnown:
        """The first parts of the version of a library that a package brings; NOT_KNOWN where none surely does."""
        row = next((row for row in self.libraries if row.library == library), None)
        return NOT_KNOWN if row is None else leading(self.packages[row.distribution], parts)

    def probes(self) -> dict[str, Answer]:
        """By probe, whether everything in it will be well."""
        dies = self.dies()
        named = {"-".join(order): order for order in self.orders}
        return {name: Answer.NO if name in dies else self.works(order) for name, order in named.items()}

    def works(self, order: Order) -> Answer:
        """Whether everything in the probe that imports frameworks in this order will be well."""
        if not set(order) <= set(self.frameworks):
            return Answer.NOT_KNOWN
        cpu = on_cpu(self.packages)
        builds = [self.frameworks[name] for name in order]
        # What breaks whatever is imported first; a rule about an order tells of a probe that dies.
        always = (breach.rule for breach in self.breaches if imported_first(breach.rule) is None)
        ruled = {framework_of(name) for rule in always for name in rule.when}
        answers = [answer(not ruled & {*order})]
        for build in (self.frameworks[name] for name in order if name not in cpu):
            first = None if build is builds[0] else builds[0]
            after = first is not None and brings_its_own(first) is Answer.YES
            answers += [self.sees(build), self.finds(build, after_loading=after), self.runs(build).answer]
            answers += [self.cudnn(build, first).answer, self.kernels(build).answer]
        return every(answers)

    def dies(self) -> tuple[str, ...]:
        """Probes that a rule about the import order says will die."""
        deadly = {imported_first(breach.rule) for breach in self.breaches} - {None}
        both = (order for order in self.orders if len(order) > 1)
        return tuple("-".join(order) for order in both if order[0] in deadly)

    @cached_property
    def breaches(self) -> tuple[Breach, ...]:
        """The rules of severity error that the set breaks at this place and that nothing in it heals."""
        errors = (rule for rule in self.matrices.rules if rule.severity == "error")
        return tuple(breach for breach in broken(errors, self.packages, self.place) if not self.heals(breach))

    def heals(self, breach: Breach) -> bool:
        """Whether the set holds the loader that heals the breach."""
        healed = is_healed(breach, self.matrices, self.packages, self.place)
        return every((healed, heals(self.packages))) is Answer.YES

    def doubts(self) -> Iterable[str]:
        """Why a build does not, or not surely, run on the GPU; that a framework has no code at all is told apart."""
        for package, build in self.builds.items():
            verdict, framework = self.runs(build), framework_of(package)
            apart = framework is not None and self.code(build) == "none"
            if verdict.answer is not Answer.YES and verdict.why and not apart:
                yield f"{_title(build)}: {verdict.why}"
            yield from self.doubts_of_cudnn(build)
            kernels = self.kernels(build)
            if kernels.why:
                yield f"{_title(build)}: {kernels.why}"
        for breach in self.breaches:
            if imported_first(breach.rule) is None:
                yield f"{all_of(sorted(map(_name, breach.rule.when)))}: {breach.rule.why}"
        yield from self.doubts_of_driver()
        yield from self.doubts_of_finding()

    def doubts_of_driver(self) -> Iterable[str]:
        """That nobody read whether the driver serves a CUDA of the set."""
        if self.serves() is Answer.NOT_KNOWN and self.uses_gpu() is Answer.YES:
            yield f"nobody read whether driver {self.driver} serves its CUDA"

    def doubts_of_finding(self) -> Iterable[str]:
        """That a build does not, or not surely, find its libraries; of a framework that does not, ``misses`` tells."""
        for package, build in self.builds.items():
            finding = self.finds(build) if has_cuda(build) is Answer.YES else Answer.YES
            if finding is Answer.NOT_KNOWN:
                yield f"{_title(build)}: nobody read whether it finds its CUDA libraries"
            elif finding is Answer.NO and (framework_of(package) is None or not self.misses(build)):
                yield f"{_title(build)}: it does not find its CUDA libraries"

    def doubts_of_cudnn(self, build: Build) -> Iterable[str]:
        """Why a build comes upon a cuDNN that does not, or not surely, serve it; only of frameworks doubt is told."""
        alone, framework = self.cudnn(build), framework_of(build.package)
        if alone.answer is Answer.NO or (framework is not None and alone.answer is not Answer.YES):
            yield f"{_title(build)}: {alone.why}"
            return
        for first in self.frameworks.values() if framework is not None else ():
            verdict = self.cudnn(build, first)
            if first is not build and verdict.answer is not Answer.YES:
                yield f"{_title(build)} after {_title(first)}: {verdict.why}"


def _name(package: str) -> str:
    """A framework by its title, another package by its name."""
    framework = framework_of(package)
    return package if framework is None else FRAMEWORKS[framework].title


def _title(build: Build) -> str:
    framework = framework_of(build.package)
    return build.package if framework is None else FRAMEWORKS[framework].title


def _foretold(version: Stated) -> str | NotKnown:
    """A version as evidence is compared with it: "none" where there is none."""
    return NONE if version is None else version


def _leading(version: Stated, parts: int) -> str | NotKnown:
    """The same of as many parts of a version as a loaded library tells of itself."""
    return leading(version, parts) if isinstance(version, str) else _foretold(version)
