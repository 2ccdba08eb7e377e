"""What the matrices say to conda: names, CUDA versions, traps and rules, in conda's own terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, Verdict
from solver.core.axes import AXES
from solver.core.model import REQUEST, CondaName, Note, Platform, Target
from solver.core.versions import meets
from solver.index.conda_record import CondaRecord
from solver.index.conda_spec import match_spec
from solver.matrix import drivers, gpus, rules
from solver.matrix.conda_builds import conda_rows, refused_by
from solver.matrix.load import Matrices
from solver.matrix.names import Names
from solver.matrix.place import Place
from solver.matrix.rows import CondaBuild, CondaTrap

if TYPE_CHECKING:
    from rattler import MatchSpec, RepoDataRecord

CUDA_VERSION, CUDATOOLKIT = AXES["cuda"].conda
"""The package that ties everything of one CUDA together, from CUDA 11 on; the CUDA runtime before CUDA 12."""
CUDNN = CondaName("cudnn")
PYTHON = CondaName("python")


@dataclass(frozen=True)
class CondaExclusion:
    """Why a version may not be chosen."""

    package: str
    version: str
    why: str
    source: str
    row: str | None
    """Id of the row that excludes it; None: no row does."""


@dataclass(frozen=True)
class CondaBreach:
    """A chosen set that the matrices know not to work.

    ``cures`` are constraints, any of which a set must keep to; none means that
    nothing but another build of ``package`` helps.
    """

    package: CondaName
    why: str
    source: str
    row: str | None
    """Id of the row that tells it; None: no row does."""
    cures: tuple[tuple[str, ...], ...]


def conda_versions(specifier: str) -> str:
    """A PEP 440 specifier as a conda one; raises ``ValueError`` for a local version, which conda has not."""
    parts = []
    for part in sorted(SpecifierSet(specifier), key=str):
        if "+" in part.version:
            raise ValueError(f"conda has no version {part.version}; its builds tell their CUDA otherwise")
        prefixed = part.operator == "==" and part.version.endswith(".*")
        parts.append(part.version if prefixed else f"{part.operator}{part.version}")
    return ",".join(parts)


def trap_rows(matrices: Matrices) -> dict[str, list[tuple[CondaTrap, MatchSpec]]]:
    """The traps that no lock may hold, by package."""
    traps = {}
    for package in sorted({row.package for row in matrices.conda_traps}):
        if rows := refused_by(matrices, package):
            traps[package] = [(row, match_spec(row.match)) for row in rows]
    return traps


def trap_row(package: str, matrices: Matrices) -> CondaTrap | None:
    """The trap that only the whole set shows, such as a CUDA build upon a CPU build; None: no row tells of one."""
    return next((row for row in matrices.conda_traps if row.package == package and not row.refuse), None)


@dataclass(frozen=True)
class Traps:
    """Keeps trapped builds and pre-releases of named packages from the solver."""

    matrices: Matrices
    finals: frozenset[str]
    """Packages of which no pre-release may be chosen: those that the request names."""

    @cached_property
    def _rows(self) -> dict[str, list[tuple[CondaTrap, MatchSpec]]]:
        return trap_rows(self.matrices)

    def __call__(self, record: RepoDataRecord) -> bool:
        """Whether ``record`` may not be chosen."""
        name = record.name.normalized
        if any(spec.matches(record) for _, spec in self._rows.get(name, ())):
            return True
        return name in self.finals and _is_prerelease(str(record.version))


def admitted_cuda(
    versions: Sequence[str], specifier: str, target: Target, matrices: Matrices
) -> tuple[list[str], list[CondaExclusion]]:
    """Which CUDA versions (major.minor) the driver, the GPUs and the request admit, and why the rest not."""
    admitted, excluded = [], []
    for version in versions:
        if not meets(version, specifier):
            excluded.append(CondaExclusion("cuda", version, f"it asks for {specifier}", REQUEST, None))
            continue
        refusal = _cuda_refusal(version, target, matrices)
        if refusal is None:
            admitted.append(version)
        else:
            excluded.append(CondaExclusion("cuda", version, refusal.why, refusal.source, refusal.row))
    return admitted, excluded


def _cuda_refusal(version: str, target: Target, matrices: Matrices) -> Verdict | None:
    driver = drivers.driver_serves(version, Place.of(target), matrices)
    if driver.answer is not Answer.YES:
        return driver
    served = (gpus.toolkit_serves(matrices.toolkit(version), gpu) for gpu in target.gpus)
    return next((one for one in served if one.answer is Answer.NO), None)


def excluded_cudnn(versions: Sequence[str], target: Target, matrices: Matrices) -> list[CondaExclusion]:
    """cuDNN versions that do not serve every GPU of the target."""
    return [
        CondaExclusion(CUDNN, version, verdict.why, verdict.source, verdict.row)
        for version in versions
        for gpu in target.gpus
        if (verdict := gpus.cudnn_serves(version, gpu, matrices.cudnn)).answer is Answer.NO
    ]


def build_row(record: CondaRecord, python: str, platform: Platform, matrices: Matrices) -> CondaBuild | NotKnown:
    """The matrix row of a conda package's build; the first that fits version, build number, CUDA and python."""
    number = record.build_number
    rows = conda_rows(matrices, record.name, record.version, record.build, platform, number=number, python=python)
    return next(iter(rows), NOT_KNOWN)


