"""The packages of a lock on one GPU: what its builds find, load and run there, asked of the matrices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, Verdict, answer, every, some
from solver.core.frameworks import COMPANIONS, framework_of, holds_code, is_led_by_us
from solver.core.model import Framework
from solver.matrix.builds import (
    Bound,
    broken_bounds,
    cuda_major,
    has_cuda,
    is_part_of,
    made_for,
    source_of,
    wheel_build,
)
from solver.matrix.clobbers import Clobbers, Overlap
from solver.matrix.code import Code, code_of, runs_on
from solver.matrix.companions import bound_row, is_alone, shares_cuda, suits
from solver.matrix.cudnn import carried, met
from solver.matrix.cures import heals, is_healed, is_led
from solver.matrix.drivers import runs_build
from solver.matrix.gpu_names import is_cuda_package, is_named_for_gpu
from solver.matrix.gpus import cudnn_serves
from solver.matrix.libraries import (
    LOADER,
    Lookup,
    brings_its_own,
    brought,
    bundled,
    decides_gpu,
    is_cudnn,
    is_read,
    look_up,
    may_be_brought,
    may_lack,
    missed,
    opened,
)
from solver.matrix.load import Matrices
from solver.matrix.majors import beside_each_other, go_together
from solver.matrix.place import Place
from solver.matrix.rows import CUDNN, Build, Library
from solver.matrix.rules import Breach, broken, holds_of_conda, imported_first
from solver.proof.checks import Order, frameworks_of, orders


@dataclass(frozen=True)
class LockOnGpu:
    """The packages of a lock on one GPU with its driver."""

    packages: Mapping[str, str]
    gpu: str
    driver: str
    place: Place
    matrices: Matrices
    base: Mapping[str, str] = field(default_factory=dict)
    """What conda brings beside them, version by PyPI name: what they were made for, and rules, may be about it."""

    # ---- what is there ------------------------------------------------------------------------------

    @cached_property
    def told(self) -> dict[str, Build]:
        """Every build that rows or names tell of, by package."""
        rows = {name: wheel_build(self.matrices, name, at, self.place.platform) for name, at in self.packages.items()}
        return beside_each_other({name: row for name, row in rows.items() if isinstance(row, Build)})

    @cached_property
    def builds(self) -> dict[str, Build]:
        """Those on which a GPU depends: companions and parts go with what they are of."""
        known = {name: row for name, row in self.told.items() if name not in COMPANIONS}
        versions = {name: self.packages[name] for name in known}
        return {name: row for name, row in known.items() if not is_part_of(row, versions)}

    @cached_property
    def frameworks(self) -> dict[Framework, Build]:
        """The frameworks' builds among them."""
        return {name: row for package, row in self.builds.items() if (name := framework_of(package)) is not None}

    @cached_property
    def others(self) -> dict[str, Build]:
        """The builds with GPU code, or of which nobody read that, that are no framework's."""
        rows = ((name, row) for name, row in self.builds.items() if framework_of(name) is None)
        return {name: row for name, row in rows if has_cuda(row) is not Answer.NO}

    @property
    def _all(self) -> tuple[Build, ...]:
        return (*self.frameworks.values(), *self.others.values())

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
        answers = [has_cuda(row) for row in self.builds.values()] or [Answer.NOT_KNOWN]
        return some((*answers, *(Answer.NOT_KNOWN for _ in self.unread)))

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
        builds = [row for row in self.builds.values() if has_cuda(row) is not Answer.NO]
        return every(runs_build(row, self.place, self.matrices) for row in builds) if builds else Answer.NOT_KNOWN

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
        """How the look-up of a build's libraries ends; our loader leads some to whatever the set brings."""
        if not is_read(build):
            return NOT_KNOWN
        alone = look_up(build, self.libraries, self.packages, self.matrices)
        if isinstance(alone, NotKnown) or alone.nothing:
            return alone
        if opened(build) is NOT_KNOWN:
            return NOT_KNOWN
        led = LOADER in self.packages and is_led_by_us(framework_of(build.package))
        return Lookup(nowhere=alone.nowhere, unread=alone.unread) if led else alone

    def misses(self, build: Build) -> tuple[str, ...] | NotKnown:
        """Libraries that a build opens and does not find, in its own order."""
        result = self.lookup(build)
        return NOT_KNOWN if isinstance(result, NotKnown) else missed(build, result)

    def finds(self, build: Build, *, after_loading: bool = False) -> Answer:
        """Whether a build finds what decides about its GPU.

        ``after_loading``: a build imported before it has loaded whatever the set brings, so that it
        does not matter where it looks; what the set does not bring is missing all the same.
        """
        if brings_its_own(build) is Answer.YES and not may_lack(build):
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
        led = loads and is_led_by_us(framework_of(first.package))
        at_import = led or brings_its_own(first) is Answer.YES
        if at_import or after.answer is alone.answer:
            return after
        why = f"nobody knows whether its cuDNN or that of {first.package} is loaded first"
        return Verdict(Answer.NOT_KNOWN, why, source_of(build), build.id)

    def loaded_cudnn(self, build: Build) -> str | NotKnown | None:
        """The cuDNN that a build loads: the one inside its wheel, or what a package brings for its CUDA major.

        None where it loads none, or nothing brings the one that it would.
        """
        inside, cuda = carried(build), cuda_major(build)
        if inside is not None:
            return inside
        if isinstance(cuda, NotKnown):
            return NOT_KNOWN
        row = next((row for row in self.libraries if is_cudnn(row) and row.cuda == cuda), None)
        if row is not None:
            return self.packages[row.distribution]
        unread = cuda is not None and may_be_brought(CUDNN, cuda, self.packages, self.matrices)
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
        alone = (self.goes_together(build), self.sees(build), self.finds(build), self.runs(build).answer)
        beside = (self.meets(build, self._all), self.leaves_well(build), self.keeps_rules(build))
        return every((*alone, *beside, self.cudnn(build).answer, self.kernels(build).answer))

    def keeps_rules(self, build: Build) -> Answer:
        """Whether no rule about a build is broken, whatever is imported first."""
        always = (breach for breach in self.breaches if imported_first(breach.rule) is None)
        return answer(all(build.package not in breach.subjects for breach in always))

    def leaves_well(self, build: Build) -> Answer:
        """Whether every other build works after this one was imported, as far as it surely does not: with its cuDNN."""
        after = (self.cudnn(other, build).answer for other in self._all if other is not build)
        return answer(all(one is not Answer.NO for one in after))

    def meets(self, build: Build, others: Iterable[Build]) -> Answer:
        """Whether one process can hold a build and ``others``, as far as it surely cannot: CUDA of one major."""
        return answer(all(go_together(build, other) is not Answer.NO for other in others))

    # ---- what breaks whatever runs ----------------------------------------------------------------

    @cached_property
    def misfits(self) -> tuple[tuple[Build, Bound, str], ...]:
        """The bounds of builds that the set breaks, each with its build and the package that breaks it."""
        rows = [bound_row(self.matrices, build, self.packages[name]) for name, build in self.told.items()]
        return tuple((row, bound, name) for row in rows for bound, name in broken_bounds(row, self.beside))

    def goes_together(self, build: Build) -> Answer:
        """Whether the set has what the build was compiled against, as far as it surely has not."""
        return answer(all(row.package != build.package for row, _, _ in self.misfits))

    @cached_property
    def companions(self) -> dict[str, Verdict]:
        """By companion, whether it suits its framework's build and meets no other one that it cannot."""
        return {name: self._suits(name) for name in self.packages if name in COMPANIONS}

    def _suits(self, companion: str) -> Verdict:
        build, framework = self.told.get(companion), self.frameworks.get(COMPANIONS[companion])
        if is_alone(companion, self.packages):
            return Verdict(Answer.NO, f"{COMPANIONS[companion]} is not here, without which it cannot be imported")
        if build is None:
            is_meant = framework is not None and self.packages[companion] in made_for(framework, companion)
            return Verdict(Answer.YES) if is_meant else Verdict(Answer.NOT_KNOWN, "no row tells of its build")
        verdicts = [] if framework is None else [suits(build, framework)]
        verdicts += (one for other in self._all if (one := shares_cuda(build, other)).answer is Answer.NO)
        return min(verdicts, key=lambda one: one.answer is not Answer.NO, default=Verdict(Answer.YES))

    @cached_property
    def overlaps(self) -> dict[tuple[str, str], Overlap]:
        """By pair of packages, how they overwrite, or may overwrite, each other's files."""
        clobbers, here = Clobbers(self.matrices), self.packages
        pairs = clobbers.pairs_in(here)
        told = {(one, other): clobbers.between(one, here[one], other, here[other]) for one, other in pairs}
        return {pair: overlap for pair, overlap in told.items() if overlap.answer is not Answer.NO}

    @cached_property
    def breaches(self) -> tuple[Breach, ...]:
        """The rules of severity error that the set breaks at this place and that nothing in it heals."""
        errors = (rule for rule in self.matrices.rules if rule.severity == "error")
        breaches = (breach for breach in broken(errors, self.beside, self.place) if not self.heals(breach))
        return tuple(one for one in breaches if holds_of_conda(one, self._is_from_conda) is Answer.YES)

    @property
    def beside(self) -> dict[str, str]:
        """Every package, those that conda brings too."""
        return {**self.base, **self.packages}

    def _is_from_conda(self, name: str) -> bool:
        return name in self.base and name not in self.packages

    def heals(self, breach: Breach) -> bool:
        """Whether the set holds the loader that heals the breach."""
        healed = is_healed(breach, self.matrices, self.packages, self.place)
        return every((healed, heals(self.packages))) is Answer.YES
