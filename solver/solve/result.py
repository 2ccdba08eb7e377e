"""A finished search as a ``Solution``: pins with files, and the reason for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace

from packaging.requirements import Requirement

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.axes import AXES, CUDA
from solver.core.frameworks import FRAMEWORKS, framework_of, preferred_first
from solver.core.markers import applies
from solver.core.model import REQUEST, Axis, Because, Pin, Profile, PypiName, Requires, Solution
from solver.matrix.rows import NONE, Build
from solver.solve.notes import building_notes, driver_notes, notes
from solver.solve.optimise import Chosen
from solver.solve.space.packages import PackageSpace
from solver.solve.space.roots import root_asks
from solver.solve.space.terms import (
    AXIS_CUDA,
    AXIS_CUDNN,
    Ask,
    Candidate,
    Kind,
    axis_idents,
    guard,
    is_inside,
    is_package,
    is_way,
    package_around,
)

Askers = Mapping[str, list[tuple[str, Ask]]]
"""By identifier, who asks for it and with which ask."""


def to_solution(space: PackageSpace, profile: Profile, chosen: Chosen) -> Solution:
    """Describe ``chosen``, a complete set of candidates of ``space``."""
    askers = _askers(space, profile, chosen)
    pins = tuple(_pin(space, chosen[name], chosen, askers) for name in sorted(chosen) if is_package(name))
    runtimes = {ident: _runtime(ident, profile, chosen, askers) for ident in (AXIS_CUDA, AXIS_CUDNN)}
    axes = _axes(chosen, runtimes)
    versions: dict[str, str] = {pin.name: pin.version for pin in pins}
    matrices, target = space.scope.matrices, space.scope.target
    soft = notes(versions, axes[CUDA], _builds(space, chosen), matrices, target)
    return Solution(
        profile=profile.name,
        target=target,
        axes=axes,
        pins=pins,
        because=tuple(_reasons(chosen, askers, runtimes)),
        notes=(*driver_notes(profile, matrices), *soft, *building_notes(pins)),
        missing=tuple(text for pin in pins for text in _missing(pin, space.scope.target.python)),
    )


def _reasons(chosen: Chosen, askers: Askers, runtimes: Mapping[str, Because | None]) -> Iterator[Because]:
    """Why each package and each runtime is there, by identifier."""
    for ident in sorted({*chosen, *runtimes}):
        reason = runtimes.get(ident) if ident in runtimes or not is_package(ident) else _because(ident, chosen, askers)
        if reason is not None:
            yield reason


def _runtime(ident: str, profile: Profile, chosen: Chosen, askers: Askers) -> Because | None:
    """What the axis of a runtime is told as, see ``matrix.runtimes``; None where the set has none of it.

    What nothing of the set brings, a build may need all the same: from outside, as where nobody read what it opens.
    """
    candidate = chosen.get(ident)
    if not any(ask.brings for _, ask in askers.get(ident, ())):
        within = [(who, ask) for other in _inside(ident, profile, chosen) for who, ask in askers[other] if ask.brings]
        for who, ask in within[:1]:
            version = chosen[ask.ident].version
            source = f"{ask.text} ({ask.source})"
            return Because(package=_label(ident), version=version, row=ask.row, source=source, asked_by=who)
    return None if candidate is None else _because(ident, chosen, askers)


def _inside(axis: str, profile: Profile, chosen: Chosen) -> list[str]:
    """The identifiers of what lies inside wheels and is of an axis, that of the preferred framework first."""
    frameworks = preferred_first(profile.frameworks, profile.prefer)

    def turn(ident: str) -> tuple[int, str]:
        framework = framework_of(package_around(ident))
        return frameworks.index(framework) if framework in frameworks else len(frameworks), ident

    return sorted((ident for ident in chosen if is_inside(ident) and ident.startswith(axis)), key=turn)


def _builds(space: PackageSpace, chosen: Chosen) -> list[Build]:
    """The rows of the frameworks, in the order in which those are told."""
    idents = (ident for entry in FRAMEWORKS.values() for ident in entry.coded if ident in chosen)
    rows = (space.scope.build(ident, chosen[ident].version) for ident in idents)
    return [row for row in rows if isinstance(row, Build)]


def _askers(space: PackageSpace, profile: Profile, chosen: Chosen) -> Askers:
    """Who asks for each identifier, and with which ask; the request first."""
    askers: dict[str, list[tuple[str, Ask]]] = defaultdict(list)
    for ask in root_asks(space.choices, profile):
        askers[ask.ident].append((REQUEST, ask))
        if ask.ident == guard(AXIS_CUDNN) and ask.kind is Kind.ONE_OF:
            # Asked of a cuDNN should there be one: where there is, that is why it is this one.
            askers[AXIS_CUDNN].append((REQUEST, replace(ask, ident=AXIS_CUDNN, mask=ask.mask >> 1)))
    for ident in sorted(chosen):
        for ask in space.asks(chosen[ident]):
            # What keeps a rule is there for the package that the rule is about.
            base = space.about(ident) if is_way(ident) else ident.partition("[")[0]
            if ask.ident.partition("[")[0] != base:
                askers[ask.ident].append((base, ask))
    return askers


def _pin(space: PackageSpace, candidate: Candidate, chosen: Chosen, askers: Askers) -> Pin:
    release = candidate.release
    assert release is not None
    extras = sorted(ident.partition("[")[2].rstrip("]") for ident in chosen if ident.startswith(f"{candidate.ident}["))
    return Pin(
        name=PypiName(candidate.ident),
        version=candidate.version,
        index=release.index,
        files=release.files,
        requires=_requires(space, candidate, extras),
        asked_by=tuple(sorted({who for who, _ in askers.get(candidate.ident, ())})),
        row=candidate.row,
    )


def _requires(space: PackageSpace, candidate: Candidate, extras: list[str]) -> Requires:
    assert candidate.release is not None
    declared = space.choices.index.requires(candidate.release, extras)
    if isinstance(declared, NotKnown):
        return NOT_KNOWN
    requirements = set()
    for text in declared:
        requirement = Requirement(text)
        if applies(requirement.marker, space.scope.environment, extras):
            requirement.marker = None
            requirements.add(str(requirement))
    return tuple(sorted(requirements))


def _because(ident: str, chosen: Chosen, askers: Askers) -> Because:
    """The narrowest ask is the reason; a row outweighs metadata that admits as much."""
    candidate = chosen[ident]
    asks = askers.get(ident, [])
    if not asks:
        return Because(package=_label(ident), version=candidate.version, row=candidate.row, source="", asked_by="")
    who, ask = min(asks, key=_weight)
    return Because(
        package=_label(ident),
        version=candidate.version,
        row=ask.row or candidate.row,
        source=f"{ask.text} ({ask.source})",
        asked_by=who,
    )


def _weight(pair: tuple[str, Ask]) -> tuple[object, ...]:
    who, ask = pair
    return ask.kind is Kind.SAME, ask.mask.bit_count(), framework_of(who) is None, ask.row is None, who


def _label(ident: str) -> str:
    return ident.removeprefix("axis:")


def _axes(chosen: Chosen, runtimes: Mapping[str, Because | None]) -> dict[Axis, str | None]:
    def version(axis: Axis) -> str | None:
        choices: Mapping[str, Candidate | Because | None] = {**chosen, **runtimes}
        candidate = next((choices[ident] for ident in axis_idents(axis) if ident in choices), None)
        return None if candidate is None or candidate.version == NONE else candidate.version

    return {axis: version(axis) for axis in AXES}


def _missing(pin: Pin, python: str) -> list[str]:
    missing = []
    if not pin.files:
        missing.append(f"the address and sha256 of a wheel of {pin.name} {pin.version} for python {python}")
    elif not any(file.sha256 for file in pin.files):
        missing.append(f"the sha256 of {pin.files[0].filename}")
    if isinstance(pin.requires, NotKnown):
        missing.append(f"the requirements of {pin.name} {pin.version}")
    return missing
