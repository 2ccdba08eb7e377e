"""Why a conda profile has no solution: the request's asks that clash, the matrices' words, then the channel's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from solver.core.answer import NOT_KNOWN, Answer, NotKnown
from solver.core.axes import AXES, axes_of, is_of_kind
from solver.core.explanation import Cause, Explanation, Nearest
from solver.core.frameworks import FRAMEWORKS
from solver.core.model import PROCESSORS, REQUEST, CondaName, Profile
from solver.core.processor import archspec_name, of_archspec
from solver.core.versions import as_version, minor, numbers, version_or_none
from solver.index.conda_spec import match_spec, read_spec
from solver.matrix.conda_builds import (
    LIBPROTOBUF,
    built_against,
    conda_cuda,
    framework_rows,
    is_for,
    pythons_of,
)
from solver.matrix.drivers import newest_served
from solver.matrix.load import Matrices
from solver.matrix.rows import CondaBuild
from solver.solve.conda.asks import CondaAsk, CondaAsks, branches
from solver.solve.conda.breaches import CondaJudge
from solver.solve.conda.channels import ChannelRefusal, ChannelSolver
from solver.solve.conda.recorded import Record
from solver.solve.conda.search import ChannelSearch, Rejected
from solver.solve.conda.traps import PYTHON

_MOST_LINES = 12
"""Of the channel's tree; its head says what clashes, its depth repeats it."""
_MOST_NEAR = 3
_FRAME = axes_of("python", "framework", "toolkit")


@dataclass(frozen=True)
class _Core:
    asks: tuple[CondaAsk, ...]
    refusal: ChannelRefusal | None
    """What the channels say; None where they have a set and it is the matrices that refuse it."""
    rejected: tuple[Rejected, ...]
    """Sets that the channels have and the matrices refuse."""


def explain_conda(
    profile: Profile, asks: CondaAsks, refusal: ChannelRefusal, matrices: Matrices, solver: ChannelSolver
) -> Explanation:
    """The shortest true story, and the nearest requests that do work."""
    judge = CondaJudge(matrices, profile.target, asks.frameworks, asks.gpu)
    newest = newest_served(matrices)
    virtual = solver.virtual if newest is None else {**solver.virtual, "__cuda": newest}
    try_out = _Possible(solver, judge, replace(solver, virtual=virtual))
    core = _core(asks, refusal, try_out)
    causes = [Cause(who=REQUEST, asks=ask.text, source=ask.source) for ask in core.asks]
    causes += _taken_away(core, asks)
    causes += _rows(core, asks, matrices, profile, solver)
    causes += [
        Cause(
            who=f"{each.package} {each.tried}",
            asks=f"may not be chosen: {each.why}",
            source=each.source,
            package=each.package,
        )
        for each in core.rejected
    ]
    if core.refusal is not None and core.refusal.specs:
        causes += _processor(replace(asks, asks=core.asks), solver)
        causes.append(_channel(profile, core.refusal))
    # Where the channels have a set after all, it is rows that refuse it, and no record is missing.
    gap = None if core.refusal is None else Record(profile, matrices, solver).gap(core.asks, gpu=asks.gpu)
    return Explanation(
        causes=tuple(dict.fromkeys(causes)),
        answer=Answer.NO if gap is None else Answer.NOT_KNOWN,
        nearest=tuple(_nearest(asks, core, try_out)),
        note=gap,
    )


def _processor(asks: CondaAsks, solver: ChannelSolver) -> Iterable[Cause]:
    """The target's processor, where the channels have a set for the newest one: it is part of the clash then."""
    archspec = solver.virtual.get("__archspec")
    level = NOT_KNOWN if archspec is None else of_archspec(archspec)
    if isinstance(level, NotKnown):
        return
    newest = replace(solver, virtual={**solver.virtual, "__archspec": archspec_name(PROCESSORS[-1])})
    try:
        newest.solve(asks.specs(), asks.constraints())
    except ChannelRefusal:
        return
    yield Cause(who=REQUEST, asks=f"processors from {level} on", source=REQUEST, package="cpu")


def explain_base(
    profile: Profile, asks: Sequence[CondaAsk], refusal: ChannelRefusal, matrices: Matrices, solver: ChannelSolver
) -> Explanation:
    """Why there is no base that ``asks`` make up, as told by partial channels."""
    record = Record(profile, matrices, solver)
    gap = record.gap(asks, gpu=False)
    causes = [Cause(who=REQUEST, asks=ask.text, source=ask.source) for ask in record.absent(asks) or asks]
    return Explanation(
        causes=(*causes, _channel(profile, refusal)),
        answer=Answer.NO if gap is None else Answer.NOT_KNOWN,
        note=gap,
    )


