"""How locks stand on each GPU, by their evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.versions import as_version
from solver.proof.evidence import Evidence
from solver.proof.footprint import changes_outside
from solver.proof.subject import Subject

State = Literal[
    "verified",
    "verified (core)",
    "verified (not known: with the lock's variables)",
    "stale",
    "failed",
    "wrong numbers",
    "never",
]


@dataclass(frozen=True, kw_only=True)
class GpuState:
    """How a lock stands on one GPU."""

    state: State
    changed: tuple[str, ...] = ()
    """What changed outside the core since the run that ``verified (core)`` rests on."""


NEVER, STALE = GpuState(state="never"), GpuState(state="stale")


def states(lock: Subject, evidence: Iterable[Evidence]) -> dict[str, GpuState]:
    """State of a lock per GPU, from all its evidence; the newest driver speaks for a GPU.

    Two GPUs of one machine are another thing than one of them: ``2 x NVIDIA H100``.
    """
    by_gpu: dict[str, list[Evidence]] = {}
    for one in evidence:
        by_gpu.setdefault(gpus_of(one), []).append(one)
    return {
        gpu: _state(lock, sorted(records, key=lambda one: as_version(one.driver), reverse=True))
        for gpu, records in sorted(by_gpu.items())
    }


def gpus_of(evidence: Evidence) -> str:
    """The GPUs of a run, by name and number."""
    return f"{evidence.gpus} x {evidence.gpu.name}" if evidence.gpus > 1 else evidence.gpu.name


def _state(lock: Subject, evidence: list[Evidence]) -> GpuState:
    """State by the records of one GPU, the newest driver first; what ran with the lock as it is goes before all."""
    current = next((one for one in evidence if one.lock == lock.digest), None)
    return _current(lock, current) if current is not None else _former(lock, evidence)


def _current(lock: Subject, evidence: Evidence) -> GpuState:
    # The first probes did not get the lock's variables, and their records do not tell.
    if evidence.result == "verified" and lock.variables and evidence.variables is NOT_KNOWN:
        return GpuState(state="verified (not known: with the lock's variables)")
    return GpuState(state=evidence.outcome)


def _former(lock: Subject, evidence: list[Evidence]) -> GpuState:
    """By runs of former states of the lock: true still where nothing changed that they depended on."""
    for one in evidence:
        changed = changes_outside(one, lock)
        if changed is not None and not isinstance(changed, NotKnown):
            return GpuState(state="verified (core)", changed=changed) if one.result == "verified" else STALE
    return STALE


def all_states(locks: Mapping[str, tuple[Subject, tuple[Evidence, ...]]]) -> dict[str, dict[str, GpuState]]:
    """States by profile over all GPUs that any profile ran on; ``never`` where one did not.

    ``locks`` gives each profile its lock and the evidence of it.
    """
    gpus = sorted({gpus_of(one) for _, evidence in locks.values() for one in evidence})
    return {
        profile: {**dict.fromkeys(gpus, NEVER), **states(lock, evidence)} for profile, (lock, evidence) in locks.items()
    }
