"""What choosing a package asks of others: its metadata, the rules, and the rows of its build."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.utils import canonicalize_name

from solver.core.answer import NotKnown
from solver.core.frameworks import COMPANIONS
from solver.core.markers import applies
from solver.core.model import Profile
from solver.core.versions import as_requirement
from solver.index import Index, ReleaseRefused
from solver.matrix.builds import bound_packages
from solver.matrix.clobbers import Clobbers
from solver.matrix.load import Matrices
from solver.matrix.rows import Build
from solver.matrix.rules import additions, demands, partners
from solver.solve.space.bringers import asks_of_bringer, bringer_candidates
from solver.solve.space.builds import build_asks, companion_asks
from solver.solve.space.candidates import Candidates
from solver.solve.space.clobbers import clobber_asks
from solver.solve.space.joint import joint_asks, joint_packages, way_candidates, ways_to_keep
from solver.solve.space.libraries import library_asks
from solver.solve.space.plugins import plugin_asks, plugin_candidates
from solver.solve.space.scope import Scope, Unlisted
from solver.solve.space.silence import WHY, is_silent
from solver.solve.space.terms import (
    AXIS_CUDNN,
    ITSELF,
    NOWHERE,
    Ask,
    Candidate,
    Kind,
    guard,
    is_inside,
    is_package,
    is_way,
    library_opened,
    served_by_plugin,
    way,
)


class PackageSpace:
    """The space of one scope: candidates and what each asks, looked up once and kept.

    ``guarded`` are further packages that an ask may constrain without bringing them in.
    """

    def __init__(self, scope: Scope, index: Index, guarded: Iterable[str] = ()) -> None:
        matrices = scope.matrices
        self.scope, self.choices = scope, Candidates(scope, index)
        self._ways: dict[str, tuple[Candidate, ...]] = {}
        self._asks: dict[Candidate, tuple[Ask, ...]] = {}
        self._clobbers = Clobbers(matrices)
        self._guarded = {name for rule in matrices.rules if not partners(rule) for name in demands(rule)}
        self._guarded |= {canonicalize_name(name) for name in guarded} | set(self._clobbers.partners)
        self._guarded |= {*scope.carriers, *bound_packages(matrices)}
        self._joint = {way(rule): rule for rules in scope.joint_rules.values() for rule in rules}
        self._guarded |= joint_packages(self._joint.values())

    def candidates(self, ident: str) -> tuple[Candidate, ...]:
        """See ``Space``."""
        if not is_way(ident):
            return self.choices.candidates(ident)
        if ident not in self._ways:
            self._ways[ident] = tuple(self._make_ways(ident))
        return self._ways[ident]

    def _make_ways(self, ident: str) -> Iterable[Candidate]:
        framework, library = served_by_plugin(ident), self._brought(ident)
        if library is not None:
            return bringer_candidates(self.choices, ident, *library)
        return way_candidates(self.choices, self._joint[ident]) if framework is None else plugin_candidates(framework)

    def _brought(self, ident: str) -> tuple[Build, str] | None:
        """The build that opens a library, and that library's short name; None where ``ident`` is about none."""
        short, row_id = library_opened(ident) or ("", "")
        row = self.scope.matrices.row(row_id) if row_id else None
        return (row, short) if isinstance(row, Build) else None

    def about(self, ident: str) -> str:
        """The package for whose sake one of the ways of ``ident`` is taken."""
        library = self._brought(ident)
        if library is not None:
            return library[0].package
        return served_by_plugin(ident) or next(iter(self._joint[ident].when))

    def asks(self, candidate: Candidate) -> tuple[Ask, ...]:
        """See ``Space``."""
        known = self._asks.get(candidate)
        if known is None:
            known = self._asks[candidate] = tuple(self._make(candidate))
        return known

    def _make(self, candidate: Candidate) -> Iterable[Ask]:
        if served_by_plugin(candidate.ident) is not None:
            return plugin_asks(self.choices, candidate)
        library = self._brought(candidate.ident)
        if library is not None:
            return asks_of_bringer(self.choices, candidate, *library)
        if is_way(candidate.ident):
            return ways_to_keep(self.choices, self._joint[candidate.ident])[candidate.position]
        base, _, extra = candidate.ident.partition("[")
        if extra:
            same = Ask(base, 1 << candidate.position, f"{base}=={candidate.version}", ITSELF, kind=Kind.SAME)
            return [same, *self._declared(candidate, extra.rstrip("]"))]
        if base == AXIS_CUDNN or is_inside(base):
            return [_itself(candidate)]
        if not is_package(base):
            return ()
        return [*self._declared(candidate, ""), *self._related(candidate), *self._built(candidate)]

    def _declared(self, candidate: Candidate, extra: str) -> Iterable[Ask]:
        release = candidate.release
        if release is None:
            return
        where = f"metadata of {candidate.ident.partition('[')[0]} {candidate.version}"
        source = f"{where} ({release.source})" if release.source else where
        environment, extras = self.scope.environment, (extra,) if extra else ()
        try:
            declared = self.choices.index.requires(release, extras)
        except ReleaseRefused as error:
            # Only now anybody read it, when its version already has a place among the others.
            text, listing = f"may not be chosen: {error}", release.source or "the package index"
            yield Ask(NOWHERE, 0, text, listing, kind=Kind.NONE_OF)
            return
        if isinstance(declared, NotKnown):
            return  # a version that may be chosen all the same; the solution tells what is missing of it
        if not extra and is_silent(self.choices, candidate):
            text = f"not known well enough to be chosen: {WHY}"
            yield Ask(NOWHERE, 0, text, source, kind=Kind.NONE_OF)
        for text in declared:
            requirement = as_requirement(text)
            if not applies(requirement.marker, environment, extras):
                continue
            if extra and applies(requirement.marker, environment):
                continue  # the package itself asks for it already
            if requirement.url is not None:
                text = f"may not be chosen: it asks for {requirement.name} of an address, and an index has no such file"
                yield Ask(NOWHERE, 0, text, source, kind=Kind.NONE_OF)
                continue
            yield from self.choices.requirement_asks(requirement, source)

    def _related(self, candidate: Candidate) -> Iterable[Ask]:
        name = candidate.ident
        if name in self._guarded:
            yield _itself(candidate)
        for rule in self.scope.rules_of(name, candidate.version):
            source = f"{rule.why} ({rule.source})"
            for other, specifier in demands(rule).items():
                yield self.choices.guard_ask(other, specifier, source, rule.id)
            for other in additions(rule):
                yield self.choices.ask(other, "", source, rule.id)
        for rule in self.scope.joint_rules_of(name, candidate.version):
            yield from joint_asks(self.choices, rule)
        yield from clobber_asks(self.choices, candidate, self._clobbers)
        yield from library_asks(self.choices, candidate)

    def _built(self, candidate: Candidate) -> Iterable[Ask]:
        row = self.scope.build(candidate.ident, candidate.version)
        if isinstance(row, Build):
            return build_asks(self.choices, row, candidate)
        return companion_asks(self.choices, candidate) if candidate.ident in COMPANIONS else ()