@dataclass
class _Possible:
    """Asks whether there is any set at all, the matrices' word included."""

    solver: ChannelSolver
    judge: CondaJudge
    any_driver: ChannelSolver
    """The same on a machine whose driver is the newest that is known."""

    def __call__(self, asks: CondaAsks) -> dict[CondaName, str] | _Core:
        """Versions of some set that meets ``asks``, or why there is none."""
        judge = replace(self.judge, frameworks=asks.frameworks, gpu=asks.gpu)
        solver = self.any_driver if asks.any_driver else self.solver
        search = ChannelSearch(solver, (), judge)
        try:
            result = search.run(branches(asks))
        except ChannelRefusal as error:
            refusal: ChannelRefusal | None = error
        else:
            return {record.name: record.version for record in result.records}
        rejected = tuple(dict.fromkeys(search.result.rejected))
        try:
            # Without a CUDA major named, the channel speaks of all its builds at once.
            solver.solve(asks.specs(), asks.constraints())
        except ChannelRefusal as error:
            refusal = error
        else:
            refusal = None if rejected else refusal
        return _Core(asks.asks, refusal, rejected)


def _core(asks: CondaAsks, refusal: ChannelRefusal, possible: _Possible) -> _Core:
    """A smallest part of the asks that is impossible: none of it can be left out."""
    whole = possible(asks)
    core = whole if isinstance(whole, _Core) else _Core(asks.asks, refusal, ())
    rest = asks
    for ask in [ask for ask in asks.asks if ask.key not in _FRAME]:
        rest = rest.less(ask)
    # Mostly the clash lies among the few asks that every profile has.
    bare = possible(rest)
    if isinstance(bare, _Core):
        core = bare
    else:
        rest = asks
    # The asks for the environment's own pieces go last, so that they stay in the story.
    for ask in reversed(rest.asks):
        fewer = rest.less(ask)
        answer = possible(fewer)
        if isinstance(answer, _Core):
            rest, core = fewer, answer
    return core


def _taken_away(core: _Core, asks: CondaAsks) -> Iterable[Cause]:
    """What the matrices excluded beforehand, where the core speaks of it; one cause a reason."""
    keys = {ask.key for ask in core.asks}
    reasons: dict[tuple[str, str], list[str]] = {}
    for each in asks.excluded:
        if each.package in keys:
            reasons.setdefault((each.why, each.source), []).append(each.version)
    for (why, source), versions in reasons.items():
        if source != REQUEST:
            yield Cause(who=f"CUDA {_span(versions)}", asks=f"may not be chosen: {why}", source=source, package="cuda")


def _rows(core: _Core, asks: CondaAsks, matrices: Matrices, profile: Profile, solver: ChannelSolver) -> Iterable[Cause]:
    """What the matrices know of each framework's builds, where the core speaks of it."""
    python = next((ask for ask in core.asks if is_of_kind(ask.key, "python")), None)
    both = len([ask for ask in core.asks if ask.framework is not None]) > 1
    for ask in core.asks:
        specifier = profile.constraints.get(ask.key, "")
        if ask.framework is None:
            continue
        platform = profile.target.platform
        built = framework_rows(ask.framework, specifier, platform, gpu=asks.gpu, matrices=matrices)
        if not built:
            continue
        if python is not None:
            yield from _pythons(ask, python, built, solver)
        against = _ordered(libraries[LIBPROTOBUF] for row in built if LIBPROTOBUF in (libraries := built_against(row)))
        if both and against:
            yield _of_rows(ask.key, built, f"{LIBPROTOBUF} {', '.join(against)}")


def _pythons(ask: CondaAsk, python: CondaAsk, built: Sequence[CondaBuild], solver: ChannelSolver) -> Iterable[Cause]:
    """For which pythons a framework was built, where none of them is the one asked for."""
    minors = set(python.minors)
    built_for = _pythons_built_for(ask, solver)
    if minors & set(built_for):
        return
    rendered = [row for row in built if any(is_for(row, one) for one in minors)]
    without = [row for row in built if row not in rendered]
    if without:
        yield _of_rows(ask.key, without, f"python {', '.join(_ordered(pythons_of(without)))}")
    if rendered:
        theirs = f"python {', '.join(built_for)}" if built_for else "no python"
        yield _of_rows(
            ask.key,
            rendered,
            f"a recipe for python {', '.join(_ordered(minors))}, of which the channel's records hold no build "
            f"(theirs are for {theirs})",
        )


