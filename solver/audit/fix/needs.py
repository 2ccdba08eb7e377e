"""What mending a set needs to know of it: who asks for whom, what is to go, what a search's answer makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from itertools import chain

from msgspec import structs

from solver.audit.codes import clobber
from solver.audit.context import AuditContext
from solver.audit.package_set import Package, PackageSet
from solver.core.frameworks import COMPANIONS, FRAMEWORKS
from solver.core.markers import applies
from solver.core.model import Finding, Pin, PypiName, pypi_name
from solver.core.target import marker_environment
from solver.matrix.rules import additions, forbidden

Asks = Mapping[PypiName, tuple[PypiName, ...]]
"""Whom each package asks for on the target; only packages whose requirements the index knows are keys."""


def root_of(package: Package) -> str:
    """The package with its extras, without its version."""
    return f"{package.name}[{','.join(package.extras)}]" if package.extras else str(package.name)


def asks_of(context: AuditContext) -> Asks:
    """Who asks for whom in the set, extras that others name included."""
    environment = marker_environment(context.target)
    extras = {name: set(package.extras) for name, package in context.packages.items()}
    asks: dict[PypiName, tuple[PypiName, ...]] = {}
    waiting = list(context.packages)
    while waiting:
        name = waiting.pop()
        package = context.packages[name]
        if not package.from_index or package.version is None:
            continue
        if not context.listed_releases(package):
            if name in COMPANIONS and package.elsewhere is None:  # whichever build of it goes with its framework
                asks[name] = (PypiName(COMPANIONS[name]),)
            continue
        others: dict[PypiName, None] = {}
        for requirement in context.requirements(package):
            if not applies(requirement.marker, environment, extras[name]):
                continue
            other = pypi_name(requirement.name)
            others[other] = None
            if other in extras and requirement.extras - extras[other]:
                # With an extra more it may ask for more: it is looked at again.
                extras[other] |= requirement.extras
                waiting.append(other)
        asks[name] = tuple(others)
    return asks


def required_names(asks: Asks) -> set[PypiName]:
    """Whoever is asked for by some package."""
    return set(chain.from_iterable(asks.values()))


def reached(roots: Sequence[PypiName], asks: Asks, without: Set[PypiName]) -> set[PypiName]:
    """``roots`` and all that they ask for, directly or not, but for ``without`` and what only these ask for."""
    names, waiting = set(roots), list(roots)
    while waiting:
        for name in asks.get(waiting.pop(), ()):
            if name not in names and name not in without:
                names.add(name)
                waiting.append(name)
    return names


def unwanted(context: AuditContext, errors: Sequence[Finding], asks: Asks) -> set[PypiName]:
    """Packages that nothing asks for, and that a rule wants out of the set, or a twin that has more right to stay."""
    rules = {rule.id: rule for rule in context.matrices.rules}
    broken = [rules[error.row] for error in errors if error.row in rules]
    absent = {pypi_name(name) for rule in broken for name in forbidden(rule)}
    required = required_names(asks)
    twins = [error.names for error in errors if error.code == clobber.CODE and len(error.names) == 2]
    rivals = {_lesser(context, pair, required) for pair in twins if len(required.intersection(pair)) < len(pair)}
    return (absent | rivals) & set(context.packages) - required


def _lesser(context: AuditContext, pair: Sequence[PypiName], required: Set[PypiName]) -> PypiName:
    """Of two that write the same files, neither of which everybody asks for, the one to take out.

    That is one that nobody asks for, a framework's builds for the CPU before all of its builds, the later line.
    """
    places = list(context.packages)
    for_cpu = {entry.cpu for entry in FRAMEWORKS.values()}
    return max(pair, key=lambda name: (name not in required, name in for_cpu, name in places and places.index(name)))


def expected(context: AuditContext, errors: Sequence[Finding]) -> set[str]:
    """What the rules behind ``errors`` expect in the set."""
    ids = {error.row for error in errors}
    return {name for rule in context.matrices.rules if rule.id in ids for name in additions(rule)}


def with_pins(context: AuditContext, pins: Sequence[Pin], known: Set[PypiName], unwanted: Set[PypiName]) -> PackageSet:
    """The set with ``pins`` in place of what the search could choose: the packages ``known`` to the index."""
    stay = [
        package
        for package in context.set.packages
        if package.from_conda or (package.name not in known and package.name not in unwanted)
    ]
    names = {package.name for package in stay if package.from_index}
    chosen = {pin.name: _package(pin, context.packages.get(pin.name)) for pin in pins if pin.name not in names}
    packages = (*stay, *(chosen[name] for name in sorted(chosen)))
    return structs.replace(context.set, packages=packages, prefix=None)


def _package(pin: Pin, before: Package | None) -> Package:
    if before is not None and before.version == pin.version:
        return before
    return Package(
        name=pin.name,
        version=pin.version,
        extras=() if before is None else before.extras,
        index=pin.index,
        url=pin.files[0].url if pin.files else None,
        hashes=tuple(file.sha256 for file in pin.files if file.sha256),
        files=tuple(file.filename for file in pin.files),
        requires=pin.requires,
    )
