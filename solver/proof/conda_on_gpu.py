"""The packages of a conda lock on one GPU: their libraries all lie where their builds look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, Verdict, every, some
from solver.core.axes import AXES
from solver.core.frameworks import FRAMEWORKS
from solver.core.model import Axis, CondaName, Framework
from solver.index.conda_record import CondaRecord
from solver.index.conda_spec import meets_spec
from solver.matrix.builds import has_cuda
from solver.matrix.conda_builds import may_hold_code, refused_by
from solver.matrix.conda_sets import CondaPackage, CondaSet
from solver.matrix.gpu_names import goes_with_a_framework
from solver.matrix.gpus import cudnn_serves
from solver.matrix.load import Matrices
from solver.matrix.names import Names
from solver.matrix.place import Place
from solver.matrix.rows import Build
from solver.matrix.rules import Breach, broken, holds_of_conda


@dataclass(frozen=True)
class CondaLockOnGpu:
    """The packages of a conda lock on one GPU with its driver."""

    records: Mapping[CondaName, CondaRecord]
    gpu: str
    driver: str
    place: Place
    matrices: Matrices

    @cached_property
    def set(self) -> CondaSet:
        """The packages as rows are asked about them."""
        packages = {name: CondaPackage(name, record.version, record.build) for name, record in self.records.items()}
        return CondaSet(packages, self.place, self.matrices)

    @cached_property
    def packages(self) -> dict[str, str]:
        """Version by PyPI name, which rules and probes go by."""
        return {name: record.version for name, record in Names(self.matrices).by_pypi(self.records).items()}

    @cached_property
    def frameworks(self) -> dict[Framework, Build | NotKnown]:
        """The builds of the frameworks of the lock; NOT_KNOWN where neither row nor build string tells of one."""
        named = {name: entry.conda for name, entry in FRAMEWORKS.items() if entry.conda in self.records}
        return {name: self.set.builds.get(conda, NOT_KNOWN) for name, conda in named.items()}

    @cached_property
    def others(self) -> dict[CondaName, Build]:
        """The builds of which rows tell that are no framework's, by conda's name."""
        frameworks = {entry.conda for entry in FRAMEWORKS.values()}
        builds = ((name, build) for name, build in self.set.builds.items() if name not in frameworks)
        recorded = ((name, build) for name, build in builds if self.matrices.conda_builds_of(name))
        return {name: build for name, build in recorded if has_cuda(build) is Answer.YES}

    @cached_property
    def unread(self) -> tuple[CondaName, ...]:
        """The packages with GPU code that are no framework and of whose builds nothing tells, by name."""
        frameworks = {entry.conda for entry in FRAMEWORKS.values()}
        return tuple(sorted(name for name in self.records if name not in frameworks and self._is_unread(name)))

    def _is_unread(self, name: CondaName) -> bool:
        if self.matrices.conda_builds_of(name):
            return name not in self.set.builds
        twin = Names(self.matrices).pypi(name)
        if twin is None or goes_with_a_framework(twin):
            return False
        return may_hold_code(twin, self.records[name].build, "", self.packages)

    def faults(self) -> Iterator[tuple[CondaName, str]]:
        """The packages that surely do not work beside the others, or anywhere, each with why."""
        for other in self.set.other_cudas():
            yield other.package.name, other.why
        for name in self.records:
            yield from ((name, link.why) for link in self.set.other_libraries(name))
            suits = self.set.cudnn_suits(name)
            if suits.answer is Answer.NO:
                yield name, suits.why
            yield from ((name, why) for why in self._traps(self.records[name]))

    def _traps(self, record: CondaRecord) -> Iterator[str]:
        for row in refused_by(self.matrices, record.name):
            if meets_spec(row.match, record.name, record.version, record.build, self.place.platform):
                yield row.why

    @cached_property
    def faulty(self) -> frozenset[CondaName]:
        """The packages of ``faults``."""
        return frozenset(name for name, _ in self.faults())

    def well(self, name: CondaName) -> Answer:
        """NO of one of the others that surely will not be well; that it will be nobody foretells."""
        broken_rule = any(Names(self.matrices).pypi(name) in breach.subjects for breach in self.breaches)
        fails = broken_rule or name in self.faulty or Answer.NO in (self.serves(), self.kernels().answer)
        return Answer.NO if fails else Answer.NOT_KNOWN

    def version(self, axis: Axis) -> str | None:
        """The version of the first package that tells an axis; None where the lock has none of them."""
        return next((self.records[name].version for name in AXES[axis].conda if name in self.records), None)

    def uses_gpu(self) -> Answer:
        """Whether a build of the lock has CUDA code; not known of a lock without a framework."""
        if self.others:
            return Answer.YES
        answers = [self._has_cuda(build) for build in self.frameworks.values()] or [Answer.NOT_KNOWN]
        return some((*answers, *(Answer.NOT_KNOWN for _ in self.unread)))

    def _has_cuda(self, build: Build | NotKnown) -> Answer:
        """What nobody read of a build is not told by the CUDA runtime beside it, which may be there for another."""
        return Answer.NOT_KNOWN if isinstance(build, NotKnown) else has_cuda(build)

    def serves(self) -> Answer:
        """Whether the driver is new enough for the CUDA runtime and every build; not known of a lock without any."""
        return self.set.serves()

    def sees(self, framework: Framework) -> Answer:
        """Whether a framework has CUDA code that the driver serves."""
        has = self._has_cuda(self.frameworks[framework])
        return has if has is Answer.NO else every((has, self.serves()))

    def kernels(self) -> Verdict:
        """Whether the CUDA runtime and the cuDNN of the lock serve the GPU; what the one of them says that does not."""
        verdicts = [self._toolkits(), self._cudnn()]
        return min(verdicts, key=lambda verdict: _WORST_FIRST.index(verdict.answer))

    def _toolkits(self) -> Verdict:
        """Whether a compiler of the lock's CUDA surely knows no code for the GPU."""
        for package, verdict in self.set.toolkits_serve(self.gpu):
            if verdict.answer is Answer.NO:
                return replace(verdict, why=f"{package.pin}: {verdict.why}")
        return Verdict(Answer.YES)

    def _cudnn(self) -> Verdict:
        cudnn = self.version("cudnn")
        if cudnn is None:
            return Verdict(Answer.YES)
        served = cudnn_serves(cudnn, self.gpu, self.matrices.cudnn)
        return replace(served, why=f"cuDNN {cudnn}: {served.why}") if served.why else served

    @cached_property
    def breaches(self) -> tuple[Breach, ...]:
        """The rules of severity error that are true of conda's builds and that the lock breaks."""
        errors = (rule for rule in self.matrices.rules if rule.severity == "error")
        breaches = broken(errors, self.packages, self.place)
        return tuple(breach for breach in breaches if holds_of_conda(breach, lambda name: True) is Answer.YES)


_WORST_FIRST = (Answer.NO, Answer.NOT_KNOWN, Answer.YES)
