"""The audit as the gate of every lock: what it calls broken is never written."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from solver.audit.package_set import Package, of_solution
from solver.audit.run import audit
from solver.errors import CheckFailed
from solver.lock.requirements import LocalWheel
from solver.model import Finding, Solution, pypi_name
from solver.project import Project


def audit_solution(project: Project, solution: Solution, wheels: Sequence[LocalWheel] = ()) -> tuple[Finding, ...]:
    """The findings of a solution with its local wheels; raises ``CheckFailed`` where one is an error."""
    ours = [Package(name=pypi_name(wheel.name), version=wheel.version, requires=()) for wheel in wheels]
    # What evidence taught is left out: a lock must not change because it was verified.
    matrices = dataclasses.replace(project.matrices, verified=())
    findings = audit(of_solution(solution, ours), matrices, project.index, solution.target)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        told = "; ".join(f"{finding.code}: {finding.why}" for finding in errors)
        raise CheckFailed(f"{solution.profile} is not locked, since its own audit finds it broken: {told}")
    return findings
