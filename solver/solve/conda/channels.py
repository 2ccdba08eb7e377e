"""The conda half of a closure: py-rattler's solver over channels, for a target that is not this machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING

from solver.core import names
from solver.core.answer import NotKnown
from solver.core.errors import BadInput, NoSolution
from solver.core.model import CondaName, Target
from solver.core.processor import archspec_name
from solver.core.target import PLATFORM_NAMES
from solver.index.conda import ChannelRecords, CondaSource, Refuses, run_async
from solver.index.conda_level import LEVEL, level_version
from solver.index.conda_record import CondaRecord, by_name_and_build
from solver.index.conda_spec import match_spec, placed_spec, spec_name
from solver.index.rattler_names import as_build, as_subdir
from solver.matrix.conda_builds import plain_builds
from solver.matrix.drivers import newest_cuda
from solver.matrix.rows import DriverBranch

if TYPE_CHECKING:
    from rattler import Gateway, GenericVirtualPackage, RepoDataRecord


class ChannelRefusal(NoSolution):
    """The channels hold no set of packages that meets the specs; ``reason`` is the solver's own tree."""

    def __init__(self, specs: Sequence[str], reason: str, partial: bool) -> None:
        self.specs, self.reason, self.partial = tuple(map(plain_builds, specs)), reason, partial
        super().__init__(reason)

    def __str__(self) -> str:
        text = f"no set of conda packages meets {', '.join(self.specs)}: {self.reason}"
        return f"{text}\n{PARTIAL}" if self.partial else text


PARTIAL = "only the recorded part of the channels was searched; a live channel may hold more"


def virtual_packages(
    target: Target, drivers: Sequence[DriverBranch], overrides: Mapping[str, str | None] | None = None
) -> dict[str, str]:
    """What the target itself brings, by the names of conda's virtual packages.

    ``overrides`` replaces a version, or takes the package away where it is None,
    as conda's ``CONDA_OVERRIDE_…`` variables do. ``__archspec`` holds the
    architecture. Raises ``BadInput`` for a driver that no row covers.
    """
    versions: dict[str, str] = {"__archspec": PLATFORM_NAMES[target.platform].archspec}
    if not isinstance(target.cpu, NotKnown):
        versions["__archspec"] = archspec_name(target.cpu)
    elif target.platform == "linux-64" and target.driver is not None:
        # conda-forge's CUDA builds of TensorFlow ask for this level; the solution's target says so.
        versions["__archspec"] = "x86_64_v3"
    if target.platform == "win-64":
        versions["__win"] = "0"
    else:
        # The kernel is unknown; conda too says 0 where it solves for another machine.
        versions |= {"__unix": "0", "__linux": "0", "__glibc": target.glibc}
    if target.driver is not None:
        versions["__cuda"] = newest_cuda(target.driver, drivers)
    for name, version in (overrides or {}).items():
        versions.pop(name, None)
        if version is not None:
            versions[name] = version
    return versions


