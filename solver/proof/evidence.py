"""Evidence: what the probes of one lock saw on one GPU, and what that says about the lock today.

A record becomes evidence only through ``validated``: it asks for what only a process that really
used a GPU can tell, so that a machine without one, or a framework that only claims one, leaves no file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import permutations
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from packaging.version import InvalidVersion, Version

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.errors import BadInput, CheckFailed
from solver.core.frameworks import FRAMEWORKS, preferred_first
from solver.core.machine import Gpu
from solver.core.model import Digest, Finding, Framework, ProfileName, Text, Value
from solver.core.whole import put_whole
from solver.proof.checks import Demand, Lack, Order, demands

Ended = Literal["finished", "crashed", "hung", "silent"]
State = Literal["verified", "stale", "failed", "never"]


class Check(Value, frozen=True, kw_only=True):
    """One thing a probe looked at."""

    name: Text
    status: Literal["ok", "failed", "skipped"]
    figure: float | None
    tolerance: float | None
    seconds: float
    detail: str
    lacks: Lack | NotKnown = NOT_KNOWN
    """Why it was skipped; NOT_KNOWN in records from before the probes told it."""


class LoadedLibrary(Value, frozen=True, kw_only=True):
    """A shared library that a probe's process had mapped."""

    path: Text
    """Relative to the environment where it lies ``inside`` it."""
    inside: bool


class FrameworkSeen(Value, frozen=True, kw_only=True):
    """What a framework tells about its own build."""

    version: Text
    cuda: str | None
    cudnn: str | None
    nccl: str | None
    archs: tuple[str, ...]


class GpuSeen(Value, frozen=True, kw_only=True):
    """A GPU as a framework names it; memory in bytes."""

    name: str
    capability: str
    memory: int | None


class ProbeOutput(Value, frozen=True, kw_only=True):
    """The file that a probe leaves."""

    version: int
    order: Order
    imports_only: bool
    python: str
    prefix: str
    running: str | None
    finished: bool
    frameworks: dict[str, FrameworkSeen]
    gpus: tuple[GpuSeen, ...]
    checks: tuple[Check, ...]
    libraries: tuple[LoadedLibrary, ...]
    loaded: dict[str, str]


class ProbeResult(Value, frozen=True, kw_only=True):
    """How the process of one probe ended, and what it had seen by then."""

    order: Order
    ended: Ended
    """silent: it left by itself without finishing its record."""
    exit_status: int | None = None
    signal: str | None = None
    running: str | None = None
    """The check that was under way when it died."""
    seconds: float
    last_lines: tuple[str, ...] = ()
    """Only where it did not finish."""
    python: str = ""
    frameworks: dict[str, FrameworkSeen] = msgspec.field(default_factory=dict)
    gpus: tuple[GpuSeen, ...] = ()
    checks: tuple[Check, ...] = ()
    libraries: tuple[LoadedLibrary, ...] = ()
    loaded: dict[str, str] = msgspec.field(default_factory=dict)
    """Version that a loaded library tells of itself, by its name without ``.so``."""

    @property
    def name(self) -> str:
        """``torch``, ``tensorflow-torch`` and so on."""
        return "-".join(self.order)

    @property
    def ok(self) -> bool:
        """Whether it finished and nothing failed."""
        return self.ended == "finished" and all(check.status != "failed" for check in self.checks)

    def problem(self) -> str:
        """One sentence on why it is not ok; empty where it is."""
        if self.ended == "hung":
            return f"{self.name}: hung in {self.running or 'an unknown place'} and was ended"
        if self.ended == "crashed":
            return f"{self.name}: {self.signal} in {self.running or 'an unknown place'}"
        if self.ended == "silent":
            return f"{self.name}: left with exit status {self.exit_status} before it had finished"
        failed = [check for check in self.checks if check.status == "failed"]
        return "; ".join(f"{self.name}: {check.name}: {check.detail}" for check in failed)


