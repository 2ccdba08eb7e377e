"""Tells which rule rows a set breaks; every code's module asks for its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from solver.audit.facts import Facts
from solver.audit.package_set import Package
from solver.audit.words import matches, pins
from solver.core.model import Finding, PypiName
from solver.matrix.rows import Rule

ABSENT = "!"
"""As a specifier: the package is not in the set."""


@dataclass(frozen=True)
class Breach:
    """A rule that a set breaks."""

    rule: Rule
    named: tuple[Package, ...]
    """The packages of ``when``."""
    offenders: tuple[Package, ...]
    """Those that are not as ``needs`` says."""
    missing: tuple[str, ...]
    """Those of ``expects`` that are not there."""

    @property
    def pairs(self) -> set[frozenset[PypiName]]:
        """Each named package with each offender."""
        return {frozenset((a.name, b.name)) for a in self.named for b in self.offenders}


OF_WHEELS = ("protobuf-runtime", "numpy-abi")
"""Codes whose rules were read out of wheels; conda-forge builds the same code against its own libraries."""


def breaches(facts: Facts, code: str) -> Iterator[Finding]:
    """A finding for each rule of ``code`` that the set breaks."""
    for breach in broken(facts, code):
        yield as_finding(breach)


def broken(facts: Facts, code: str) -> Iterator[Breach]:
    """The rules of ``code`` that the set breaks, in the order of their file."""
    for rule in facts.matrices.rules:
        named = _named(rule, facts) if rule.code == code else None
        if named is None:
            continue
        offenders = tuple(package for name, wanted in rule.needs.items() if (package := _offends(facts, name, wanted)))
        missing = tuple(name for name in rule.expects if facts.package(name) is None)
        # A rule that asks for nothing tells that its packages do not go together.
        if offenders or missing or not (rule.needs or rule.expects):
            yield Breach(rule, named, offenders, missing)


def _named(rule: Rule, facts: Facts) -> tuple[Package, ...] | None:
    """The packages of ``when``; None where the rule is not about this set."""
    if rule.platforms and facts.target.platform not in rule.platforms:
        return None
    if rule.pythons and not matches(rule.pythons, facts.target.python):
        return None
    found = []
    for number, (name, wanted) in enumerate(rule.when.items()):
        names = (name, *rule.also) if number == 0 else (name,)
        package = next((p for n in names if (p := facts.package(n)) is not None and _is(p, wanted)), None)
        if package is None:
            return None
        found.append(package)
    return tuple(found)


def _is(package: Package, wanted: str) -> bool:
    # What has no version can only be matched by its presence.
    return not wanted if package.version is None else matches(wanted, package.version)


def _offends(facts: Facts, name: str, wanted: str) -> Package | None:
    package = facts.package(name)
    if package is None or wanted == ABSENT:
        return package
    return None if package.version is None or matches(wanted, package.version) else package


def as_finding(breach: Breach) -> Finding:
    """The finding that tells of a breach."""
    rule = breach.rule
    of_conda = rule.code in OF_WHEELS and any(package.origin == "conda" for package in breach.named)
    unread = "; this is known of the wheel, and nobody read it of conda's build" if of_conda else ""
    order = f" with {rule.order}" if rule.order else ""
    seen = f"; seen{order}: {rule.seen}" if rule.seen else ""
    return Finding(
        code=rule.code,
        severity="warning" if of_conda else rule.severity,
        packages=pins([*breach.named, *breach.offenders]),
        why=f"{rule.why}{seen}{unread}",
        source=rule.source,
        cure=rule.cure,
        row=rule.id,
    )
