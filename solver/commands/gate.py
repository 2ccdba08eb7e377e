"""The audit as the gate of every lock: what it calls broken is never written."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from solver.audit.package_set import Package, PackageSet, conda_package, of_records, of_solution
from solver.audit.run import audit
from solver.commands.closure import Closure
from solver.commands.project import Project
from solver.core.acceptance import marked
from solver.core.errors import CheckFailed
from solver.core.model import Finding, Profile, pypi_name
from solver.lock.requirements import LocalWheel
from solver.lock.variables import profile_variables


def gate(
    project: Project, profile: Profile, closure: Closure, wheels: Sequence[LocalWheel] = ()
) -> tuple[Finding, ...]:
    """What the audit finds in a closure with its local wheels; raises ``CheckFailed`` for an error nobody accepts."""
    # What evidence taught is left out: a lock must not change because it was verified.
    matrices = dataclasses.replace(project.matrices, verified=())
    every = audit(_package_set(profile, closure, wheels), matrices, project.index, closure.solution.target)
    findings = marked(every, profile.accept)
    errors = [finding for finding in findings if finding.severity == "error" and finding.accepted is None]
    if errors:
        reasons = "; ".join(f"{finding.code}: {finding.why}" for finding in errors)
        raise CheckFailed(f"{profile.name} is not locked, since its own audit finds it broken: {reasons}")
    return findings


def _package_set(profile: Profile, closure: Closure, wheels: Sequence[LocalWheel]) -> PackageSet:
    if closure.solution.pins:
        ours = [Package(name=pypi_name(wheel.name), version=wheel.version, requires=()) for wheel in wheels]
        base = (conda_package(record.name, record.version, record.build) for record in closure.records)
        package_set = of_solution(closure.solution, (*ours, *base))
    else:
        package_set = of_records(closure.records, closure.solution.target, profile.name)
    return package_set.setting(profile_variables(profile))