_LEAST = re.compile(r"(?:>=|={0,2})(\d+\.\d+)")


def _pythons_built_for(ask: CondaAsk, solver: ChannelSolver) -> list[str]:
    """The pythons that the channel's builds of a framework, as asked for, depend on."""
    specs = [match_spec(spec) for spec in ask.specs]
    records = [r for r in solver.candidates(ask.framework or PYTHON) if all(s.matches(r) for s in specs)]
    return _ordered(
        match[1]
        for record in records
        for spec in map(read_spec, record.depends)
        if spec is not None and spec.name == PYTHON and (match := _LEAST.match(spec.versions)) is not None
    )


def _of_rows(word: str, rows: Sequence[CondaBuild], asks: str) -> Cause:
    source = rows[-1].source if len(rows) == 1 else f"{rows[-1].source} and alike"
    kind = "CUDA builds" if conda_cuda(rows[-1]) is not None else "CPU builds"
    versions = _span([row.version for row in rows])
    return Cause(who=f"{word} {versions} on conda-forge ({kind})", asks=asks, source=source, package=word)


def _channel(profile: Profile, refusal: ChannelRefusal) -> Cause:
    lines = refusal.reason.splitlines()
    shown = lines[:_MOST_LINES]
    if len(lines) > len(shown):
        shown.append(f"… and {len(lines) - len(shown)} more lines")
    return Cause(
        who=f"channel {', '.join(profile.channels)}", asks="\n".join(shown), source="its repodata, by py-rattler"
    )


def _nearest(asks: CondaAsks, core: _Core, possible: _Possible) -> Iterable[Nearest]:
    """Requests that differ in one ask of the core, those that keep most of it first."""
    count = 0
    for changes, changed in _changes(asks, core, possible.solver):
        answer = possible(changed)
        if isinstance(answer, _Core) or changed.misses(answer):
            continue
        yield Nearest(
            changes=(changes,),
            solution={axis: answer.get(AXES[axis].conda[0]) for axis in axes_of("framework", "python", "toolkit")},
        )
        count += 1
        if count == _MOST_NEAR:
            return


def _changes(asks: CondaAsks, core: _Core, solver: ChannelSolver) -> Iterable[tuple[str, CondaAsks]]:
    for ask in core.asks:
        if is_of_kind(ask.key, "python"):
            for minor in _other_pythons(ask, solver):
                other = replace(ask, text=f"python =={minor}", specs=(f"{PYTHON} {minor}.*",))
                yield f"python {minor}", asks.instead(ask, other)
    for ask in core.asks:
        if is_of_kind(ask.key, "python", "framework"):
            continue
        text = "any CUDA, with a newer driver" if is_of_kind(ask.key, "toolkit") else f"leave out {ask.text}"
        yield text, asks.less(ask)
    for ask in core.asks:
        if ask.key in FRAMEWORKS:
            loose = replace(ask, specs=tuple(_any_version(spec) for spec in ask.specs))
            if loose != ask:
                yield f"any version of {ask.key}", asks.instead(ask, loose)
    for ask in core.asks:
        if ask.framework is not None:
            yield f"no {ask.key} (a profile of its own for it)", asks.less(ask)


def _other_pythons(ask: CondaAsk, solver: ChannelSolver) -> list[str]:
    """Other minors that the channels have, nearest to the asked ones first."""
    minors = {minor(str(r.version)) for r in solver.candidates(PYTHON)}
    middle = max((numbers(minor)[1] for minor in ask.minors or minors), default=0)
    rest = [minor for minor in minors if minor not in ask.minors]
    return sorted(rest, key=lambda minor: (abs(numbers(minor)[1] - middle), -numbers(minor)[1]))


def _any_version(spec: str) -> str:
    words = spec.split()
    return " ".join([words[0], "*", *words[2:]])


def _span(versions: Sequence[str]) -> str:
    ordered = _ordered(versions)
    return ordered[0] if len(ordered) == 1 else f"{ordered[0]} to {ordered[-1]}"


def _ordered(versions: Iterable[str]) -> list[str]:
    # What is no version, as some of conda's are not, comes first.
    return sorted(set(versions), key=lambda text: (version_or_none(text) or as_version("0"), text))
