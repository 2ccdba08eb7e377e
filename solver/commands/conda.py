"""The conda side of a project: its channels, the base below a pip closure, sets that come whole from conda."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

import msgspec

from solver.commands.project import LIVE, Project, built_in_snapshot, own_snapshot
from solver.core.errors import BadInput, IndexUnavailable, NoSolution, NotRecorded, Undecided
from solver.core.flavours import FLAVOURS, WHEELS_ALONE
from solver.core.model import Profile, PypiName, Solution, Target
from solver.core.spelling import all_of
from solver.core.versions import as_version, minor
from solver.index.conda import CondaSource, open_channels
from solver.index.conda_record import CondaRecord
from solver.index.conda_snapshot import CondaSnapshot, nothing_of
from solver.index.conda_spec import spec_name
from solver.index.condarc import read_settings
from solver.index.snapshot_files import KEPT
from solver.index.web import log
from solver.lock.conda_section import CondaSection, conda_section
from solver.matrix.load import Matrices
from solver.matrix.rules import binding
from solver.solve.conda.channels import virtual_packages
from solver.solve.conda.profile import CondaSolution, base_offers, base_records, solve_conda
from solver.solve.conda.traps import PYTHON

T = TypeVar("T")


def source_for(project: Project, profile: Profile) -> CondaSource:
    """The channels of a profile: as recorded, or live where the project was opened so."""
    return open_channels(profile.channels) if _is_live(project) else _recorded(project, profile)


@contextmanager
def _channels_at(project: Project, profile: Profile) -> Iterator[None]:
    """What is wrong with the channels of ``profile`` is told with their place in the request."""
    try:
        yield
    except BadInput as error:
        if error.file is not None or error.key != "channels":
            raise
        lines, key = project.request.lines, f"profiles.{profile.name}.channels"
        key = key if key in lines else "channels"
        file, line = project.request.file, lines.get(key)
        raise BadInput(error.problem, file=file, line=line, key=key, fix=error.fix) from None


def _is_live(project: Project) -> bool:
    return project.reach in LIVE


def _recorded(project: Project, profile: Profile) -> CondaSource:
    snapshot, platform = _snapshot(project, profile), profile.target.platform
    read = tuple(channel for channel in snapshot.channels if snapshot.covers(channel, platform))
    # Of what is asked for by name, a channel that stands before the others has the first word.
    by_name = bool(profile.conda_packages) or not FLAVOURS[profile.flavour].from_pip
    serve = bool(read) and (not by_name or read == snapshot.channels[: len(read)])
    return dataclasses.replace(snapshot, channels=read) if serve else snapshot


def _snapshot(project: Project, profile: Profile) -> CondaSnapshot:
    """What was recorded, with the channels that those of ``profile`` stand for."""
    settings, own = read_settings(), own_snapshot(project.root)
    # What conda may not use here it would refuse to install, be it recorded or not.
    members = tuple(settings.allowed(profile.channels))
    snapshot = CondaSnapshot(built_in_snapshot(), profile.channels, own, None if own is None else own / KEPT)
    if all(snapshot.covers(channel, profile.target.platform) for channel in profile.channels):
        return snapshot
    # What a name stands for that was not recorded may be said by conda's configuration.
    return dataclasses.replace(snapshot, channels=members)


def unread_channels(project: Project, profile: Profile) -> tuple[str, ...]:
    """Of the channels those that are not asked, and of which nobody recorded anything for the platform."""
    return () if _is_live(project) else _unrecorded(project, profile)


def _unrecorded(project: Project, profile: Profile) -> tuple[str, ...]:
    snapshot, platform = _snapshot(project, profile), profile.target.platform
    return tuple(
        channel
        for channel in profile.channels
        if not snapshot.covers(channel, platform)
        and not all(snapshot.covers(name, platform) for name in read_settings().members(channel))
    )


def _base_of(
    project: Project, profile: Profile, target: Target, ask: Callable[[CondaSource], T], *, tell: bool
) -> tuple[T, tuple[str, ...]]:
    """What ``ask`` makes of the channels, and those that had no say; of the record where live ones do not answer.

    Raises ``NotRecorded``, also of a python of ``target``, and ``IndexUnavailable`` naming what would be missing.
    """
    try:
        with _channels_at(project, profile):
            return ask(source_for(project, profile)), unread_channels(project, profile)
    except Undecided as error:
        _refuse_lacking(project, profile)
        if not profile.conda_packages:
            _refuse_unrecorded(source_for(project, profile), target)
        raise _or_by_pip(profile, error) from None
    except IndexUnavailable as error:
        if isinstance(error, NotRecorded) or not _is_live(project):
            raise
        try:
            made = ask(_recorded(project, profile))
        except (NotRecorded, NoSolution):
            raise _without(profile, profile.conda_packages or _BASE, str(error)) from error
        if tell:
            log.warning("%s: %s; below pip lies the base that was recorded", profile.name, error)
        return made, _unrecorded(project, profile)


def _refuse_unrecorded(source: CondaSource, target: Target) -> None:
    """Raise ``NotRecorded`` where channels were recorded without any python of ``target``, on its platform."""
    if not isinstance(source, CondaSnapshot):
        return
    records = [record for channel in source.channels for record in source.records(channel, target.platform)]
    if not any(record.name == PYTHON and minor(record.version) == target.python for record in records):
        raise NotRecorded(source.channels[0], f"no python {target.python} for {target.platform} of this channel")


def _or_by_pip(profile: Profile, error: Undecided) -> Undecided:
    """``error``, which tells that what the record of the channels lacks may come by pip as well."""
    if not profile.conda_packages or error.explanation.note is None:
        return error
    note = f"{error.explanation.note}; under pip: the package index is asked"
    return Undecided(error.profile, msgspec.structs.replace(error.explanation, note=note))


def _without(profile: Profile, packages: Iterable[str], why: str) -> IndexUnavailable:
    fix = _READABLE + (", or move them under pip:" if profile.conda_packages else "")
    return IndexUnavailable(f"{profile.name}: {all_of(packages)} would be missing, since {why}; {fix}")


def beside_conda(project: Project, profile: Profile) -> Profile:
    """``profile``, whose pip closure keeps to the versions that conda's base can bring of the same packages."""
    flavour = FLAVOURS[profile.flavour]
    if not (flavour.from_pip and flavour.conda) or not profile.python.startswith("==") or "*" in profile.python:
        return profile
    python = profile.python.removeprefix("==")
    target = msgspec.structs.replace(profile.target, python=python)
    try:
        offers, _ = _base_of(
            project,
            profile,
            target,
            lambda source: base_offers(profile, python, target, source, project.matrices),
            tell=False,
        )
    except NotRecorded:
        return profile
    limits = {str(name): " || ".join(f"=={version}" for version in versions) for name, versions in offers.items()}
    return msgspec.structs.replace(profile, constraints={**limits, **profile.constraints})


