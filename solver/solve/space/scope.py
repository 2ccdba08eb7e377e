"""The bounds of one search: its rows, its target on one python, and what kind of builds may serve."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import msgspec

from solver.core.answer import NOT_KNOWN, Answer, NotKnown
from solver.core.frameworks import COMPANIONS
from solver.core.indexes import PUBLIC, Bindings, bindings_by
from solver.core.model import Framework, IndexName, Profile, PypiName, Target, pypi_name
from solver.core.target import marker_environment
from solver.core.versions import as_requirement, as_specifier
from solver.matrix.builds import wheel_build
from solver.matrix.companions import release_row
from solver.matrix.cudnn import carriers
from solver.matrix.cures import is_healable, unhealed_beside
from solver.matrix.load import Matrices
from solver.matrix.place import Place
from solver.matrix.rows import Build, Rule
from solver.matrix.rules import admits, binding, condition, hard_rules, holds, joint_rules
from solver.matrix.runtimes import RUNTIMES, Inside, inside
from solver.solve.space.terms import axis_ident, ident_inside

Unlisted = frozenset[tuple[str, str]]
"""Releases, a package and a version each, that nobody listed and that may exist."""


@dataclass(frozen=True)
class Scope:
    """What decides whether a version that exists may be chosen; of a profile nothing else matters to that."""

    matrices: Matrices
    target: Target
    indexes: tuple[IndexName, ...]
    cpu_only: bool
    cpu_frameworks: tuple[Framework, ...]
    """Frameworks of which a CPU build is wanted although others use the GPU."""
    accepted: frozenset[str]
    """Ids of the rows and findings that the request accepts: such a rule binds nothing."""
    exclude_newer: str | None
    """Day (ISO) after which nothing uploaded counts; None: all counts."""
    lockable_only: bool
    """Leave out builds whose hash or requirements nobody read."""
    bindings: Bindings = PUBLIC
    """Which packages come from a private index."""
    doubtful: bool = False
    """Admit what nobody read or recorded enough of: what has no solution even then has surely none."""
    unlisted: Unlisted = frozenset()
    """Where it is doubtful, the releases that are supposed to exist beside all that is listed."""
    healing: bool = True
    """A rule that our loader heals binds nothing, since the loader is put into the lock."""
    pinned: frozenset[PypiName] = frozenset()
    """Packages, but for frameworks, of which the request names the version that it wants."""
    led: bool = True
    """Something of ours in the lock may lead TensorFlow to libraries that it does not find by itself."""

    @classmethod
    def of(
        cls,
        profile: Profile,
        python: str,
        matrices: Matrices,
        *,
        lockable_only: bool,
        doubtful: bool = False,
        unlisted: Unlisted = frozenset(),
        healing: bool = True,
    ) -> Scope:
        """The bounds that ``profile`` sets on one python (major.minor)."""
        return cls(
            matrices=matrices,
            target=msgspec.structs.replace(profile.target, python=python),
            indexes=(*profile.indexes, *dict.fromkeys(profile.bound.values())),
            bindings=bindings_by(profile.bound),
            cpu_only=profile.cuda == "none",
            cpu_frameworks=profile.cpu_frameworks,
            accepted=frozenset(profile.accept),
            exclude_newer=profile.exclude_newer,
            lockable_only=lockable_only,
            doubtful=doubtful,
            unlisted=unlisted,
            healing=healing and profile.loader == "wheel",
            led=profile.loader != "none",
            pinned=frozenset(_pinned(profile)),
        )

    def wants_cpu(self, framework: Framework | None) -> bool:
        """Whether of a framework, or of what is no framework (None), CPU builds are asked for."""
        return self.cpu_only or framework in self.cpu_frameworks

    @cached_property
    def place(self) -> Place:
        """What of the target rows may make a condition of."""
        return Place.of(self.target)

    @cached_property
    def binding_rules(self) -> tuple[Rule, ...]:
        """The rules that the request does not accept to be broken."""
        return binding(self.matrices.rules, self.accepted)

    @cached_property
    def hard_rules(self) -> Mapping[str, tuple[Rule, ...]]:
        """By package, the rules that the search keeps to here."""
        return hard_rules(self.binding_rules, self.place)

    def rules_of(self, name: str, version: str) -> Iterator[Rule]:
        """The hard rules that are about a version of a package, less those that are healed."""
        for rule in self.hard_rules.get(name, ()):
            may_be_healed = {Answer.YES, Answer.NOT_KNOWN} if self.doubtful else {Answer.YES}
            healed = self.healing and is_healable(rule, self.build(name, version)) in may_be_healed
            if not healed and holds(rule, {name: version}, self.place) is Answer.YES:
                yield rule

    @cached_property
    def joint_rules(self) -> Mapping[str, tuple[Rule, ...]]:
        """By their first package, the rules about several packages together that the search keeps to here."""
        unhealed = unhealed_beside(self.binding_rules, self.matrices) if self.healing else ()
        return joint_rules((*self.binding_rules, *unhealed), self.place)

    def joint_rules_of(self, name: str, version: str) -> Iterator[Rule]:
        """The joint rules that are about a version of their first package, should the others be there too."""
        for rule in self.joint_rules.get(name, ()):
            if admits(condition(rule, name), version) is Answer.YES:
                yield rule

    @cached_property
    def environment(self) -> dict[str, str]:
        """What markers are evaluated in."""
        return marker_environment(self.target)

    @cached_property
    def carriers(self) -> tuple[str, ...]:
        """The packages of which some wheel holds a cuDNN."""
        return carriers(self.matrices, self.target.platform)

    @cached_property
    def inside(self) -> Mapping[str, tuple[Inside, ...]]:
        """By the identifier of a runtime inside the wheels of a package, each that some wheel of it has, in order."""
        here = sorted((row for row in self.matrices.builds if row.platform == self.target.platform), key=_row_id)
        some: dict[str, dict[Inside, None]] = defaultdict(dict)
        for row, runtime in product(here, RUNTIMES):
            one = inside(row, runtime)
            if one is not None:
                some[ident_inside(axis_ident(runtime), row.package)][one] = None
        return {ident: tuple(some[ident]) for ident in sorted(some)}

    def build(self, name: str, version: str) -> Build | NotKnown:
        """The matrix row of a wheel on the target's platform; of a companion see ``companion``."""
        return NOT_KNOWN if name in COMPANIONS else self.matrices.build(name, version, self.target.platform)

    def companion(self, name: str, version: str) -> Build | NotKnown:
        """The build of a companion: its row on the target's platform, or what its version tells."""
        return wheel_build(self.matrices, name, version, self.target.platform)

    def release_row(self, name: str, version: str) -> Build | NotKnown:
        """The row that tells what a companion was compiled against."""
        return release_row(self.matrices, name, version, self.target.platform)

    def row_id(self, name: str, version: str) -> str | None:
        """Id of the row that describes a version; None where there is none."""
        row = self.release_row(name, version) if name in COMPANIONS else self.build(name, version)
        is_of_another = isinstance(row, Build) and name in COMPANIONS and row.version != version
        return None if isinstance(row, NotKnown) or is_of_another else row.id


def _pinned(profile: Profile) -> Iterator[PypiName]:
    requirements = map(as_requirement, profile.packages)
    bounds = [(pypi_name(one.name), str(one.specifier)) for one in requirements]
    bounds += [(pypi_name(name), text) for name, text in profile.constraints.items() if name not in profile.frameworks]
    for name, alternatives in bounds:
        clauses = (clause for text in alternatives.split("||") for clause in as_specifier(text))
        if any(clause.operator in {"==", "==="} for clause in clauses):
            yield name


def _row_id(row: Build) -> str:
    return row.id
