"""Finds the nearest set that passes the audit: the fewest packages changed or taken out, then the fewest added."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Protocol

from msgspec import structs

from solver.audit.codes import unknown
from solver.audit.context import AuditContext
from solver.audit.fix.changes import Fixed, changes_of
from solver.audit.fix.nearness import nearer_versions
from solver.audit.fix.needs import asks_of, expected, reached, required_names, root_of, unwanted, with_pins
from solver.audit.fix.open_list import leaves_version, shortened, with_choices
from solver.audit.installed import findings_as_installed, is_open_list
from solver.audit.package_set import Package, PackageSet
from solver.audit.run import context_of
from solver.core.acceptance import NOTHING, Acceptance, marked
from solver.core.frameworks import COMPANIONS, framework_of
from solver.core.model import Finding, Pin, PypiName, Target, pypi_name
from solver.core.versions import meets, specifier_or_none
from solver.index import Index
from solver.matrix.load import Matrices

MOST_SEARCHES = 60
"""A set that so many searches do not mend is told to be beyond repair."""
_MOST_DECIDERS = 6
_MOST_NEARER = 8
"""Versions between the one before and the one found that are tried in place of that."""


class ClosureSearch(Protocol):
    """Solves for a set of packages; the caller of ``fix`` brings one, so that the audit needs no solver."""

    def __call__(self, roots: Sequence[str], constraints: Mapping[PypiName, str]) -> Sequence[Pin] | None:
        """The whole closure of ``roots`` (names with extras) within ``constraints`` (specifier by name).

        Returns None where there is none.
        """
        ...


LoaderFor = Callable[[Mapping[PypiName, str]], Package | None]
"""The loader wheel that the caller can write for a set (version by name); None where it can write none."""


@dataclass(frozen=True)
class _Attempt:
    """One search to try: what is asked for, and what must stay as it is."""

    freed: tuple[PypiName, ...]
    """The packages that were freed to mend the set, without what came along."""
    roots: tuple[str, ...]
    constraints: Mapping[PypiName, str]


def fix(
    package_set: PackageSet,
    matrices: Matrices,
    index: Index,
    target: Target | None,
    search: ClosureSearch,
    loader_for: LoaderFor | None = None,
    accepted: Acceptance = NOTHING,
) -> Fixed | None:
    """The nearest set without an error that nobody accepts; the set itself where it has none; None where none is found.

    A package that the index does not know stays as it is. Where only the loader
    wheel is wanting, ``loader_for`` gives it; without it other versions are searched.
    """
    installed, findings = findings_as_installed(context_of(package_set, matrices, index, target))
    findings = marked(findings, accepted)
    if not _errors(findings):
        return Fixed(package_set=package_set, changes=(), left=findings)
    context = context_of(with_choices(package_set, installed), matrices, index, target)
    mender = _Mender(package_set, context, findings, target, search, loader_for, accepted)
    fixed = mender.judged(context.set) or _nearest(mender)
    is_whole = len(installed.set.packages) == len(package_set.packages)
    return fixed if fixed is None or is_whole else mender.shortened(fixed)


def _nearest(mender: _Mender) -> Fixed | None:
    """Of the sets that come of freeing equally few packages, the nearest."""
    best, freed = None, 0
    for attempt in mender.attempts():
        if mender.searched >= MOST_SEARCHES or (best is not None and len(attempt.freed) > freed):
            break
        fixed = mender.tried(attempt)
        if fixed is not None and (best is None or fixed.distance < best.distance):
            best, freed = fixed, len(attempt.freed)
    return best


def _errors(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity == "error" and finding.accepted is None]


class _Mender:
    """Holds what every attempt needs."""

    def __init__(
        self,
        given: PackageSet,
        context: AuditContext,
        findings: Sequence[Finding],
        target: Target | None,
        search: ClosureSearch,
        loader_for: LoaderFor | None,
        accepted: Acceptance,
    ) -> None:
        self.lines = {package.name: package for package in given.packages}
        self.context, self.errors, self.target = context, _errors(findings), target
        self.search, self.loader_for, self.accepted = search, loader_for, accepted
        self.searched = 0
        # What nobody checked stays as it is: no search could choose another by what is known of it.
        unchecked = {name for one in findings if one.code == unknown.CODE for name in one.names}
        self.asks = {name: others for name, others in asks_of(context).items() if name not in unchecked}
        self.named = _names(self.errors)
        self.unwanted = unwanted(context, self.errors, self.asks)
        # CUDA libraries come and go with the frameworks, whoever named them.
        self.libraries = {item.package.name for item in context.provided} if context.builds else set()
        self.roots = self._roots()

    def _roots(self) -> tuple[PypiName, ...]:
        """The packages to ask the search for: what the index knows and nobody asks for, and the frameworks."""
        others = required_names(self.asks)
        return tuple(
            name
            for name in self.context.packages
            if name in self.asks
            and name not in self.unwanted | self.libraries
            and (name not in others or framework_of(name))
        )

    # ---- what to try

    def attempts(self) -> Iterator[_Attempt]:
        """Fewest freed packages first: only those, then also what they alone brought, at last everything."""
        deciders = self._deciders()
        for count in range(len(deciders) + 1):
            for freed in combinations(deciders, count):
                yield from self._widening(freed)
            # Where no version within the bounds of open lines will do, the bounds are what is wrong.
            for freed in combinations(deciders, count):
                bounded = {name for name in freed if self._is_bounded(name)}
                yield from self._widening(freed, bounded) if bounded else ()
        everything = tuple(self.context.packages)
        yield self._attempt(everything, set(everything))

    def _deciders(self) -> list[PypiName]:
        """The packages to free: those that a finding names; frameworks first, CUDA libraries last."""
        choosable = [name for name in self.context.packages if name in self.asks and name not in self.unwanted]
        frameworks = [name for name in choosable if framework_of(name)]
        others = [name for name in choosable if name in self.named and name not in frameworks]
        return [*frameworks, *sorted(others, key=lambda name: name in self.libraries)][:_MOST_DECIDERS]

    def _is_bounded(self, name: PypiName) -> bool:
        package = self.context.packages[name]
        return bool(leaves_version(package) and package.specifier)

    def _widening(self, freed: tuple[PypiName, ...], unbound: Set[PypiName] = frozenset()) -> Iterator[_Attempt]:
        """The packages alone, then with what only they ask for, then, for a framework, with every CUDA library.

        ``unbound``: open lines whose bounds do not count.
        """
        wider: set[PypiName] = set(freed) | self._companions(freed)
        yield self._attempt(freed, wider, unbound)
        libraries = self.libraries if any(framework_of(name) for name in freed) else set()
        for more in (self._private(set(freed)), libraries):
            if more - wider:
                wider = wider | more
                yield self._attempt(freed, wider, unbound)

    def _companions(self, freed: Iterable[PypiName]) -> set[PypiName]:
        """What stands and falls with frameworks that are freed."""
        frameworks = {framework_of(name) for name in freed}
        return {name for name in self.asks if COMPANIONS.get(name, "") in frameworks}

    def _private(self, freed: set[PypiName]) -> set[PypiName]:
        """What nothing but ``freed`` asks for, directly or not."""
        roots = [name for name in self.roots if name not in freed]
        return set(self.asks) - reached(roots, self.asks, without=freed) - freed

    def _attempt(
        self, freed: tuple[PypiName, ...], open_names: set[PypiName], unbound: Set[PypiName] = frozenset()
    ) -> _Attempt:
        packages = self.context.packages
        roots = [root_of(packages[name]) for name in self.roots]
        constraints = {
            name: f"=={package.version}"
            for name, package in packages.items()
            if name in self.asks
            and name not in open_names
            and name not in self.unwanted
            and package.version
            # Which version of another package an open line comes to is left to what goes with the frameworks.
            and (not leaves_version(package) or framework_of(name))
        }
        # What a line leaves open stays within its bounds, and the rest has to go with it.
        constraints |= {
            name: package.specifier
            for name, package in packages.items()
            if package.from_index
            and leaves_version(package)
            and name not in constraints
            and name not in unbound
            and specifier_or_none(package.specifier)
        }
        return _Attempt(freed, (*roots, *sorted(expected(self.context, self.errors))), constraints)

    # ---- trying it

    def tried(self, attempt: _Attempt) -> Fixed | None:
        """The set that an attempt leads to, where it has no error, with as much as can be left as it was; else None."""
        fixed = self._mended(attempt)
        if fixed is None:
            return None
        for name in attempt.freed:
            fixed, attempt = self._nearer(fixed, attempt, name)
        before = self._needlessly_changed(fixed)
        if not before:
            return fixed
        # All of them as they were, or, where that has no solution, as many as go together.
        together = self._mended(_constrained(attempt, before))
        if together is not None:
            return together
        for name, constraint in before.items():
            nearer = self._mended(_constrained(attempt, {name: constraint}))
            if nearer is not None and nearer.distance < fixed.distance:
                fixed, attempt = nearer, _constrained(attempt, {name: constraint})
        return fixed

    def _mended(self, attempt: _Attempt) -> Fixed | None:
        """One search, and others where a freed package came out at a version that is no better."""
        while self.searched < MOST_SEARCHES:
            self.searched += 1
            pins = self.search(attempt.roots, attempt.constraints)
            if pins is None:
                return None
            mended = with_pins(self.context, pins, set(self.asks), self.unwanted)
            fixed = self.judged(mended)
            if fixed is not None:
                return fixed
            versions = {pin.name: pin.version for pin in pins}
            named = _names(_errors(self._findings(mended)))
            worse = next((name for name in attempt.freed if name in named and name in versions), None)
            if worse is None:
                return None
            bounds = filter(None, (attempt.constraints.get(worse), f"!={versions[worse]}"))
            attempt = _constrained(attempt, {worse: ",".join(bounds)})
        return None

    def _nearer(self, fixed: Fixed, attempt: _Attempt, name: PypiName) -> tuple[Fixed, _Attempt]:
        """``fixed``, or one as near in which ``name`` moved less far: the search itself takes the newest."""
        change = next((one for one in fixed.changes if one.name == name), None)
        if change is None or change.before is None or change.after is None:
            return fixed, attempt
        for version in nearer_versions(self.context.index, change.before, change.after)[:_MOST_NEARER]:
            closer = _constrained(attempt, {name: f"=={version}"})
            nearer = self._mended(closer)
            if nearer is not None and nearer.distance <= fixed.distance:
                return nearer, closer
        return fixed, attempt

    def judged(self, mended: PackageSet) -> Fixed | None:
        """``mended`` where it has no error, with the loader wheel where nothing else is wanting; otherwise None."""
        installed, findings = self._installed(mended)
        wheel = self._loader(installed) if _errors(findings) else None
        if wheel is not None:
            mended = structs.replace(mended, packages=(*mended.packages, wheel))
            findings = self._installed(mended)[1]
        return None if _errors(findings) else self._fixed(mended, findings)

    def shortened(self, fixed: Fixed) -> Fixed:
        """``fixed`` as a list that leaves to pip what can be left to it; itself where a list has to say all of it."""
        if not is_open_list(fixed.package_set):
            return fixed
        whole, needed = self._context(fixed.package_set), frozenset[PypiName]()
        for _ in range(_MOST_NEARER):
            shorter = shortened(self.context.set, whole, needed)
            findings = self._findings(shorter)
            errors = _errors(findings)
            if not errors:
                return self._fixed(shorter, findings)
            # What pip would choose of these is wrong, so the list has to say them.
            more = needed | (_names(errors) & whole.packages.keys())
            if more == needed:
                break
            needed = more
        return fixed

    def _fixed(self, mended: PackageSet, findings: tuple[Finding, ...]) -> Fixed:
        context = self._context(mended)
        changes = changes_of(self.context, context, self.errors, self.asks, asks_of(context))
        # What goes is told as it stood there, without what pip would have made of it.
        shown = (one if one.after else structs.replace(one, before=self.lines.get(one.name)) for one in changes)
        return Fixed(package_set=mended, changes=tuple(shown), left=findings)

    def _loader(self, installed: AuditContext) -> Package | None:
        """The loader wheel of a set that has none yet: it has TensorFlow find its libraries, and heals."""
        if self.loader_for is None:
            return None
        versions = {package.name: package.version for package in installed.set.packages if package.version is not None}
        wheel = self.loader_for(versions)
        return None if wheel is None or wheel.name in versions else wheel

    def _needlessly_changed(self, fixed: Fixed) -> dict[PypiName, str]:
        """The versions from before of packages that changed although whatever asks for them admits these."""
        context = self._context(fixed.package_set)
        bounds: dict[PypiName, list[str]] = {}
        for package in fixed.package_set.packages:
            for requirement in context.requirements(package):
                bounds.setdefault(pypi_name(requirement.name), []).append(str(requirement.specifier))
        versions = {
            change.name: change.before.version
            for change in fixed.changes
            if change.before is not None and change.after is not None and change.name not in self.named
        }
        return {
            name: f"=={version}"
            for name, version in versions.items()
            if version is not None and all(meets(version, bound) for bound in bounds.get(name, ()))
        }

    def _findings(self, package_set: PackageSet) -> tuple[Finding, ...]:
        return self._installed(package_set)[1]

    def _installed(self, package_set: PackageSet) -> tuple[AuditContext, tuple[Finding, ...]]:
        installed, findings = findings_as_installed(self._context(package_set))
        return installed, marked(findings, self.accepted)

    def _context(self, package_set: PackageSet) -> AuditContext:
        return context_of(package_set, self.context.matrices, self.context.index, self.target)


def _names(findings: Sequence[Finding]) -> set[PypiName]:
    return {name for finding in findings for name in finding.names}


def _constrained(attempt: _Attempt, more: Mapping[PypiName, str]) -> _Attempt:
    return replace(attempt, constraints={**attempt.constraints, **more})
