"""The audit as the gate of every lock: what it calls broken is never written."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from solver.audit.inputs import read_text
from solver.audit.package_set import Package, PackageSet, of_solution
from solver.audit.run import audit
from solver.commands.project import Project
from solver.core.errors import CheckFailed
from solver.core.model import Finding, Solution, Target, pypi_name
from solver.lock.requirements import LocalWheel


def audit_solution(project: Project, solution: Solution, wheels: Sequence[LocalWheel] = ()) -> tuple[Finding, ...]:
    """The findings of a solution with its local wheels; raises ``CheckFailed`` where one is an error."""
    ours = [Package(name=pypi_name(wheel.name), version=wheel.version, requires=()) for wheel in wheels]
    return _gate(project, solution.profile, of_solution(solution, ours), solution.target)


def audit_conda(project: Project, profile: str, target: Target, conda_lock: str) -> tuple[Finding, ...]:
    """The same for a conda lock, read back from its conda-lock.yml."""
    held = read_text(conda_lock, "conda-lock.yml", Path(), target)
    return _gate(project, profile, held, target)


def _gate(project: Project, profile: str, held: PackageSet, target: Target) -> tuple[Finding, ...]:
    # What evidence taught is left out: a lock must not change because it was verified.
    matrices = dataclasses.replace(project.matrices, verified=())
    findings = audit(held, matrices, project.index, target)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        told = "; ".join(f"{finding.code}: {finding.why}" for finding in errors)
        raise CheckFailed(f"{profile} is not locked, since its own audit finds it broken: {told}")
    return findings