def rule_breaches(chosen: Mapping[CondaName, CondaRecord], target: Target, matrices: Matrices) -> list[CondaBreach]:
    """Rules of the matrices that ``chosen`` breaks and that end in an error."""
    by_pypi = Names(matrices).by_pypi(chosen)
    broken = _broken(by_pypi, target, matrices)
    certain = (breach for breach in broken if _holds(breach) is Answer.YES)
    return [each for breach in certain for each in _breaches(breach, by_pypi)]


def wheel_notes(chosen: Mapping[CondaName, CondaRecord], target: Target, matrices: Matrices) -> list[Note]:
    """Rules that were read out of wheels and that ``chosen`` breaks with packages that are not compiled."""
    by_pypi = Names(matrices).by_pypi(chosen)
    notes = []
    for breach in _broken(by_pypi, target, matrices):
        rule, askers = breach.rule, [by_pypi[name] for name in breach.subjects]
        if _holds(breach) is Answer.NOT_KNOWN and all(record.noarch is not None for record in askers):
            pins = ", ".join(f"{record.name} {record.version}" for record in askers)
            text = f"of the wheel of {pins} it is known that {rule.why}; of conda's build nobody read it"
            names = [by_pypi[each.package].name for each in breach.offences]
            notes += [Note(package=name, text=text, row=rule.id, evidence=None) for name in names]
    return notes


def _holds(breach: rules.Breach) -> Answer:
    return rules.holds_of_conda(breach, lambda name: True)


def _broken(chosen: Mapping[str, CondaRecord], target: Target, matrices: Matrices) -> Iterator[rules.Breach]:
    errors = (rule for rule in matrices.rules if rule.severity == "error")
    return rules.broken(errors, {name: record.version for name, record in chosen.items()}, Place.of(target))


def _breaches(breach: rules.Breach, chosen: Mapping[str, CondaRecord]) -> Iterator[CondaBreach]:
    """What a channel's solver has to avoid: one breach a package that offends, or that clashes with the others."""
    rule, named = breach.rule, [chosen[name] for name in breach.subjects]
    away = tuple((f"{record.name} !={record.version}",) for record in named)
    for offence in breach.offences:
        record = chosen[offence.package]
        yield CondaBreach(record.name, rule.why, rule.source, rule.id, ((as_kept(record, offence.needed),), *away))
    if breach.missing or not breach.offences:
        yield CondaBreach(named[0].name, rule.why, rule.source, rule.id, away)


def as_kept(record: CondaRecord, needed: str) -> str:
    """The MatchSpec of the versions of a package that keep what a rule needs of it."""
    if rules.forbids(needed):
        return f"{record.name} <0a0"
    try:
        return f"{record.name} {conda_versions(needed)}"
    except ValueError:
        return f"{record.name} !={record.version}"


def _is_prerelease(version: str) -> bool:
    try:
        return Version(version).is_prerelease
    except InvalidVersion:
        return False