class Evidence(Value, frozen=True, kw_only=True):
    """locks/<profile>/evidence/<gpu>-<driver>.json."""

    version: Literal[1] = 1
    profile: ProfileName
    lock: Digest
    """Digest of the lock's installable files."""
    result: Literal["verified", "failed"]
    python: Text
    gpu: Gpu
    gpus: Annotated[int, msgspec.Meta(ge=1)]
    """Number of GPUs that the probes could use."""
    driver: Annotated[str, msgspec.Meta(pattern=r"^[0-9]+(\.[0-9]+)+\Z")]
    packages: dict[str, str]
    """Version by name of everything the lock installs."""
    problems: tuple[str, ...] = ()
    """Why the result is ``failed``."""
    findings: tuple[Finding, ...] = ()
    """What the audit of the installed environment found."""
    steps: dict[str, float]
    """Seconds by step: install, pip check, audit, probes."""
    probes: tuple[ProbeResult, ...]


def orders(frameworks: Iterable[str]) -> tuple[Order, ...]:
    """The probes of a lock with these frameworks: each alone, then both in both orders."""
    present = set(frameworks)
    named = preferred_first(name for name in FRAMEWORKS if name in present)
    return tuple(order for length in (1, 2) for order in permutations(named, length))


def _check_problem(check: Check | None, name: str, demand: Demand, gpus: int) -> str | None:
    if check is None:
        return f"the check {name} was never made"
    if check.status == "skipped":
        return None if _excused(check, demand, gpus) else f"the check {name} was skipped: {check.detail}"
    if check.status != "ok":
        return f"the check {name} failed: {check.detail}"
    if demand.figure and check.figure is None:
        return f"the check {name} has no figure"
    if demand.tolerance is None:
        return None
    if check.tolerance is None or check.tolerance > demand.tolerance:
        return f"the check {name} was held to {check.tolerance}, not to {demand.tolerance}"
    if check.figure is None or not 0 <= check.figure <= check.tolerance:
        return f"the error {check.figure} of {name} is not within {check.tolerance}"
    return None


def _excused(check: Check, demand: Demand, gpus: int) -> bool:
    if "several GPUs" in demand.excuses:
        # The number of GPUs is part of the record, so nobody's word need be taken for it.
        return gpus == 1
    return check.lacks is not NOT_KNOWN and check.lacks in demand.excuses


def _driver_loaded(probe: ProbeResult) -> bool:
    return any(not library.inside and Path(library.path).name.startswith("libcuda.so") for library in probe.libraries)


def _probe_problems(probe: ProbeResult, evidence: Evidence) -> list[str]:
    if probe.ended != "finished":
        return [probe.problem()]
    checks, wanted = {check.name: check for check in probe.checks}, demands(probe.order)
    found = [_check_problem(checks.get(name), name, demand, evidence.gpus) for name, demand in wanted.items()]
    problems = [f"{probe.name}: {problem}" for problem in found if problem]
    problems += [
        f"{probe.name}: {check.name}: {check.detail}"
        for check in probe.checks
        if check.status == "failed" and check.name not in wanted
    ]
    if not _driver_loaded(probe):
        problems.append(f"{probe.name}: the driver's libcuda.so was never loaded")
    runtimes = ("libcudart", "libtorch_cuda", "libtensorflow_framework", "libcudnn")
    if not any(Path(library.path).name.startswith(runtimes) for library in probe.libraries):
        problems.append(f"{probe.name}: no CUDA runtime was ever loaded")
    gpu = evidence.gpu
    if not probe.gpus or any(seen.capability != gpu.capability for seen in probe.gpus[:1]):
        problems.append(f"{probe.name}: its GPU is not the {gpu.name} of compute capability {gpu.capability}")
    elif probe.gpus[0].name and probe.gpus[0].name != gpu.name:
        problems.append(f"{probe.name}: it names its GPU {probe.gpus[0].name}, the driver says {gpu.name}")
    return problems


def problems(evidence: Evidence, frameworks: Iterable[str]) -> tuple[str, ...]:
    """Why this record does not prove the lock; empty where it does."""
    wanted = orders(frameworks)
    ran = {probe.order for probe in evidence.probes}
    missing = [f"{'-'.join(order)}: the probe never ran" for order in wanted if order not in ran]
    found = [problem for probe in evidence.probes for problem in _probe_problems(probe, evidence)]
    errors = [f"audit: {finding.code}: {finding.why}" for finding in evidence.findings if finding.severity == "error"]
    return tuple(missing + errors + found)