class Spaces:
    """One ``PackageSpace`` for each scope: many searches over the same facts share what was looked up.

    No answer is kept, only facts.
    """

    def __init__(self, matrices: Matrices, index: Index) -> None:
        self.matrices, self.index = matrices, index
        self._made: dict[tuple[object, ...], PackageSpace] = {}

    def get(
        self,
        profile: Profile,
        python: str,
        *,
        lockable_only: bool,
        doubtful: bool = False,
        unlisted: Unlisted = frozenset(),
        healing: bool = True,
    ) -> PackageSpace:
        """The space in which ``profile`` is searched on ``python``; see ``Scope``."""
        scope = Scope.of(
            profile,
            python,
            self.matrices,
            lockable_only=lockable_only,
            doubtful=doubtful,
            unlisted=unlisted,
            healing=healing,
        )
        guarded = frozenset(profile.constraints)
        # Not the scope itself: its rows are the same for all of these spaces, and slow to hash.
        kind = (scope.cpu_only, scope.cpu_frameworks, scope.accepted, scope.healing, scope.led, scope.pinned)
        key = (scope.target, scope.indexes, kind, scope.exclude_newer, lockable_only, doubtful, unlisted, guarded)
        if key not in self._made:
            self._made[key] = PackageSpace(scope, self.index, guarded)
        return self._made[key]

    def forget(self) -> None:
        """Look everything up anew, since the index tells more than it did."""
        self._made.clear()


def _itself(candidate: Candidate) -> Ask:
    """The guard of what was chosen is what was chosen."""
    bit = 1 << candidate.position + 1
    return Ask(guard(candidate.ident), bit, f"{candidate.ident}=={candidate.version}", ITSELF, kind=Kind.SAME)
