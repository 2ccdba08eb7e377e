"""Judges a set of conda packages by the matrices: what a channel's solver accepts and what cannot work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from solver.core.answer import Answer, NotKnown
from solver.core.model import CondaName, Target
from solver.core.versions import major
from solver.index.conda_record import CondaRecord
from solver.index.conda_spec import spec_name
from solver.matrix.builds import has_cuda
from solver.matrix.conda_builds import CUDA_BUILDS, build_cuda, cuda_builds
from solver.matrix.conda_sets import CondaPackage, CondaSet, OtherCuda
from solver.matrix.cudnn import built_with, fault_of, served_by
from solver.matrix.load import Matrices
from solver.matrix.place import Place
from solver.matrix.rows import CondaTrap
from solver.solve.conda.traps import (
    CUDA_VERSION,
    CUDATOOLKIT,
    CUDNN,
    CondaBreach,
    rule_breaches,
    trap_row,
)

RecordsByName = Mapping[CondaName, CondaRecord]


@dataclass(frozen=True)
class CondaJudge:
    """Says which breakages a chosen set holds; empty: none known."""

    matrices: Matrices
    target: Target
    frameworks: tuple[CondaName, ...]
    gpu: bool

    def __call__(self, chosen: RecordsByName) -> Sequence[CondaBreach]:
        """The breaches, the plainest first."""
        known = self._known(chosen)
        breaches: list[CondaBreach] = []
        if self.gpu:
            breaches += self._cpu_parts(chosen, known)
            breaches += self._mixed_cuda(chosen, known)
            breaches += self._served_by_cudnn(chosen, known)
        breaches += self._built_against(chosen, known)
        breaches += rule_breaches(chosen, self.target, self.matrices)
        return breaches

    def _known(self, chosen: RecordsByName) -> CondaSet:
        packages = {name: CondaPackage(name, record.version, record.build) for name, record in chosen.items()}
        return CondaSet(packages, Place.of(self.target), self.matrices)

    def _cpu_parts(self, chosen: RecordsByName, known: CondaSet) -> Iterable[CondaBreach]:
        for framework in self.frameworks:
            trap = trap_row(framework, self.matrices)
            members = {*(record.name for record in parts(chosen, framework)), known.holder(framework).name}
            for record in (record for name, record in chosen.items() if name in members):
                # What only points at another part is what that is.
                build = known.builds.get(record.name) if known.holder(record.name).name == record.name else None
                if build is not None and has_cuda(build) is Answer.NO:
                    why = (
                        f"{record.name} {record.version} is a CPU build where a GPU build of {framework} was asked for"
                    )
                    yield _breach(record, why, trap, ((f"{record.name} * {CUDA_BUILDS}",),))

    def _mixed_cuda(self, chosen: RecordsByName, known: CondaSet) -> Iterable[CondaBreach]:
        trap = trap_row(CUDA_VERSION, self.matrices)
        if known.runtime is None:
            for framework in self.frameworks:
                record = chosen[framework]
                why = f"nothing in the set says which CUDA {record.name} {record.version} runs on"
                yield _breach(record, why, trap, ((f"{framework} !={record.version}",),))
        for other in known.other_cudas():
            yield _of_another_cuda(chosen[other.package.name], other, trap)

    def _served_by_cudnn(self, chosen: RecordsByName, known: CondaSet) -> Iterable[CondaBreach]:
        """A cuDNN that does not serve what a build was compiled with, where the build's record has lost that."""
        for name, build in sorted(known.builds.items()):
            cudnn = known.cudnn
            if cudnn is not None and isinstance(cudnn.version, str) and known.cudnn_suits(name).answer is Answer.NO:
                record, fault = chosen[name], f"{cudnn.version} {fault_of(build, cudnn.version)}"
                why = f"{record.name} {record.version} was compiled with cuDNN {built_with(build)}, and {fault}"
                # Either keeps the newest of one of the two; the search tries both and prefers as always.
                cures = ((f"{CUDNN} {served_by(build)}",), (_another_build(record),))
                yield CondaBreach(record.name, why, build.source, build.id or None, cures)

    def _built_against(self, chosen: RecordsByName, known: CondaSet) -> Iterable[CondaBreach]:
        for link in (link for name in sorted(chosen) for link in known.other_libraries(name)):
            record = chosen[link.package.name]
            cures = ((f"{link.library.name} {link.built}.*",), (_another_build(record),))
            yield CondaBreach(record.name, f"{record.name} {record.version} {link.why}", link.source, link.row, cures)


def _of_another_cuda(record: CondaRecord, other: OtherCuda, trap: CondaTrap | None) -> CondaBreach:
    """A build for another CUDA than the set runs on, or a second runtime."""
    runs = major(other.running)
    if isinstance(other.build, NotKnown):
        why = f"{record.pin} brings CUDA {other.cuda} beside {other.runtime.name} {other.running}"
        return _breach(record, why, trap, ((f"{record.name} {runs}.*",),))
    why = f"{record.pin} was built for CUDA {other.cuda}, the set runs on CUDA {other.running}"
    # A build string that names no CUDA, or another than what holds its libraries, is met by no pattern that helps.
    is_named = build_cuda(record.build) == other.cuda
    another = f"{record.name} * {cuda_builds(runs)}" if is_named else _another_build(record)
    runs_on = (f"{CUDA_VERSION} {major(other.cuda)}.*", f"{CUDATOOLKIT} {major(other.cuda)}.*")
    return _breach(record, why, trap, ((another,), runs_on))


def parts(chosen: RecordsByName, framework: CondaName) -> list[CondaRecord]:
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
