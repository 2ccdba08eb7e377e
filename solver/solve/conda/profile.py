"""Solves profiles whose packages come from conda: both frameworks, or only the base below pip."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import msgspec

from solver.core.answer import Answer, NotKnown
from solver.core.axes import AXES, AxisEntry, axes_of
from solver.core.errors import BadInput, Undecided, Unsolvable
from solver.core.explanation import Explanation
from solver.core.frameworks import FRAMEWORKS
from solver.core.model import REQUEST, Axis, Because, CondaName, Note, Profile, PypiName, Solution, Target
from solver.core.processor import number
from solver.core.versions import minor
from solver.index.conda import CondaSource
from solver.index.conda_level import LEVEL, askers, level_of
from solver.index.conda_record import CondaRecord
from solver.index.conda_spec import spec_name
from solver.matrix.load import Matrices
from solver.matrix.names import Names
from solver.solve.conda.asks import CondaAsks, base_asks, branches, conda_asks
from solver.solve.conda.base_rules import BaseBreach, base_breaches, keeping_rules
from solver.solve.conda.breaches import CondaJudge
from solver.solve.conda.channels import ChannelRefusal, ChannelSolver, virtual_packages
from solver.solve.conda.explain import explain_base, explain_conda
from solver.solve.conda.read_builds import prefer_read
from solver.solve.conda.search import Branch, ChannelSearch, Rejected, SearchResult
from solver.solve.conda.settled import SettledRecords, settled_branches
from solver.solve.conda.traps import CUDA_VERSION, CUDATOOLKIT, CUDNN, PYTHON, Traps, build_row, wheel_notes
from solver.solve.notes import driver_notes

_LIBRARIES = tuple(name for axis in axes_of("package") for name in AXES[axis].conda)
"""The last axes, in the order of preference."""


@dataclass(frozen=True)
class CondaSolution:
    """What a ``conda`` profile comes to."""

    solution: Solution
    """Axes, reasons and notes; it has no pins, since nothing comes from pip."""
    records: tuple[CondaRecord, ...]
    """The closure, sorted by name."""
    rejected: tuple[Rejected, ...]
    """What was preferred and could not be, with the channel's or the matrices' reason."""
    rows: tuple[str, ...]
    """Ids of the matrix rows that were used."""
    virtual: Mapping[str, str]
    specs: tuple[str, ...]
    """With ``constraints``: the one request of the channel that gives ``records``."""
    constraints: tuple[str, ...]
    solves: int
    """How often the channel's solver was asked."""


def solve_conda(
    profile: Profile,
    matrices: Matrices,
    source: CondaSource,
    settled: SettledRecords | None = None,
) -> CondaSolution:
    """The preferred set of conda packages for ``profile``; or that of a lock, with some of it ``settled`` to be newer.

    Raises ``Unsolvable`` with causes in the matrices' words and the channel's, which is ``Undecided``
    where partial channels may merely lack a record; ``BadInput`` for a package that whole channels
    have not, ``IndexUnavailable`` where a channel does not answer.
    """
    solver = open_solver(profile, profile.target, source, matrices)
    if settled is not None:
        solver.staying = settled.staying
    asks = conda_asks(profile, Names(matrices), solver)
    try:
        result = search_asks(asks, profile.target, matrices, solver, settled)
    except ChannelRefusal as refusal:
        raise _unsolvable(profile, explain_conda(profile, asks, refusal, matrices, solver)) from refusal
    return _solution(profile, asks, result, matrices, solver)


def _unsolvable(profile: Profile, explanation: Explanation) -> Unsolvable:
    error = Undecided if explanation.answer is Answer.NOT_KNOWN else Unsolvable
    return error(profile.name, explanation)


def open_solver(profile: Profile, target: Target, source: CondaSource, matrices: Matrices) -> ChannelSolver:
    """A solver for ``target`` with the days and virtual packages of ``profile``.

    It never chooses a build which the matrices refuse. Whoever solves for a profile opens its
    channels here, so that a lock, its explanation and a refresh see the same records.
    """
    named = frozenset({PYTHON, *_LIBRARIES, *(entry.conda for entry in FRAMEWORKS.values())})
    virtual = virtual_packages(target, matrices.drivers, profile.virtual_packages)
    return ChannelSolver(source, target, virtual, newest_day(profile), Traps(matrices, named))


