"""A finished search as a ``Solution``: pins with files, and the reason for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from packaging.requirements import Requirement

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.axes import AXES
from solver.core.frameworks import FRAMEWORKS, framework_of
from solver.core.markers import applies
from solver.core.model import REQUEST, Axis, Because, Pin, Profile, PypiName, Requires, Solution
from solver.matrix.rows import NONE, Build
from solver.solve.notes import branch_note, notes
from solver.solve.optimise import Chosen
from solver.solve.space.packages import PackageSpace
from solver.solve.space.roots import root_asks
from solver.solve.space.terms import AXIS_CUDA, AXIS_CUDNN, Ask, Candidate, Kind, axis_idents, is_package, is_way


def to_solution(space: PackageSpace, profile: Profile, chosen: Chosen) -> Solution:
    """Describe ``chosen``, a complete set of candidates of ``space``."""
    askers = _askers(space, profile, chosen)
    pins = tuple(_pin(space, chosen[name], chosen, askers) for name in sorted(chosen) if is_package(name))
    axes = _axes(chosen)
    versions: dict[str, str] = {pin.name: pin.version for pin in pins}
    matrices, target = space.scope.matrices, space.scope.target
    soft = notes(versions, axes["cuda"], _builds(space, chosen), matrices, target)
    return Solution(
        profile=profile.name,
        target=target,
        axes=axes,
        pins=pins,
        because=tuple(_because(ident, chosen, askers) for ident in sorted(chosen) if _is_explained(ident)),
        notes=(*branch_note(profile, matrices), *soft),
        missing=tuple(text for pin in pins for text in _missing(pin, space.scope.target.python)),
    )


def _is_explained(ident: str) -> bool:
    return is_package(ident) or ident in (AXIS_CUDA, AXIS_CUDNN)


def _builds(space: PackageSpace, chosen: Chosen) -> list[Build]:
    """The rows of the frameworks, in the order in which those are told."""
    idents = (ident for entry in FRAMEWORKS.values() for ident in entry.distributions if ident in chosen)
    rows = (space.scope.build(ident, chosen[ident].version) for ident in idents)
    return [row for row in rows if isinstance(row, Build)]


def _askers(space: PackageSpace, profile: Profile, chosen: Chosen) -> Mapping[str, list[tuple[str, Ask]]]:
    """Who asks for each identifier, and with which ask; the request first."""
    askers: dict[str, list[tuple[str, Ask]]] = defaultdict(list)
    for ask in root_asks(space.choices, profile):
        askers[ask.ident].append((REQUEST, ask))
    for ident in sorted(chosen):
        for ask in space.asks(chosen[ident]):
            # What keeps a rule is there for the package that the rule is about.
            base = next(iter(space.rule(ident).when)) if is_way(ident) else ident.partition("[")[0]
            if ask.ident.partition("[")[0] != base:
                askers[ask.ident].append((base, ask))
    return askers


def _pin(space: PackageSpace, candidate: Candidate, chosen: Chosen, askers: Mapping[str, list[tuple[str, Ask]]]) -> Pin:
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


def _because(ident: str, chosen: Chosen, askers: Mapping[str, list[tuple[str, Ask]]]) -> Because:
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


def _axes(chosen: Chosen) -> dict[Axis, str | None]:
    def version(axis: Axis) -> str | None:
        candidate = next((chosen[ident] for ident in axis_idents(axis) if ident in chosen), None)
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
