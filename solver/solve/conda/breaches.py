"""Judges a set of conda packages by the matrices: what a channel's solver accepts and what cannot work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from solver.core.answer import Answer, NotKnown
from solver.core.model import CondaName, Target
from solver.core.versions import major, minor
from solver.index.conda_record import CondaRecord
from solver.index.conda_spec import spec_name
from solver.matrix.conda_builds import CUDA_BUILDS, build_cuda, built_against, conda_build, cuda_builds, links_to
from solver.matrix.cudnn import built_with, fault_of, served_by, serves
from solver.matrix.load import Matrices
from solver.matrix.majors import share_a_process
from solver.matrix.rows import NONE, CondaTrap
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
            breaches += _cpu_parts(chosen, self.frameworks, self.matrices)
            breaches += _mixed_cuda(chosen, self.frameworks, trap_row(CUDA_VERSION, self.matrices))
            breaches += self._served_by_cudnn(chosen)
        breaches += self._built_against(chosen)
        breaches += rule_breaches(chosen, self.target, self.matrices)
        return breaches

    def _python(self, chosen: CondaSet) -> str:
        python = chosen.get(PYTHON)
        return self.target.python if python is None else minor(python.version)

    def _served_by_cudnn(self, chosen: CondaSet) -> Iterable[CondaBreach]:
        """A cuDNN that does not serve what a build was compiled with, where the build's record has lost that."""
        cudnn = chosen.get(CUDNN)
        if cudnn is None:
            return
        for name in sorted({row.package for row in self.matrices.conda_builds} & chosen.keys()):
            record = chosen[CondaName(name)]
            build = conda_build(self.matrices, name, record.version, record.build, self.target.platform)
            if isinstance(build, NotKnown):
                continue
            if serves(build, cudnn.version).answer is Answer.NO:
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


def _cpu_parts(chosen: CondaSet, frameworks: Iterable[CondaName], matrices: Matrices) -> Iterable[CondaBreach]:
    for framework in frameworks:
        trap = trap_row(framework, matrices)
        for record in parts(chosen, framework):
            if build_cuda(record.build) == NONE:
                why = f"{record.name} {record.version} is a CPU build where a GPU build of {framework} was asked for"
                cures = ((f"{record.name} * {CUDA_BUILDS}",),)
                yield _breach(record, why, trap, cures)


def _mixed_cuda(chosen: CondaSet, frameworks: Iterable[CondaName], trap: CondaTrap | None) -> Iterable[CondaBreach]:
    runtime = chosen.get(CUDA_VERSION) or chosen.get(CUDATOOLKIT)
    if runtime is None:
        for framework in frameworks:
            record = chosen[framework]
            why = f"nothing in the set says which CUDA {record.name} {record.version} runs on"
            yield _breach(record, why, trap, ((f"{framework} !={record.version}",),))
        return
    toolkit, runs = chosen.get(CUDATOOLKIT), major(runtime.version)
    if toolkit is not None and share_a_process(toolkit.version, runtime.version) is Answer.NO:
        why = f"{toolkit.pin} brings CUDA {toolkit.version} beside {runtime.name} {runtime.version}"
        yield _breach(toolkit, why, trap, ((f"{CUDATOOLKIT} {runs}.*",),))
    for record in chosen.values():
        built = build_cuda(record.build)
        if isinstance(built, str) and share_a_process(built, runtime.version) is Answer.NO:
            why = f"{record.pin} was built for CUDA {built}, the set runs on CUDA {runtime.version}"
            cures = (
                (f"{record.name} * {cuda_builds(runs)}",),
                (f"{CUDA_VERSION} {major(built)}.*", f"{CUDATOOLKIT} {major(built)}.*"),
            )
            yield _breach(record, why, trap, cures)


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
