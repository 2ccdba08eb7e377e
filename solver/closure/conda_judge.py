"""Judges a set of conda packages by the matrices: what a channel's solver accepts and what cannot work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from solver.closure.conda_facts import (
    CUDA_VERSION,
    CUDATOOLKIT,
    Breach,
    build_cuda,
    build_row,
    is_cpu_build,
    rule_breaches,
)
from solver.index.conda_record import CondaRecord
from solver.matrix.load import Matrices
from solver.model import CondaName, Target

Chosen = Mapping[CondaName, CondaRecord]

_BUILT_AGAINST = (("libprotobuf", "libprotobuf"), ("libabseil", "libabseil"))
"""Packages that both frameworks link to, and the fields of a build's row that tell which."""


@dataclass(frozen=True)
class CondaJudge:
    """Says which breakages a chosen set holds; empty: none known."""

    matrices: Matrices
    target: Target
    frameworks: tuple[CondaName, ...]
    gpu: bool

    def __call__(self, chosen: Chosen) -> Sequence[Breach]:
        """The breaches, the plainest first."""
        found: list[Breach] = []
        if self.gpu:
            found += _cpu_parts(chosen, self.frameworks)
            found += _mixed_cuda(chosen, self.frameworks)
        found += self._built_against(chosen)
        found += rule_breaches(chosen, self.target, self.matrices)
        return found

    def _built_against(self, chosen: Chosen) -> Iterable[Breach]:
        for name in self.frameworks:
            record = chosen.get(name)
            row = None if record is None else build_row(record, self.target.python, self.matrices)
            if record is None or row is None:
                continue
            for library, field in _BUILT_AGAINST:
                built, has = getattr(row, field), chosen.get(CondaName(library))
                if built is None or has is None or f"{has.version}.".startswith(f"{built}."):
                    continue
                why = f"{record.name} {record.version} was built against {library} {built}, not {has.version}"
                cures = ((f"{library} {built}.*",), (_another_build(record),))
                yield Breach(record.name, why, row.source, row.id, cures)


def _cpu_parts(chosen: Chosen, frameworks: Iterable[CondaName]) -> Iterable[Breach]:
    for framework in frameworks:
        for record in parts(chosen, framework):
            if is_cpu_build(record.build):
                why = f"{record.name} {record.version} is a CPU build where a GPU build of {framework} was asked for"
                yield Breach(record.name, why, _told_by(record), None, ((f"{record.name} * *cuda*",),))


def _mixed_cuda(chosen: Chosen, frameworks: Iterable[CondaName]) -> Iterable[Breach]:
    runtime = chosen.get(CUDA_VERSION) or chosen.get(CUDATOOLKIT)
    if runtime is None:
        for framework in frameworks:
            record = chosen[framework]
            why = f"nothing in the set says which CUDA {record.name} {record.version} runs on"
            yield Breach(record.name, why, _told_by(record), None, ((f"{framework} !={record.version}",),))
        return
    major = int(runtime.version.split(".")[0])
    toolkit = chosen.get(CUDATOOLKIT)
    if toolkit is not None and int(toolkit.version.split(".")[0]) != major:
        why = f"{toolkit.pin} brings CUDA {toolkit.version} beside {runtime.name} {runtime.version}"
        yield Breach(toolkit.name, why, _told_by(toolkit), None, ((f"{CUDATOOLKIT} {major}.*",),))
    for record in chosen.values():
        built = build_cuda(record.build)
        if built is not None and built != major:
            why = f"{record.pin} was built for CUDA {built}, the set runs on CUDA {major}"
            cures = (
                (f"{record.name} * *cuda{major}*",),
                (f"{CUDA_VERSION} {built}.*", f"{CUDATOOLKIT} {built}.*"),
            )
            yield Breach(record.name, why, _told_by(record), None, cures)


def parts(chosen: Chosen, framework: CondaName) -> list[CondaRecord]:
    """The packages that make up one framework: it, and what it needs of its own version, however deep."""
    start = chosen.get(framework)
    if start is None:
        return []
    found = {start.name: start}
    waiting = [start]
    while waiting:
        for spec in waiting.pop().depends:
            record = chosen.get(CondaName(spec.split()[0]))
            if record is not None and record.version == start.version and record.name not in found:
                found[record.name] = record
                waiting.append(record)
    return list(found.values())


def _another_build(record: CondaRecord) -> str:
    """A constraint that any build but this one meets; conda knows no other way to say so."""
    pattern = record.build.replace("+", ".")
    return f'{record.name}[build="^(?!{pattern}$).*$"]'


def _told_by(record: CondaRecord) -> str:
    return f"repodata of {record.channel}/{record.subdir}: {record.filename}"