def base_half(project: Project, profile: Profile, solution: Solution) -> tuple[tuple[CondaRecord, ...], CondaSection]:
    """The base below a pip closure, and what solution.yaml says of it.

    No records, and the reason, where the channels were recorded, but not for the platform or the python. Raises
    ``BadInput`` where conda has no such version of a package that both bring, ``IndexUnavailable`` with what would
    be missing.
    """
    pins: Mapping[PypiName, str] = {pin.name: pin.version for pin in solution.pins}
    target, rows = solution.target, _binding(project, profile)
    try:
        records, unread = _base_of(
            project,
            profile,
            target,
            lambda source: base_records(profile, target.python, target, source, rows, pins=pins),
            tell=True,
        )
    except NotRecorded as error:
        _refuse_half(project, profile, error)
        return (), CondaSection(channels=profile.channels, not_written=str(error))
    return records, section_of(project, profile, solution, records, unread)


def unrecorded_base(project: Project, profile: Profile, target: Target) -> tuple[str, ...]:
    """python and pip as MatchSpecs without a build, where no channel was recorded for the platform or the python.

    pip serves every platform, so that its version is the newest recorded one that this python may have; where
    none was recorded, conda chooses.
    """
    source = source_for(project, profile)
    records = source.records(profile.channels[0], "noarch") if isinstance(source, CondaSnapshot) else ()
    fit = [record for record in records if record.name == "pip" and record.admits("python", target.python)]
    newest = max(fit, key=lambda record: as_version(record.version), default=None)
    return (f"python={target.python}", "pip" if newest is None else f"pip={newest.version}")


