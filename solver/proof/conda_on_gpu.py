"""The packages of a conda lock on one GPU: their libraries all lie where their builds look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from solver.core.answer import Answer, NotKnown, Verdict, every
from solver.core.axes import AXES
from solver.core.frameworks import FRAMEWORKS
from solver.core.model import Axis, CondaName, Framework
from solver.index.conda_record import CondaRecord
from solver.matrix.builds import has_cuda
from solver.matrix.conda_builds import conda_build
from solver.matrix.cudnn import cudnn_suits
from solver.matrix.drivers import driver_serves
from solver.matrix.gpus import cudnn_serves
from solver.matrix.load import Matrices
from solver.matrix.names import Names
from solver.matrix.place import Place
from solver.matrix.rows import Build
from solver.matrix.rules import Breach, binds_conda, broken


@dataclass(frozen=True)
class CondaLockOnGpu:
    """The packages of a conda lock on one GPU with its driver."""

    records: Mapping[CondaName, CondaRecord]
    gpu: str
    driver: str
    place: Place
    matrices: Matrices

    @cached_property
    def packages(self) -> dict[str, str]:
        """Version by PyPI name, which rules and probes go by."""
        return {name: record.version for name, record in Names(self.matrices).by_pypi(self.records).items()}

    @cached_property
    def frameworks(self) -> dict[Framework, Build | NotKnown]:
        """The builds of the frameworks of the lock; NOT_KNOWN where neither row nor build string tells of one."""
        records = {name: self.records[entry.conda] for name, entry in FRAMEWORKS.items() if entry.conda in self.records}
        return {name: self._build(record) for name, record in records.items()}

    @cached_property
    def others(self) -> dict[CondaName, Build]:
        """The builds of which rows tell that are no framework's, by conda's name."""
        named = {entry.conda for entry in FRAMEWORKS.values()}
        rest = ((name, record) for name, record in self.records.items() if name not in named)
        builds = ((name, self._build(record)) for name, record in rest if self.matrices.conda_builds_of(name))
        return {name: build for name, build in builds if isinstance(build, Build) and has_cuda(build) is Answer.YES}

    def fault_of(self, name: CondaName) -> Verdict:
        """Whether one of the others surely will not be well, and why; nobody foretells that it will."""
        build, cudnn = self.others[name], self.version("cudnn")
        suits = Verdict(Answer.NOT_KNOWN) if cudnn is None else cudnn_suits(build, cudnn)
        broken_rule = any(Names(self.matrices).pypi(name) in breach.subjects for breach in self.breaches)
        fails = suits.answer is Answer.NO or broken_rule or self.serves() is Answer.NO
        return Verdict(Answer.NO if fails else Answer.NOT_KNOWN, suits.why if suits.answer is Answer.NO else "")

    def _build(self, record: CondaRecord) -> Build | NotKnown:
        return conda_build(self.matrices, record.name, record.version, record.build, self.place.platform)

    def version(self, axis: Axis) -> str | None:
        """The version of the first package that tells an axis; None where the lock has none of them."""
        return next((self.records[name].version for name in AXES[axis].conda if name in self.records), None)

    def uses_gpu(self) -> Answer:
        """Whether a build of the lock has CUDA code; not known of a lock without a framework."""
        if self.others:
            return Answer.YES
        answers = [self._has_cuda(build) for build in self.frameworks.values()] or [Answer.NOT_KNOWN]
        return Answer.YES if Answer.YES in answers else every(answers)

    def _has_cuda(self, build: Build | NotKnown) -> Answer:
        """What nobody read of a build is not told by the CUDA runtime beside it, which may be there for another."""
        return Answer.NOT_KNOWN if isinstance(build, NotKnown) else has_cuda(build)

    def serves(self) -> Answer:
        """Whether the driver is new enough for the CUDA runtime; not known of a lock without one."""
        cuda = self.version("cuda")
        return Answer.NOT_KNOWN if cuda is None else driver_serves(cuda, self.place, self.matrices).answer

    def sees(self, framework: Framework) -> Answer:
        """Whether a framework has CUDA code that the driver serves."""
        has = self._has_cuda(self.frameworks[framework])
        return has if has is Answer.NO else every((has, self.serves()))

    def cudnn(self, framework: Framework) -> Verdict:
        """Whether the cuDNN of the lock serves a framework's build, as far as rows tell what its record has lost."""
        build, cudnn = self.frameworks[framework], self.version("cudnn")
        if isinstance(build, NotKnown) or cudnn is None:
            return Verdict(Answer.NOT_KNOWN)
        return cudnn_suits(build, cudnn)

    def kernels(self) -> Verdict:
        """Whether the cuDNN of the lock has kernels for the GPU."""
        cudnn = self.version("cudnn")
        if cudnn is None:
            return Verdict(Answer.YES)
        served = cudnn_serves(cudnn, self.gpu, self.matrices.cudnn)
        return replace(served, why=f"cuDNN {cudnn}: {served.why}") if served.why else served

    @cached_property
    def breaches(self) -> tuple[Breach, ...]:
        """The rules of severity error that are true of conda's builds and that the lock breaks."""
        errors = (rule for rule in self.matrices.rules if rule.severity == "error" and binds_conda(rule))
        return tuple(broken(errors, self.packages, self.place))
