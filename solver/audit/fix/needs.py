"""What mending a set needs to know of it: who asks for whom, what is to go, what a search's answer makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from msgspec import structs

from solver.audit.codes.metadata import requires_of
from solver.audit.context import AuditContext
from solver.audit.package_set import Package, PackageSet, parsed
from solver.core.markers import applies
from solver.core.model import Finding, Pin, PypiName, pypi_name
from solver.core.target import marker_environment
from solver.matrix.rows import ABSENT


def root_of(package: Package) -> str:
    """The package with its extras, without its version."""
    return f"{package.name}[{','.join(package.extras)}]" if package.extras else str(package.name)


def asks_of(context: AuditContext) -> dict[PypiName, tuple[PypiName, ...]]:
    """Which packages of the set each known package asks for on the target, extras that others name included."""
    environment = marker_environment(context.target)
    extras = {name: set(package.extras) for name, package in context.packages.items()}
    found: dict[PypiName, tuple[PypiName, ...]] = {}
    waiting = list(context.packages)
    while waiting:
        name = waiting.pop()
        package = context.packages[name]
        releases = context.releases(package)
        if package.origin != "pypi" or package.version is None or not releases:
            continue
        asked: dict[PypiName, None] = {}
        for text in requires_of(context, package, releases):
            requirement = parsed(text)
            if requirement is None or not applies(requirement.marker, environment, extras[name]):
                continue
            other = pypi_name(requirement.name)
            asked[other] = None
            if other in extras and requirement.extras - extras[other]:
                extras[other] |= requirement.extras
                waiting.append(other)
        found[name] = tuple(asked)
    return found


def unwanted(
    context: AuditContext, errors: Sequence[Finding], asks: Mapping[PypiName, tuple[PypiName, ...]]
) -> set[PypiName]:
    """Packages that a rule wants out of the set and that nothing asks for."""
    asked = set(chain.from_iterable(asks.values()))
    rules = {rule.id: rule for rule in context.matrices.rules}
    out = {
        pypi_name(name)
        for finding in errors
        if finding.row in rules
        for name, wanted in rules[finding.row or ""].needs.items()
        if wanted == ABSENT
    }
    return {name for name in out if name in context.packages and name not in asked}


def expected(context: AuditContext, row: str) -> tuple[str, ...]:
    """What the rule of that id expects in the set; nothing where it is no rule's."""
    return next((rule.expects for rule in context.matrices.rules if rule.id == row), ())


def with_pins(context: AuditContext, pins: Sequence[Pin], known: set[PypiName], unwanted: set[PypiName]) -> PackageSet:
    """The set with ``pins`` in place of what the search could choose: the packages ``known`` to the index."""
    chosen = {pin.name: pin for pin in pins}
    kept = [
        package
        for package in context.set.packages
        if package.origin == "conda" or (package.name not in known and package.name not in unwanted)
    ]
    before = context.packages
    new = [_package(pin, before.get(pin.name)) for pin in chosen.values() if pin.name not in _names(kept)]
    return structs.replace(context.set, packages=(*kept, *sorted(new, key=lambda package: package.name)), prefix=None)


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
        url=pin.files[0].url if pin.files else None,
        hashes=tuple(file.sha256 for file in pin.files if file.sha256),
        files=tuple(file.filename for file in pin.files),
        requires=pin.requires,
    )
