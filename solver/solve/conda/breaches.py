"""Judges a set of conda packages by the matrices: what a channel's solver accepts and what cannot work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from solver.core.answer import NOT_KNOWN, Answer, NotKnown
from solver.core.model import CondaName, Target
from solver.core.versions import major, minor
from solver.index.conda_record import CondaRecord
from solver.index.conda_spec import spec_name
from solver.matrix.builds import built_cuda, has_cuda
from solver.matrix.conda_builds import CUDA_BUILDS, build_cuda, built_against, conda_build, cuda_builds, links_to
from solver.matrix.cudnn import built_with, cudnn_suits, fault_of, served_by
from solver.matrix.load import Matrices
from solver.matrix.majors import share_a_process
from solver.matrix.rows import Build, CondaTrap
from solver.solve.conda.traps import (
    CUDA_VERSION,
    CUDATOOLKIT,
    CUDNN,
    PYTHON,
    CondaBreach,
    build_row,
    rule_breaches,
    trap_row,
)

CondaSet = Mapping[CondaName, CondaRecord]


@dataclass(frozen=True)
class CondaJudge:
    """Says which breakages a chosen set holds; empty: none known."""

    matrices: Matrices
    target: Target
    frameworks: tuple[CondaName, ...]
    gpu: bool

    def __call__(self, chosen: CondaSet) -> Sequence[CondaBreach]:
        """The breaches, the plainest first."""
        breaches: list[CondaBreach] = []
        if self.gpu:
            breaches += self._cpu_parts(chosen)
            breaches += self._mixed_cuda(chosen)
            breaches += self._served_by_cudnn(chosen)
        breaches += self._built_against(chosen)
        breaches += rule_breaches(chosen, self.target, self.matrices)
        return breaches

    def _python(self, chosen: CondaSet) -> str:
        python = chosen.get(PYTHON)
        return self.target.python if python is None else minor(python.version)

    def _build(self, record: CondaRecord) -> Build | NotKnown:
        return conda_build(self.matrices, record.name, record.version, record.build, self.target.platform)

    def _cpu_parts(self, chosen: CondaSet) -> Iterable[CondaBreach]:
        for framework in self.frameworks:
            trap = trap_row(framework, self.matrices)
            for record in parts(chosen, framework):
                build = self._build(record)
                if isinstance(build, Build) and has_cuda(build) is Answer.NO:
                    why = (
                        f"{record.name} {record.version} is a CPU build where a GPU build of {framework} was asked for"
                    )
                    yield _breach(record, why, trap, ((f"{record.name} * {CUDA_BUILDS}",),))

    def _mixed_cuda(self, chosen: CondaSet) -> Iterable[CondaBreach]:
        trap = trap_row(CUDA_VERSION, self.matrices)
        runtime = chosen.get(CUDA_VERSION) or chosen.get(CUDATOOLKIT)
        if runtime is None:
            for framework in self.frameworks:
                record = chosen[framework]
                why = f"nothing in the set says which CUDA {record.name} {record.version} runs on"
                yield _breach(record, why, trap, ((f"{framework} !={record.version}",),))
            return
        toolkit, runs = chosen.get(CUDATOOLKIT), major(runtime.version)
        if toolkit is not None and share_a_process(toolkit.version, runtime.version) is Answer.NO:
            why = f"{toolkit.pin} brings CUDA {toolkit.version} beside {runtime.name} {runtime.version}"
            yield _breach(toolkit, why, trap, ((f"{CUDATOOLKIT} {runs}.*",),))
        for record in chosen.values():
            yield from self._of_another_cuda(record, runtime, trap)

    def _of_another_cuda(
        self, record: CondaRecord, runtime: CondaRecord, trap: CondaTrap | None
    ) -> Iterable[CondaBreach]:
        """A build for another CUDA than the set runs on."""
        build = self._build(record)
        cuda = NOT_KNOWN if isinstance(build, NotKnown) else built_cuda(build)
        if not isinstance(cuda, str) or share_a_process(cuda, runtime.version) is not Answer.NO:
            return
        why = f"{record.pin} was built for CUDA {cuda}, the set runs on CUDA {runtime.version}"
        # A build string that names no CUDA is met by no pattern of them.
        named = not isinstance(build_cuda(record.build), NotKnown)
        other = f"{record.name} * {cuda_builds(major(runtime.version))}" if named else _another_build(record)
        runs_on = (f"{CUDA_VERSION} {major(cuda)}.*", f"{CUDATOOLKIT} {major(cuda)}.*")
        yield _breach(record, why, trap, ((other,), runs_on))

    def _served_by_cudnn(self, chosen: CondaSet) -> Iterable[CondaBreach]:
        """A cuDNN that does not serve what a build was compiled with, where the build's record has lost that."""
        cudnn = chosen.get(CUDNN)
        if cudnn is None:
            return
        for name in sorted({row.package for row in self.matrices.conda_builds} & chosen.keys()):
            record = chosen[CondaName(name)]
            build = self._build(record)
            if isinstance(build, NotKnown):
                continue
            if cudnn_suits(build, cudnn.version).answer is Answer.NO:
                fault = f"{cudnn.version} {fault_of(build, cudnn.version)}"
                why = f"{record.name} {record.version} was compiled with cuDNN {built_with(build)}, and {fault}"
                # Either keeps the newest of one of the two; the search tries both and prefers as always.
                cures = ((f"{CUDNN} {served_by(build)}",), (_another_build(record),))
                yield CondaBreach(record.name, why, build.source, build.id or None, cures)

    def _built_against(self, chosen: CondaSet) -> Iterable[CondaBreach]:
        for name in sorted({row.package for row in self.matrices.conda_builds} & chosen.keys()):
            record = chosen[CondaName(name)]
            row = build_row(record, self._python(chosen), self.target.platform, self.matrices)
            if isinstance(row, NotKnown):
                continue
            for library, built in built_against(row).items():
                has = chosen.get(CondaName(library))
                if has is None or links_to(built, has.version):
                    continue
                why = f"{record.name} {record.version} was built against {library} {built}, not {has.version}"
                cures = ((f"{library} {built}.*",), (_another_build(record),))
                yield CondaBreach(record.name, why, row.source, row.id, cures)


def parts(chosen: CondaSet, framework: CondaName) -> list[CondaRecord]:
    """The packages that make up one framework: it, and what it needs of its own version, however deep."""
    start = chosen.get(framework)
    if start is None:
        return []
    members = {start.name: start}
    waiting = [start]
    while waiting:
        for spec in waiting.pop().depends:
            record = chosen.get(spec_name(spec))
            if record is not None and record.version == start.version and record.name not in members:
                members[record.name] = record
                waiting.append(record)
    return list(members.values())


def _breach(record: CondaRecord, why: str, trap: CondaTrap | None, cures: tuple[tuple[str, ...], ...]) -> CondaBreach:
    if trap is not None:
        return CondaBreach(record.name, f"{why}: {trap.why}", trap.source, trap.id, cures)
    return CondaBreach(record.name, why, f"repodata of {record.channel}/{record.subdir}", None, cures)


def _another_build(record: CondaRecord) -> str:
    """A constraint that any build but this one meets; conda knows no other way to say so."""
    # A spec cannot deny a build string, but its pattern may be a regular expression, and that can look ahead: "no
    # string that is this one to its end". Of what a build string may hold only + means more there; . will do.
    pattern = record.build.replace("+", ".")
    return f'{record.name}[build="^(?!{pattern}$).*$"]'