def _refuse_half(project: Project, profile: Profile, error: NotRecorded) -> None:
    """Refuse a lock without its conda half where packages of it are asked for, or nobody ever read a channel of it."""
    snapshot = _snapshot(project, profile)
    if profile.conda_packages:
        missing, cure = profile.conda_packages, f"{_ASK}, {_MOVE}"
    elif not any(map(snapshot.knows, snapshot.channels)):
        missing, cure = _BASE, f"{_ASK}, {_READABLE}, or take flavour: {WHEELS_ALONE}"
    else:
        return
    raise IndexUnavailable(f"{profile.name}: {all_of(missing)} would be missing, since {_why(error)}; {cure}")


def _refuse_lacking(project: Project, profile: Profile) -> None:
    """Refuse a base of packages that no recorded channel has, where a channel that was not read may have them."""
    snapshot, source = _snapshot(project, profile), source_for(project, profile)
    unread = [name for name in snapshot.channels if name not in source.channels]
    recorded = {
        record.name
        for channel in source.channels
        for subdir in (profile.target.platform, "noarch")
        for record in snapshot.records(channel, subdir)
    }
    lacking = [spec for spec in profile.conda_packages if spec_name(spec) not in recorded]
    if unread and lacking:
        why = f"the snapshot holds {nothing_of(profile.target.platform)}: {all_of(unread)}"
        raise IndexUnavailable(f"{profile.name}: {all_of(lacking)} would be missing, since {why}; {_ASK}, {_MOVE}")


_BASE = ("python", "pip")
"""What every base has."""
_READABLE = "name a channel that can be read"
_ASK, _MOVE = "ask the channels with --live", "or move them under pip:"


def _why(error: IndexUnavailable) -> str:
    return f"{error.what}: {error.name}" if isinstance(error, NotRecorded) else str(error)


def section_of(
    project: Project, profile: Profile, solution: Solution, records: Sequence[CondaRecord], unread: Sequence[str]
) -> CondaSection:
    """What solution.yaml says of ``records``, and of the channels that had no say in them."""
    virtual = virtual_packages(solution.target, project.matrices.drivers, profile.virtual_packages)
    return conda_section(records, profile.channels, virtual, unread)


def _binding(project: Project, profile: Profile) -> Matrices:
    """The rows, without the rules that the profile accepts to break."""
    if not profile.accept:
        return project.matrices
    return dataclasses.replace(project.matrices, rules=binding(project.matrices.rules, profile.accept))


def solve_conda_profile(project: Project, profile: Profile) -> CondaSolution:
    """The preferred set of a conda profile; raises ``Unsolvable``, and ``IndexUnavailable`` with what it would lack."""
    try:
        settled = project.settled_records.get(profile.name)
        with _channels_at(project, profile):
            return solve_conda(profile, _binding(project, profile), source_for(project, profile), settled)
    except IndexUnavailable as error:
        names = dict.fromkeys((*profile.frameworks, *profile.packages, *profile.conda_packages))
        fix = (
            "name a channel that can be read, or leave out --live"
            if _is_live(project)
            else f"{_ASK}, or take flavour: pip-in-conda"
        )
        raise IndexUnavailable(
            f"{profile.name}: {all_of(names)} would be missing, since {_why(error)}; {fix}"
        ) from error
