"""Tells which rule rows a set breaks; every code's module asks for its own."""

from __future__ import annotations

from collections.abc import Iterator

from solver.audit.facts import Facts, matches, pins
from solver.audit.package_set import Package
from solver.matrix.rows import Rule
from solver.model import Finding

ABSENT = "!"
"""As a specifier: the package is not in the set."""


def breaches(facts: Facts, code: str) -> Iterator[Finding]:
    """A finding for each rule of ``code`` that the set breaks."""
    for rule in facts.matrices.rules:
        if rule.code == code and applies(rule, facts):
            yield from _breach(rule, facts)


def applies(rule: Rule, facts: Facts) -> bool:
    """Whether the target and the packages of ``when`` are the rule's."""
    if rule.platforms and facts.target.platform not in rule.platforms:
        return False
    if rule.pythons and not matches(rule.pythons, facts.target.python):
        return False
    return all(_holds(facts.package(name), wanted) for name, wanted in rule.when.items())


def _holds(package: Package | None, wanted: str) -> bool:
    if wanted == ABSENT:
        return package is None
    if package is None:
        return False
    # What has no version can only be matched by its presence.
    return not wanted if package.version is None else matches(wanted, package.version)


def _breach(rule: Rule, facts: Facts) -> Iterator[Finding]:
    offenders = []
    for name, wanted in rule.needs.items():
        package = facts.package(name)
        if package is not None and package.version is not None and not _holds(package, wanted):
            offenders.append(package)
    missing = [name for name in rule.expects if facts.package(name) is None]
    # A rule that asks for nothing tells that its packages do not go together.
    if not offenders and not missing and (rule.needs or rule.expects):
        return
    named = [package for name in rule.when if (package := facts.package(name)) is not None]
    order = f"; seen with {rule.order}" if rule.order else ""
    seen = f" (seen: {rule.seen})" if rule.seen else ""
    yield Finding(
        code=rule.code,
        severity=rule.severity,
        packages=pins([*named, *offenders]),
        why=f"{rule.why}{order}{seen}",
        source=rule.source,
        cure=rule.cure,
        row=rule.id,
    )