def newest_day(profile: Profile) -> datetime | None:
    """The end of the day (UTC) after which records count as absent; None: all count."""
    if profile.exclude_newer is None:
        return None
    return datetime.fromisoformat(profile.exclude_newer).replace(hour=23, minute=59, second=59, tzinfo=UTC)


def search_asks(
    asks: CondaAsks,
    target: Target,
    matrices: Matrices,
    solver: ChannelSolver,
    settled: SettledRecords | None = None,
) -> SearchResult:
    """The best set for ``asks``; raises ``ChannelRefusal``."""
    judge = CondaJudge(matrices, target, asks.frameworks, asks.gpu)
    if settled is not None:
        starts = settled_branches(settled, branches(asks), solver)
        return ChannelSearch(solver, settled.newer, judge).run(starts)
    axes = (*asks.frameworks, PYTHON, CUDA_VERSION, CUDATOOLKIT, CUDNN, *_LIBRARIES)
    result = ChannelSearch(solver, axes, judge).run(branches(asks))
    if result.branch is not None:
        branch = result.branch
        constraints = (*branch.constraints, *branch.pins)
        records, pins = prefer_read(solver, branch.specs, constraints, result.records, lambda chosen: not judge(chosen))
        result.records, result.branch = records, replace(branch, pins=(*branch.pins, *pins))
    return result


def base_records(
    profile: Profile,
    python: str,
    target: Target,
    source: CondaSource,
    matrices: Matrices,
    *,
    pins: Mapping[PypiName, str] | None = None,
) -> tuple[CondaRecord, ...]:
    """The conda half of a ``pip-in-conda`` profile: python, pip and ``conda_packages``.

    ``python`` is major.minor. ``pins`` is the pip half: a package that conda
    brings too (pip's own setuptools, say) is taken in the version that pip would
    install, so that pip finds it there and leaves conda's files alone. Raises
    ``BadInput`` with the cure where conda has no such version; where the base cannot
    be had at all ``ChannelRefusal``, of partial channels ``Unsolvable``.
    """
    names = Names(matrices)
    solver = open_solver(profile, target, source, matrices)
    free = _free_base(profile, python, solver, matrices)
    shared = {
        record.name: pins[twin]
        for record in free
        if record.name != PYTHON and (twin := names.pypi(record.name)) is not None and pins and twin in pins
    }
    specs, constraints = base_specs(profile, python), [f"{name} =={version}" for name, version in shared.items()]
    try:
        base = solver.close(specs, constraints) if shared else free
    except ChannelRefusal:
        raise _clash(profile, shared, names, solver) from None

    def breaches(records: Iterable[CondaRecord]) -> list[BaseBreach]:
        return list(base_breaches(records, pins or {}, target, matrices))

    base, constraints = keeping_rules(profile, solver, specs, constraints, base, breaches)
    return prefer_read(solver, specs, constraints, base, lambda chosen: not breaches(chosen.values()))[0]


def base_offers(
    profile: Profile,
    python: str,
    target: Target,
    source: CondaSource,
    matrices: Matrices,
) -> dict[PypiName, tuple[str, ...]]:
    """Which versions of each python package the base could bring, by PyPI name.

    A search that keeps to these versions, where its closure has the package at
    all, never meets ``base_records``' clash. Raises as that does.
    """
    names = Names(matrices)
    solver = open_solver(profile, target, source, matrices)
    offers: dict[PypiName, tuple[str, ...]] = {}
    for record in _free_base(profile, python, solver, matrices):
        twin = names.pypi(record.name)
        if twin is not None and record.name != PYTHON and record.is_of_python:
            offers[twin] = tuple(dict.fromkeys(str(r.version) for r in solver.candidates(record.name)))
    return offers


def _free_base(profile: Profile, python: str, solver: ChannelSolver, matrices: Matrices) -> tuple[CondaRecord, ...]:
    """The base as the channels alone would have it."""
    try:
        return solver.close(base_specs(profile, python))
    except ChannelRefusal as refusal:
        if not solver.source.partial:
            raise
        raise _unsolvable(
            profile, explain_base(profile, base_asks(profile, python), refusal, matrices, solver)
        ) from refusal


def base_specs(profile: Profile, python: str) -> list[str]:
    """What a base holds by name: python (major.minor), pip and the profile's conda packages."""
    return [spec for ask in base_asks(profile, python) for spec in ask.specs]