def frameworks_of(packages: Mapping[str, str]) -> tuple[Framework, ...]:
    """The frameworks among the packages of a lock."""
    return tuple(
        preferred_first(
            entry.name for entry in FRAMEWORKS.values() if {*entry.distributions, entry.conda} & set(packages)
        )
    )


def validated(evidence: Evidence) -> Evidence:
    """Return ``evidence`` if a real GPU run stands behind it; raises ``CheckFailed`` with the reason.

    A verified record must show every mandatory check, within its tolerance, and the CUDA libraries
    that were loaded. A failed one must show that at least one probe reached the driver, and say why.
    """
    own = evidence.problems
    if not any(_driver_loaded(probe) for probe in evidence.probes):
        raise CheckFailed(
            f"{evidence.profile}: no probe loaded the driver's libcuda.so, so this is no evidence; "
            + "; ".join(problems(evidence, frameworks_of(evidence.packages))[:3])
        )
    if evidence.result == "failed":
        if not own:
            raise CheckFailed(f"{evidence.profile}: a failed record must say why")
        return evidence
    found = (*own, *problems(evidence, frameworks_of(evidence.packages)))
    if found:
        raise CheckFailed(f"{evidence.profile}: not verified: " + "; ".join(found))
    return evidence


def evidence_name(evidence: Evidence) -> str:
    """File name below ``locks/<profile>/evidence``."""
    gpu = re.sub(r"[^a-z0-9]+", "-", evidence.gpu.name.lower()).strip("-")
    return f"{gpu}-{evidence.driver}.json"


def encode(value: Value) -> bytes:
    """JSON that people can read, the same bytes for the same value."""
    return msgspec.json.format(msgspec.json.encode(value, order="deterministic"), indent=1) + b"\n"


def read_evidence(path: Path) -> Evidence:
    """Read and validate a file of evidence; raises ``BadInput`` naming the file and the reason."""
    try:
        evidence = msgspec.json.decode(path.read_bytes(), type=Evidence, strict=True)
        return validated(evidence)
    except (msgspec.MsgspecError, CheckFailed) as error:
        raise BadInput(
            f"this is no evidence: {error}", file=path, fix="remove it, or verify the lock again on a GPU"
        ) from None


def admit(evidence: Evidence, locks: Path) -> Path:
    """Write validated evidence to ``locks/<profile>/evidence``; raises ``CheckFailed`` where it is none."""
    folder = locks / validated(evidence).profile / "evidence"
    path = folder / evidence_name(evidence)
    put_whole(path, encode(evidence))
    return path


def read_all(folder: Path) -> tuple[Evidence, ...]:
    """Every evidence of one lock folder, by file name."""
    return tuple(read_evidence(path) for path in sorted((folder / "evidence").glob("*.json")))


def _driver_key(evidence: Evidence) -> Version:
    try:
        return Version(evidence.driver)
    except InvalidVersion:
        return Version("0")


def states(digest: str, evidence: Iterable[Evidence]) -> dict[str, State]:
    """State of a lock per GPU name, from all its evidence; the newest driver speaks for a GPU."""
    by_gpu: dict[str, list[Evidence]] = {}
    for one in evidence:
        by_gpu.setdefault(one.gpu.name, []).append(one)
    answer: dict[str, State] = {}
    for gpu, records in sorted(by_gpu.items()):
        current = [one for one in records if one.lock == digest]
        answer[gpu] = max(current, key=_driver_key).result if current else "stale"
    return answer


def all_states(locks: Mapping[str, tuple[str, tuple[Evidence, ...]]]) -> dict[str, dict[str, State]]:
    """States by profile over all GPUs that any profile ran on; ``never`` where one did not.

    ``locks`` gives each profile its digest and its evidence.
    """
    gpus = sorted({one.gpu.name for _, evidence in locks.values() for one in evidence})
    never: dict[str, State] = dict.fromkeys(gpus, "never")
    return {profile: {**never, **states(digest, evidence)} for profile, (digest, evidence) in locks.items()}