@dataclass
class ChannelSolver:
    """Solves over the same channels again and again; each record is loaded once."""

    source: CondaSource
    target: Target
    virtual: Mapping[str, str]
    """From ``virtual_packages``."""
    exclude_newer: datetime | None = None
    """Newer records (UTC) count as absent, and so do those of which nobody knows the age; None: all count."""
    refuses: Refuses | None = None
    """None: no record is refused."""
    staying: Sequence[CondaRecord] = ()
    """Records of a lock, each of which is preferred to all others of its package."""
    _channels: list[ChannelRecords] = field(default_factory=list)

    def close(self, specs: Sequence[str], constraints: Sequence[str] = ()) -> tuple[CondaRecord, ...]:
        """Every package that ``specs`` pull in, sorted by name.

        ``specs`` and ``constraints`` are MatchSpecs; a constraint holds only where its package is
        installed. Raises ``ChannelRefusal`` with the channel's reason, ``BadInput`` for a spec that is none.
        """
        return self.ours(self.solve(specs, constraints).values())

    def solve(self, specs: Sequence[str], constraints: Sequence[str] = ()) -> dict[CondaName, RepoDataRecord]:
        """The same as py-rattler's own records, by name; cheaper where only a version is wanted."""
        from rattler import ChannelPriority, solve
        from rattler.exceptions import SolverError

        self._bind((*specs, *constraints))
        work = solve(
            sources=self.channels(),
            gateway=_gateway(),
            specs=[match_spec(spec) for spec in specs],
            constraints=[match_spec(spec) for spec in constraints],
            locked_packages=self._locked,
            platforms=[self.target.platform, "noarch"],
            virtual_packages=_generic(self.virtual),
            channel_priority=ChannelPriority.Strict,
            exclude_newer=_in_utc(self.exclude_newer),
        )
        try:
            records = run_async(work)
        except SolverError as error:
            reason = "\n".join([*self._lies(specs), plain_builds(_reason(error))])
            raise ChannelRefusal(specs, reason, self.source.partial) from None
        except Exception as error:
            raise next((c.failure for c in self.channels() if c.failure is not None), error) from None
        return {CondaName(record.name.normalized): record for record in records}

    def _bind(self, specs: Iterable[str]) -> None:
        """Have what a spec wants from a channel come from that one; raises ``BadInput`` where it is not among them."""
        places = [(spec_name(text), placed_spec(text)) for text in specs]
        for one in self.channels():
            one.bound = one.elsewhere = frozenset()
            one.only = {name: place.subdir for name, place in places if place.subdir}
        for name, place in places:
            channel = place.channel
            if not channel:
                continue
            if not any(one.is_called(channel) for one in self.channels()):
                there = ", ".join(one.name for one in self.channels())
                problem = f"{name} is wanted from the channel {channel}, which is not among {there}"
                raise BadInput(problem, key="channels", fix=f"add {channel} to them, or leave it out before {name}")
            for one in self.channels():
                if one.is_called(channel):
                    one.bound |= {name}
                else:
                    one.elsewhere |= {name}

    @cached_property
    def _locked(self) -> list[RepoDataRecord]:
        """``staying`` as the channels have it; what they have no more is not among it."""
        places = {(record.name, record.subdir, record.filename) for record in self.staying}
        staying = dict.fromkeys(record.name for record in self.staying)
        return [
            record
            for name in staying
            for record in self.candidates(name)
            if (name, record.subdir, record.file_name) in places
        ]

    def _lies(self, specs: Sequence[str]) -> list[str]:
        """What was left out of the packages that ``specs`` name, since it cannot be of them."""
        named = {spec_name(spec) for spec in specs}
        return [lie for channel in self.channels() for name in sorted(named) for lie in channel.lies.get(name, ())]

    def channels(self) -> list[ChannelRecords]:
        """The channels, opened once."""
        if not self._channels:
            self._channels = list(self.source.opened(self.target.platform))
            for channel in self._channels:
                channel.refuses = self._refused
        return self._channels

    def _refused(self, record: RepoDataRecord) -> bool:
        """Whether nobody may choose ``record``: for its own sake, or since the target itself is what it stands for."""
        if record.name.normalized == LEVEL and level_version(self.virtual.get("__archspec")) is not None:
            return True
        return self.refuses is not None and self.refuses(record)

    def candidates(self, name: CondaName) -> list[RepoDataRecord]:
        """Every record of ``name`` that the solver may choose from."""
        from rattler import PackageName

        async def load() -> list[RepoDataRecord]:
            return [
                record
                for channel in self.channels()
                for subdir in channel.subdirs
                for record in await channel.fetch_package_records(as_subdir(subdir), PackageName(name))
            ]

        return run_async(load())

    def ours(self, records: Iterable[RepoDataRecord]) -> tuple[CondaRecord, ...]:
        """``records`` of these channels as ours, sorted by name; the processor's level is no part of a set."""
        by_address = {channel.address: channel for channel in self.channels()}
        chosen = (record for record in records if record.name.normalized != LEVEL)
        return by_name_and_build(by_address[record.channel].ours(record) for record in chosen)


@cache
def _gateway() -> Gateway:
    """py-rattler asks nothing of it, since the channels are ours; one is made for each process, as that takes long."""
    from rattler import Gateway

    return Gateway()


def _in_utc(moment: datetime | None) -> datetime | None:
    # py-rattler takes every datetime for one of UTC, whatever zone it names.
    return moment if moment is None or moment.tzinfo is None else moment.astimezone(UTC)


def _generic(virtual: Mapping[str, str]) -> list[GenericVirtualPackage]:
    from rattler import GenericVirtualPackage, PackageName
    from rattler import Version as CondaVersion

    def package(name: str, version: str) -> GenericVirtualPackage:
        if name == "__archspec":
            # Here the build tells the architecture; the version is always 1.
            return GenericVirtualPackage(PackageName(name), CondaVersion("1"), as_build(version))
        return GenericVirtualPackage(PackageName(name), CondaVersion(version), as_build("0"))

    packages = [package(name, version) for name, version in sorted(virtual.items())]
    level = level_version(virtual.get("__archspec"))
    return packages if level is None else [*packages, package(LEVEL, level)]


def _reason(error: BaseException) -> str:
    """The solver's tree without its lead-in and without lines that repeat the one before."""
    text = str(error).removeprefix("Cannot solve the request because of: ").strip()
    lines: list[str] = []
    for line in text.splitlines():
        if not lines or re.sub(r"\W+", "", line) != re.sub(r"\W+", "", lines[-1]):
            lines.append(names.printable(line.rstrip()))  # it quotes what the channel says
    return "\n".join(lines)
