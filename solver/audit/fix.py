"""Finds the nearest set that passes the audit: the fewest packages changed, added or taken out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Protocol

from msgspec import structs

from solver.audit.facts import Facts
from solver.audit.metadata import requires_of
from solver.audit.package_set import Package, PackageSet, parsed
from solver.audit.run import audit, facts_of
from solver.index import Index
from solver.matrix.load import Matrices
from solver.model import Finding, Pin, PypiName, Target, Value, pypi_name
from solver.target import marker_environment

MOST_SEARCHES = 40
"""A set that so many searches do not mend is told to be beyond repair."""
_MOST_DECIDERS = 5


class Search(Protocol):
    """Solves for a set of packages; the caller of ``fix`` brings one, so that the audit needs no solver."""

    def __call__(self, roots: Sequence[str], constraints: Mapping[PypiName, str]) -> Sequence[Pin] | None:
        """The whole closure of ``roots`` (names with extras) within ``constraints`` (specifier by name).

        Returns None where there is none.
        """
        ...


class Change(Value, frozen=True, kw_only=True):
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
    changes: tuple[Change, ...]
    left: tuple[Finding, ...]
    """Warnings that remain."""


@dataclass(frozen=True)
class _Attempt:
    """One search to try: what is asked for, and what must stay as it is."""

    roots: tuple[str, ...]
    constraints: dict[PypiName, str]


def fix(
    package_set: PackageSet,
    matrices: Matrices,
    index: Index,
    target: Target | None,
    search: Search,
) -> Fixed | None:
    """The nearest set without an error; the set itself where it has none; None where no search finds one.

    A package that the index does not know stays as it is.
    """
    errors = _errors(audit(package_set, matrices, index, target))
    if not errors:
        left = audit(package_set, matrices, index, target)
        return Fixed(package_set=package_set, changes=(), left=left)
    facts = facts_of(package_set, matrices, index, target)
    mender = _Mender(facts, errors, target, search)
    best: Fixed | None = None
    size = None
    for freed, attempt in mender.attempts():
        if mender.searched >= MOST_SEARCHES or (best is not None and size is not None and len(freed) > size):
            break
        found = mender.tried(attempt)
        if found is not None and (best is None or len(found.changes) < len(best.changes)):
            best, size = found, len(freed)
    return best


def _errors(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity == "error"]


class _Mender:
    """Holds what every attempt needs."""

    def __init__(self, facts: Facts, errors: list[Finding], target: Target | None, search: Search) -> None:
        self.facts, self.errors, self.target, self.search = facts, errors, target, search
        self.searched = 0
        self.asks = _asks(facts)
        self.unwanted = _unwanted(facts, errors, self.asks)
        asked = set(chain.from_iterable(self.asks.values()))
        self.roots = tuple(
            name
            for name in facts.packages
            if name in self.asks and name not in self.unwanted and (name not in asked or facts.framework_of(name))
        )

    def attempts(self) -> Iterator[tuple[tuple[PypiName, ...], _Attempt]]:
        """Fewest freed packages first: only those, then also what they alone brought, at last everything."""
        deciders = self._deciders()
        for count in range(len(deciders) + 1):
            for freed in combinations(deciders, count):
                private = self._private(set(freed))
                yield freed, self._attempt(set(freed))
                if private:
                    yield freed, self._attempt({*freed, *private})
        yield tuple(self.facts.packages), self._attempt(set(self.facts.packages))

    def tried(self, attempt: _Attempt) -> Fixed | None:
        """The set of one search, where it has no error."""
        self.searched += 1
        pins = self.search(attempt.roots, attempt.constraints)
        if pins is None:
            return None
        mended = _with(self.facts, pins, self.unwanted)
        facts = self.facts
        findings = audit(mended, facts.matrices, facts.index, self.target)
        if _errors(findings):
            return None
        return Fixed(package_set=mended, changes=self._changes(mended), left=findings)

    def _deciders(self) -> list[PypiName]:
        """The packages to free: the frameworks and the roots that a finding names, then other named ones."""
        named = {pypi_name(pin.partition("==")[0]) for finding in self.errors for pin in finding.packages}
        known = [name for name in self.facts.packages if name in self.asks and name not in self.unwanted]
        frameworks = [name for name in known if self.facts.framework_of(name)]
        others = [name for name in known if name in named and name not in frameworks]
        # What only a framework brings (the nvidia packages) goes with that framework.
        free = [name for name in others if name not in self._private(set(frameworks))]
        return [*frameworks, *free][:_MOST_DECIDERS]

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

    def _attempt(self, freed: set[PypiName]) -> _Attempt:
        packages = self.facts.packages
        roots = tuple(_root(packages[name]) for name in self.roots)
        missing = {name for finding in self.errors if finding.row for name in _expected(self.facts, finding.row)}
        constraints = {
            name: f"=={package.version}"
            for name, package in packages.items()
            if name in self.asks and name not in freed and name not in self.unwanted and package.version
        }
        return _Attempt((*roots, *sorted(missing)), constraints)

    def _changes(self, mended: PackageSet) -> tuple[Change, ...]:
        before = {name: package.version for name, package in self.facts.packages.items()}
        after = {package.name: package.version for package in mended.packages if package.origin == "pypi"}
        names = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
        return tuple(
            Change(name=name, before=before.get(name), after=after.get(name), why=self._why(name, names, mended))
            for name in names
            if self.facts.packages.get(name) is None or self.facts.packages[name].origin == "pypi"
        )

    def _why(self, name: PypiName, changed: Sequence[PypiName], mended: PackageSet) -> str:
        for finding in self.errors:
            if name in {pypi_name(pin.partition("==")[0]) for pin in finding.packages}:
                return f"{finding.code}: {finding.why}"
        facts = self.facts
        asks = _asks(facts_of(mended, facts.matrices, facts.index, self.target))
        asking = sorted(other for other, names in asks.items() if name in names)
        if asking:
            return f"{asking[0]} asks for it"
        brought = sorted(other for other in changed if name in self.asks.get(other, ()))
        return f"only {brought[0]} asked for it" if brought else "nothing asks for it any more"


def _root(package: Package) -> str:
    return f"{package.name}[{','.join(package.extras)}]" if package.extras else str(package.name)


def _asks(facts: Facts) -> dict[PypiName, tuple[PypiName, ...]]:
    """Which packages of the set each known package asks for, on the target."""
    environment = marker_environment(facts.target)
    found: dict[PypiName, tuple[PypiName, ...]] = {}
    for name, package in facts.packages.items():
        releases = facts.releases(package)
        if package.origin == "pypi" and package.version is not None and releases:
            names = (
                pypi_name(requirement.name)
                for text in requires_of(facts, package, releases)
                if (requirement := parsed(text)) is not None
                and (
                    requirement.marker is None
                    or any(requirement.marker.evaluate({**environment, "extra": e}) for e in ("", *package.extras))
                )
            )
            found[name] = tuple(dict.fromkeys(names))
    return found


def _unwanted(facts: Facts, errors: Sequence[Finding], asks: Mapping[PypiName, tuple[PypiName, ...]]) -> set[PypiName]:
    """Packages that a rule wants out of the set and that nothing asks for."""
    asked = set(chain.from_iterable(asks.values()))
    rules = {rule.id: rule for rule in facts.matrices.rules}
    out = {
        pypi_name(name)
        for finding in errors
        if finding.row in rules
        for name, wanted in rules[finding.row or ""].needs.items()
        if wanted == "!"
    }
    return {name for name in out if name in facts.packages and name not in asked}


def _expected(facts: Facts, row: str) -> tuple[str, ...]:
    return next((rule.expects for rule in facts.matrices.rules if rule.id == row), ())


def _with(facts: Facts, pins: Sequence[Pin], unwanted: set[PypiName]) -> PackageSet:
    """The set with ``pins`` in place of what the search could choose."""
    chosen = {pin.name: pin for pin in pins}
    known = set(_asks(facts))
    kept = [
        package
        for package in facts.set.packages
        if package.origin == "conda" or (package.name not in known and package.name not in unwanted)
    ]
    before = facts.packages
    new = [_package(pin, before.get(pin.name)) for pin in chosen.values() if pin.name not in _names(kept)]
    return structs.replace(facts.set, packages=(*kept, *sorted(new, key=lambda package: package.name)), prefix=None)


def _names(packages: Sequence[Package]) -> set[PypiName]:
    return {package.name for package in packages if package.origin == "pypi"}


def _package(pin: Pin, before: Package | None) -> Package:
    if before is not None and before.version == pin.version:
        return before
    return Package(
        name=pin.name,
        version=pin.version,
        extras=() if before is None else before.extras,
        index=pin.index,
        hashes=tuple(file.sha256 for file in pin.files if file.sha256),
        files=tuple(file.filename for file in pin.files),
        requires=pin.requires,
    )


def as_requirements(fixed: Fixed, command: str) -> str:
    """The mended set as a requirements file, with a line above each change that says why.

    ``command`` is the command that writes it, for the header. Hashes stand
    where every package has some: pip takes all or none.
    """
    changes = {change.name: change for change in fixed.changes}
    packages = sorted(
        (package for package in fixed.package_set.packages if package.origin == "pypi"), key=lambda p: p.name
    )
    hashed = all(package.hashes for package in packages)
    lines = [f"# written by `{command}`"]
    for name, change in sorted(changes.items()):
        if change.after is None:
            lines.append(f"# {name}=={change.before} was taken out: {change.why}")
    for package in packages:
        told = changes.get(package.name)
        if told is not None:
            lines.append(f"# {'was ' + told.before if told.before else 'is new'}: {told.why}")
        hashes = "".join(f" \\\n    --hash=sha256:{digest}" for digest in package.hashes) if hashed else ""
        lines.append(f"{_root(package)}{'==' + package.version if package.version else package.asked}{hashes}")
    return "\n".join(lines) + "\n"
