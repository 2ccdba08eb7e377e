"""Whether a record proves its lock, and whether it is evidence at all.

A record becomes evidence only through ``validated``: it asks for what only a process that really
used a GPU can tell, so that a machine without one, or a framework that only claims one, leaves no file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.errors import CheckFailed
from solver.core.model import Framework
from solver.core.versions import minor
from solver.proof.checks import SEVERAL_GPUS, Demand, demanded_checks, frameworks_of, on_cpu, orders
from solver.proof.evidence import Check, Evidence, ProbeResult
from solver.proof.footprint import footprint_fault
from solver.proof.subject import Subject

# Whoever computes on a GPU has mapped one of these.
_RUNTIMES = ("libcudart", "libtorch_cuda", "libtensorflow_framework", "libcudnn")


def validated(evidence: Evidence) -> Evidence:
    """Return ``evidence`` if a real GPU run stands behind it; raises ``CheckFailed`` with the reason.

    A verified record must show every mandatory check, within its tolerance, and the CUDA libraries
    that were loaded. A failed one must show that at least one probe reached the driver, and say why.
    """
    if not any(_driver_loaded(probe) for probe in evidence.probes):
        raise CheckFailed(
            f"{evidence.profile}: no probe loaded the driver's libcuda.so, so this is no evidence; "
            + "; ".join(problems(evidence, frameworks_of(evidence.packages))[:3])
        )
    fault = footprint_fault(evidence)
    if fault is not None:
        raise CheckFailed(f"{evidence.profile}: {fault}")
    if evidence.result == "failed":
        if not evidence.problems:
            raise CheckFailed(f"{evidence.profile}: a failed record must say why")
        return evidence
    reasons = (*evidence.problems, *problems(evidence, frameworks_of(evidence.packages)))
    if reasons:
        raise CheckFailed(f"{evidence.profile}: not verified: " + "; ".join(reasons))
    return evidence


def strangeness(evidence: Evidence, subject: Subject) -> str | None:
    """Why a record cannot be of the lock whose digest it names; None where it can.

    A record tells its own profile, python, packages, variables and frameworks: here they are compared with the lock.
    """
    if evidence.profile != subject.profile:
        return f"it is of the profile {evidence.profile}"
    if not subject.gpu:
        return "the lock asks for no GPU, and it tells of one"
    python = subject.packages["python"]
    if minor(evidence.python) != minor(python):
        return f"it ran on python {evidence.python}, and the lock is for {python}"
    odd = sorted(set(evidence.packages.items()) ^ {(name, str(version)) for name, version in subject.packages.items()})
    if odd:
        return f"its packages are not those of the lock: {odd[0][0]} is one of {len({name for name, _ in odd})}"
    if not isinstance(evidence.core, NotKnown) and not evidence.core.items() <= subject.files.items():
        return "it tells other files of its packages than those of the lock"
    if evidence.variables is not NOT_KNOWN and evidence.variables != subject.variables:
        return "its probes ran with other environment variables than those of the lock"
    if evidence.result == "verified" and (lacking := problems(evidence, frameworks_of(subject.packages))):
        return lacking[0]
    return None


def problems(evidence: Evidence, frameworks: Iterable[str]) -> tuple[str, ...]:
    """Why this record does not prove the lock; empty where it does."""
    ran = {probe.order for probe in evidence.probes}
    missing = [f"{'-'.join(order)}: the probe never ran" for order in orders(frameworks) if order not in ran]
    errors = [f"audit: {finding.code}: {finding.why}" for finding in evidence.findings if finding.severity == "error"]
    probes = [problem for probe in evidence.probes for problem in _probe_problems(probe, evidence)]
    return (*missing, *errors, *probes)


def _probe_problems(probe: ProbeResult, evidence: Evidence) -> Iterator[str]:
    if probe.ended != "finished":
        yield probe.problem()
        return
    cpu = on_cpu(evidence.packages)
    faults = list(_check_problems(probe, evidence.gpus, cpu))
    if not set(probe.order) <= set(cpu):
        faults += [*_library_problems(probe), *_gpu_problems(probe, evidence)]
    yield from (f"{probe.name}: {fault}" for fault in faults)


def _check_problems(probe: ProbeResult, gpus: int, cpu: Collection[Framework]) -> Iterator[str]:
    """Of each check that must be there, and of any other that failed; ``cpu`` are meant for the CPU."""
    checks, mandatory = {check.name: check for check in probe.checks}, demanded_checks(probe.order, cpu)
    for name, demand in mandatory.items():
        problem = _check_problem(checks.get(name), name, demand, gpus)
        if problem is not None:
            yield problem
    for check in probe.checks:
        if check.status == "failed" and check.name not in mandatory:
            yield f"{check.name}: {check.detail}"


def _check_problem(check: Check | None, name: str, demand: Demand, gpus: int) -> str | None:
    if check is None:
        return f"the check {name} was never made"
    # A check may be skipped for what its demand excuses alone: the probe's own word for it is not enough.
    if check.status == "skipped":
        return None if _excused(check, demand, gpus) else f"the check {name} was skipped: {check.detail}"
    if check.status != "ok":
        return f"the check {name} failed: {check.detail}"
    if demand.figure and check.figure is None:
        return f"the check {name} has no figure"
    if demand.tolerance is None:
        return None
    # The record tells the bound that it was held to, so that a probe of an older or laxer kind proves nothing.
    if check.tolerance is None or check.tolerance > demand.tolerance:
        return f"the check {name} was held to {check.tolerance}, not to {demand.tolerance}"
    if check.figure is None or not 0 <= check.figure <= check.tolerance:
        return f"the error {check.figure} of {name} is not within {check.tolerance}"
    return None


def _excused(check: Check, demand: Demand, gpus: int) -> bool:
    if SEVERAL_GPUS in demand.excuses:
        # The number of GPUs is part of the record, so nobody's word need be taken for it.
        return gpus == 1
    return check.lacks is not NOT_KNOWN and check.lacks in demand.excuses


def _driver_loaded(probe: ProbeResult) -> bool:
    return any(not library.inside and Path(library.path).name.startswith("libcuda.so") for library in probe.libraries)


def _library_problems(probe: ProbeResult) -> Iterator[str]:
    if not _driver_loaded(probe):
        yield "the driver's libcuda.so was never loaded"
    if not any(Path(library.path).name.startswith(_RUNTIMES) for library in probe.libraries):
        yield "no CUDA runtime was ever loaded"


def _gpu_problems(probe: ProbeResult, evidence: Evidence) -> Iterator[str]:
    """Where the framework names another GPU than the driver; a framework may leave the name out."""
    gpu = evidence.gpu
    if not probe.gpus or probe.gpus[0].capability != gpu.capability:
        yield f"its GPU is not the {gpu.name} of compute capability {gpu.capability}"
    elif probe.gpus[0].name and probe.gpus[0].name != gpu.name:
        yield f"it names its GPU {probe.gpus[0].name}, the driver says {gpu.name}"
