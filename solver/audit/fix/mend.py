"""Finds the nearest set that passes the audit: the fewest packages changed, added or taken out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations
from typing import Protocol

from msgspec import structs

from solver.audit.codes import loader
from solver.audit.codes.metadata import requires_of
from solver.audit.context import AuditContext
from solver.audit.fix.needs import asks_of, expected, root_of, unwanted, with_pins
from solver.audit.package_set import Package, PackageSet, parsed
from solver.audit.run import audit, context_of
from solver.audit.words import listed
from solver.core.frameworks import framework_of
from solver.core.model import Finding, Pin, PypiName, Target, Value, pypi_name
from solver.core.versions import meets
from solver.index import Index
from solver.matrix.libraries import LOADER
from solver.matrix.load import Matrices

MOST_SEARCHES = 60
"""A set that so many searches do not mend is told to be beyond repair."""
_MOST_DECIDERS = 6


class ClosureSearch(Protocol):
    """Solves for a set of packages; the caller of ``fix`` brings one, so that the audit needs no solver."""

    def __call__(self, roots: Sequence[str], constraints: Mapping[PypiName, str]) -> Sequence[Pin] | None:
        """The whole closure of ``roots`` (names with extras) within ``constraints`` (specifier by name).

        Returns None where there is none.
        """
        ...


LoaderFor = Callable[[Mapping[PypiName, str]], Package | None]
"""The loader wheel that the caller can write for a set (version by name); None where it needs none."""


class PackageChange(Value, frozen=True, kw_only=True):
    """What became of one package."""

    name: PypiName
    before: str | None
    """None: it was not in the set."""
    after: str | None
    """None: it is no longer in the set."""
    why: str


class Fixed(Value, frozen=True, kw_only=True):
    """A set that passes, and how it differs from the one that was given."""

    package_set: PackageSet
    changes: tuple[PackageChange, ...]
    left: tuple[Finding, ...]
    """Warnings that remain."""


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
) -> Fixed | None:
    """The nearest set without an error; the set itself where it has none; None where no search finds one.

    A package that the index does not know stays as it is. Where only the loader
    wheel is wanting, ``loader_for`` gives it; without it other versions are searched.
    """
    findings = audit(package_set, matrices, index, target)
    if not _errors(findings):
        return Fixed(package_set=package_set, changes=(), left=findings)
    context = context_of(package_set, matrices, index, target)
    mender = _Mender(context, _errors(findings), target, search, loader_for)
    best = mender.judged(package_set)
    if best is not None:
        return best
    size = 0
    for attempt in mender.attempts():
        if mender.searched >= MOST_SEARCHES or (best is not None and len(attempt.freed) > size):
            break
        found = mender.tried(attempt)
        if found is not None and (best is None or len(found.changes) < len(best.changes)):
            best, size = found, len(attempt.freed)
    return best


def _errors(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity == "error"]


class _Mender:
    """Holds what every attempt needs."""

    def __init__(
        self,
        context: AuditContext,
        errors: list[Finding],
        target: Target | None,
        search: ClosureSearch,
        loader_for: LoaderFor | None,
    ) -> None:
        self.context, self.errors, self.target = context, errors, target
        self.search, self.loader_for = search, loader_for
        self.searched = 0
        self.asks = asks_of(context)
        self.unwanted = unwanted(context, errors, self.asks)
        asked = set(chain.from_iterable(self.asks.values()))
        # CUDA libraries come and go with the frameworks, whoever named them.
        self.libraries = {item.package.name for item in context.provided} if context.builds else set()
        self.roots = tuple(
            name
            for name in context.packages
            if name in self.asks
            and name not in self.unwanted | self.libraries
            and (name not in asked or framework_of(name))
        )

    def attempts(self) -> Iterator[_Attempt]:
        """Fewest freed packages first: only those, then also what they alone brought, at last everything."""
        deciders = self._deciders()
        for count in range(len(deciders) + 1):
            for freed in combinations(deciders, count):
                yield from self._widening(freed)
        everything = tuple(self.context.packages)
        yield self._attempt(everything, set(everything))

    def _widening(self, freed: tuple[PypiName, ...]) -> Iterator[_Attempt]:
        wider: set[PypiName] = set(freed)
        yield self._attempt(freed, wider)
        for more in (self._private(set(freed)), self.libraries if self._frees_a_framework(freed) else set()):
            if more - wider:
                wider = wider | more
                yield self._attempt(freed, wider)

    def _frees_a_framework(self, freed: tuple[PypiName, ...]) -> bool:
        return any(framework_of(name) for name in freed)

    def tried(self, attempt: _Attempt) -> Fixed | None:
        """The set that an attempt leads to, where it has no error, with as much as can be left as it was."""
        found = self._mended(attempt)
        if found is None:
            return None
        kept = self._keepable(found)
        if not kept:
            return found
        together = self._mended(_constrained(attempt, kept))
        if together is not None:
            return together
        for name, constraint in kept.items():
            better = self._mended(_constrained(attempt, {name: constraint}))
            if better is not None and len(better.changes) < len(found.changes):
                found, attempt = better, _constrained(attempt, {name: constraint})
        return found

    def _mended(self, attempt: _Attempt) -> Fixed | None:
        """One search, and others where a freed package came out at a version that is no better."""
        while self.searched < MOST_SEARCHES:
            self.searched += 1
            pins = self.search(attempt.roots, attempt.constraints)
            if pins is None:
                return None
            mended = with_pins(self.context, pins, set(self.asks), self.unwanted)
            sound = self.judged(mended)
            if sound is not None:
                return sound
            chosen = {pin.name: pin.version for pin in pins}
            named = _named(_errors(self._audit(mended)))
            worse = next((name for name in attempt.freed if name in named and name in chosen), None)
            if worse is None:
                return None
            said = attempt.constraints.get(worse, "")
            attempt = _constrained(attempt, {worse: f"{said},!={chosen[worse]}".removeprefix(",")})
        return None

    def judged(self, mended: PackageSet) -> Fixed | None:
        """``mended`` where it has no error, with the loader wheel where nothing else is wanting."""
        findings = self._audit(mended)
        errors = _errors(findings)
        if errors and self.loader_for is not None and {finding.code for finding in errors} == {loader.CODE}:
            versions = {package.name: package.version for package in mended.packages if package.version is not None}
            wheel = self.loader_for(versions)
            if wheel is not None and wheel.name not in versions:
                mended = structs.replace(mended, packages=(*mended.packages, wheel))
                findings = self._audit(mended)
        return None if _errors(findings) else Fixed(package_set=mended, changes=self._changes(mended), left=findings)

    def _audit(self, package_set: PackageSet) -> tuple[Finding, ...]:
        return audit(package_set, self.context.matrices, self.context.index, self.target)

    def _keepable(self, fixed: Fixed) -> dict[PypiName, str]:
        """Packages that changed although everything that asks for them admits what they were."""
        context = context_of(fixed.package_set, self.context.matrices, self.context.index, self.target)
        bounds: dict[PypiName, list[str]] = {}
        for package in fixed.package_set.packages:
            for text in requires_of(context, package, context.releases(package)):
                requirement = parsed(text)
                if requirement is not None:
                    bounds.setdefault(pypi_name(requirement.name), []).append(str(requirement.specifier))
        named = _named(self.errors)
        return {
            change.name: f"=={change.before}"
            for change in fixed.changes
            if change.before is not None
            and change.after is not None
            and change.name not in named
            and all(meets(change.before, bound) for bound in bounds.get(change.name, ()))
        }

    def _deciders(self) -> list[PypiName]:
        """The packages to free: those that a finding names; frameworks first, CUDA libraries last."""
        named = _named(self.errors)
        known = [name for name in self.context.packages if name in self.asks and name not in self.unwanted]
        frameworks = [name for name in known if framework_of(name)]
        others = [name for name in known if name in named and name not in frameworks]
        return [*frameworks, *sorted(others, key=lambda name: name in self.libraries)][:_MOST_DECIDERS]

    def _private(self, freed: set[PypiName]) -> set[PypiName]:
        """What nothing but ``freed`` asks for, directly or not."""
        kept = {name for name in self.roots if name not in freed}
        reached, waiting = set(kept), list(kept)
        while waiting:
            for name in self.asks.get(waiting.pop(), ()):
                if name not in reached and name not in freed:
                    reached.add(name)
                    waiting.append(name)
        return set(self.asks) - reached - freed

    def _attempt(self, freed: tuple[PypiName, ...], open_names: set[PypiName]) -> _Attempt:
        packages = self.context.packages
        roots = tuple(root_of(packages[name]) for name in self.roots)
        missing = {name for finding in self.errors if finding.row for name in expected(self.context, finding.row)}
        constraints = {
            name: f"=={package.version}"
            for name, package in packages.items()
            if name in self.asks and name not in open_names and name not in self.unwanted and package.version
        }
        return _Attempt(freed, (*roots, *sorted(missing)), constraints)

    def _changes(self, mended: PackageSet) -> tuple[PackageChange, ...]:
        before = {name: package.version for name, package in self.context.packages.items()}
        after = {package.name: package.version for package in mended.packages if package.origin == "pypi"}
        names = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
        after_context = context_of(mended, self.context.matrices, self.context.index, self.target)
        asks = asks_of(after_context)
        builds = listed(sorted(build.pin for build in after_context.builds))
        return tuple(
            PackageChange(
                name=name,
                before=before.get(name),
                after=after.get(name),
                why=self._why(name, names, asks) or (f"goes with {builds}" if name in after else "nothing asks for it"),
            )
            for name in names
            if name not in self.context.packages or self.context.packages[name].origin == "pypi"
        )

    def _why(
        self, name: PypiName, changed: Sequence[PypiName], asks: Mapping[PypiName, tuple[PypiName, ...]]
    ) -> str | None:
        for finding in self.errors:
            if name in _named([finding]) or (finding.code == loader.CODE and name == LOADER):
                return f"{finding.code}: {finding.why}"
        asking = sorted(other for other, names in asks.items() if name in names)
        if asking:
            return f"{asking[0]} asks for it"
        brought = sorted(other for other in changed if name in self.asks.get(other, ()) and name not in asks)
        return f"only {brought[0]} asked for it" if brought else None


def _named(findings: Sequence[Finding]) -> set[PypiName]:
    """The packages that findings are about."""
    return {name for finding in findings for name in finding.names}


def _constrained(attempt: _Attempt, more: Mapping[PypiName, str]) -> _Attempt:
    return replace(attempt, constraints={**attempt.constraints, **more})
