"""Which conda packages the profiles can reach: what ``nox -s refresh`` records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from solver.core.axes import axes_of
from solver.core.flavours import FLAVOURS
from solver.core.model import CondaName, Platform, Profile, Target
from solver.core.target import PLATFORMS
from solver.index.conda import CondaSource
from solver.index.conda_record import CondaRecord, by_name_and_build
from solver.index.conda_snapshot import FOLDER, write_records
from solver.index.conda_spec import read_spec
from solver.matrix.conda_builds import may_be_cuda
from solver.matrix.load import Matrices
from solver.matrix.names import Names
from solver.solve.conda.asks import CondaAsks, branches, conda_asks
from solver.solve.conda.channels import ChannelRefusal, ChannelSolver
from solver.solve.conda.profile import base_specs, open_solver, solve_conda
from solver.solve.conda.traps import PYTHON

EXTENT = (
    "the sets of the shipped conda profiles, a set for every pair of framework versions that solves, "
    "every CUDA build of the frameworks, each framework alone and the base for each python"
)


_FRAME = axes_of("python", "toolkit", "framework")
"""The asks that a pair of frameworks needs at least."""


def refresh_conda(
    profiles: Sequence[Profile],
    pythons: Sequence[str],
    source: CondaSource,
    matrices: Matrices,
    root: Path,
) -> list[Path]:
    """Record anew what ``profiles`` and a base of each of ``pythons`` reach; returns the files written.

    ``root`` is the snapshot's folder. Everything is read before anything is written.
    """
    by_channel: dict[str, list[CondaRecord]] = {}
    for record in reachable(profiles, pythons, source, matrices, _recorded_platforms(root)):
        by_channel.setdefault(record.channel, []).append(record)
    by_address = {channel.address: channel.name for channel in source.opened("linux-64")}
    return [
        path
        for address, records in by_channel.items()
        for path in write_records(root, by_address[address], records, EXTENT)
    ]


def _recorded_platforms(root: Path) -> tuple[Platform, ...]:
    """Of which platforms there is a record, which a refresh shall not lose though no profile is for one of them."""
    recorded = {path.stem for path in (root / FOLDER).glob("*/*.jsonl")}
    return tuple(platform for platform in PLATFORMS if platform in recorded)


def reachable(
    profiles: Sequence[Profile],
    pythons: Sequence[str],
    source: CondaSource,
    matrices: Matrices,
    platforms: Sequence[Platform] = (),
) -> tuple[CondaRecord, ...]:
    """The records that ``EXTENT`` describes, and the base on each of ``platforms``, too."""
    records: list[CondaRecord] = []
    for profile in profiles:
        if not FLAVOURS[profile.flavour].from_pip:
            records += _of_profile(profile, pythons, source, matrices)
    below = (profile for profile in profiles if FLAVOURS[profile.flavour].conda)
    bases = {(profile.target.platform, profile.conda_packages): profile for profile in below}
    for platform in platforms if bases else ():
        bases.setdefault((platform, ()), _bare_on(next(iter(bases.values())), platform))
    for profile in bases.values():
        for python in pythons:
            records += _of_base(profile, python, source, matrices)
    return by_name_and_build(records)


def _bare_on(profile: Profile, platform: Platform) -> Profile:
    """``profile`` for the base alone, on any machine of ``platform``."""
    target = Target(platform=platform, python=profile.target.python)
    return msgspec.structs.replace(profile, target=target, conda_packages=(), virtual_packages={})


def _of_profile(
    profile: Profile, pythons: Sequence[str], source: CondaSource, matrices: Matrices
) -> Iterable[CondaRecord]:
    yield from solve_conda(profile, matrices, source).records
    solver = open_solver(profile, profile.target, source, matrices)
    asks = conda_asks(profile, Names(matrices), solver)
    yield from _gpu_builds(asks, solver)
    bare = replace(asks, asks=tuple(ask for ask in asks.asks if ask.key in _FRAME))
    for some in dict.fromkeys((asks, bare)):
        yield from _pairs(some, list(asks.frameworks), (), solver)
    for ask in asks.asks:
        if ask.framework is not None:
            for python in pythons:
                yield from _first_set([*ask.specs, f"{PYTHON} {python}.*"], asks, (), solver)


def _pairs(
    asks: CondaAsks, frameworks: Sequence[CondaName], pins: tuple[str, ...], solver: ChannelSolver
) -> Iterable[CondaRecord]:
    """A set for every combination of framework versions that has one."""
    if not frameworks:
        return
    name, *rest = frameworks
    for version in dict.fromkeys(str(r.version) for r in solver.candidates(name) if may_be_cuda(str(r.build))):
        narrower = (*pins, f"{name} =={version}")
        records = list(_first_set(asks.specs(), asks, narrower, solver))
        yield from records
        if records:
            yield from _pairs(asks, rest, narrower, solver)


def _first_set(
    specs: Sequence[str], asks: CondaAsks, pins: tuple[str, ...], solver: ChannelSolver
) -> Iterable[CondaRecord]:
    """A set of the newest CUDA major that has one; nothing where none has."""
    for branch in branches(asks):
        try:
            yield from solver.close(specs, (*branch.constraints, *pins))
            return
        except ChannelRefusal:
            continue


def _gpu_builds(asks: CondaAsks, solver: ChannelSolver) -> Iterable[CondaRecord]:
    """Every CUDA build of each framework and of the part that it is made of, for any python.

    Without them an explanation could not say which builds there are.
    """
    for name in asks.frameworks:
        builds = [record for record in solver.candidates(name) if may_be_cuda(str(record.build))]
        yield from solver.ours(builds)
        versions = {str(record.version) for record in builds}
        specs = (read_spec(spec) for record in builds for spec in record.depends)
        parts = {(spec.name, spec.versions.removesuffix(".*")) for spec in specs if spec is not None}
        for part, version in sorted(parts):
            if version in versions:
                same = (record for record in solver.candidates(part) if str(record.version) == version)
                yield from solver.ours([record for record in same if may_be_cuda(str(record.build))])


def _of_base(profile: Profile, python: str, source: CondaSource, matrices: Matrices) -> Iterable[CondaRecord]:
    target: Target = msgspec.structs.replace(profile.target, python=python)
    solver = open_solver(profile, target, source, matrices)
    try:
        base = solver.close(base_specs(profile, python))
    except ChannelRefusal:
        return
    yield from base
    for record in base:
        # pip may want what it brings along in any version.
        if record.is_of_python and record.name != PYTHON:
            yield from solver.ours(solver.candidates(record.name))