def _clash(profile: Profile, shared: Mapping[CondaName, str], names: Names, solver: ChannelSolver) -> BadInput:
    for name, version in shared.items():
        offered = [str(record.version) for record in solver.candidates(name)]
        if version not in offered:
            twin = names.pypi(name)
            return BadInput(
                f"conda and pip would both install {twin}: pip {version}, which conda has not",
                key=profile.name,
                fix=f'constrain it, as in `constraints: {{{twin}: "=={offered[-1]}"}}`, '
                f"or take {name} out of conda-packages"
                if offered
                else f"take {name} out of conda-packages",
            )
    pins = ", ".join(f"{name} {version}" for name, version in shared.items())
    return BadInput(
        f"conda and pip would both install {pins}, and conda has no base with these versions",
        key=profile.name,
        fix="constrain one of them in the profile",
    )


def _solution(
    profile: Profile, asks: CondaAsks, result: SearchResult, matrices: Matrices, solver: ChannelSolver
) -> CondaSolution:
    chosen = {record.name: record for record in result.records}
    python = minor(chosen[PYTHON].version)
    named = profile.target.cpu
    cpu = level_of(result.records) if isinstance(named, NotKnown) else named
    target = msgspec.structs.replace(profile.target, python=python, cpu=cpu)
    because = _because(profile, asks, chosen, matrices, python)
    solution = Solution(
        profile=profile.name,
        target=target,
        axes=_axes(chosen, gpu=asks.gpu),
        pins=(),
        because=because,
        notes=(*driver_notes(profile, matrices), *_notes(chosen), *wheel_notes(chosen, target, matrices)),
        missing=(),
    )
    used = [item.row for item in because] + [each.row for each in result.rejected]
    branch = result.branch or Branch((), ())
    return CondaSolution(
        solution=solution,
        records=result.records,
        rejected=tuple(result.rejected),
        rows=tuple(sorted({row for row in used if row is not None})),
        virtual=solver.virtual,
        specs=branch.specs,
        constraints=(*branch.constraints, *branch.pins),
        solves=result.solves,
    )


def _axes(chosen: Mapping[CondaName, CondaRecord], *, gpu: bool) -> dict[Axis, str | None]:
    def version(entry: AxisEntry) -> str | None:
        record = next((chosen[name] for name in entry.conda if name in chosen), None)
        if entry.kind != "toolkit":
            return None if record is None else record.version
        return None if record is None or not gpu else minor(record.version)

    return {name: version(entry) for name, entry in AXES.items()}


def _because(
    profile: Profile, asks: CondaAsks, chosen: Mapping[CondaName, CondaRecord], matrices: Matrices, python: str
) -> tuple[Because, ...]:
    """Who asked for each package: the request, or the packages that depend on it."""
    askers: dict[CondaName, list[str]] = {}
    for record in chosen.values():
        for spec in record.depends:
            askers.setdefault(spec_name(spec), []).append(record.name)
    named = {spec_name(spec) for spec in asks.specs()}
    reasons = []
    for name, record in sorted(chosen.items()):
        row = build_row(record, python, profile.target.platform, matrices)
        by = [REQUEST] if name in named else sorted(set(askers.get(name, ())))
        reasons.append(
            Because(
                package=name,
                version=f"{record.version} {record.build}",
                row=None if isinstance(row, NotKnown) else row.id,
                source=_read_in(record) if isinstance(row, NotKnown) else row.source,
                asked_by=", ".join(by[:3]) + (f" and {len(by) - 3} more" if len(by) > 3 else ""),
            )
        )
    return tuple(reasons)


def _read_in(record: CondaRecord) -> str:
    read = f"repodata of {record.channel}/{record.subdir}"
    return f"{read}, partly inferred" if record.inferred else read


def _notes(chosen: Mapping[CondaName, CondaRecord]) -> tuple[Note, ...]:
    notes = []
    level = level_of(chosen.values())
    if not isinstance(level, NotKnown) and number(level) > 1:
        names = ", ".join(sorted(record.name for record in askers(chosen.values())))
        text = f"runs only on processors of the level {level}, as {names} ask"
        notes.append(Note(package=LEVEL, text=text, row=None, evidence=None))
    inferred = sorted(record.name for record in chosen.values() if record.inferred)
    if inferred:
        text = (
            f"{len(inferred)} records were partly inferred, so that a live channel may choose otherwise: "
            + ", ".join(inferred)
        )
        notes.append(Note(package="conda", text=text, row=None, evidence=None))
    return tuple(notes)
