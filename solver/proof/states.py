"""How locks stand on each GPU, by their evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from solver.core.answer import NOT_KNOWN
from solver.core.versions import as_version
from solver.proof.evidence import Evidence
from solver.proof.subject import Subject

State = Literal["verified", "verified (not known: with the lock's variables)", "stale", "failed", "never"]


def states(lock: Subject, evidence: Iterable[Evidence]) -> dict[str, State]:
    """State of a lock per GPU name, from all its evidence; the newest driver speaks for a GPU."""
    by_gpu: dict[str, list[Evidence]] = {}
    for one in evidence:
        by_gpu.setdefault(one.gpu.name, []).append(one)
    answer: dict[str, State] = {}
    for gpu, records in sorted(by_gpu.items()):
        current = [one for one in records if one.lock == lock.digest]
        answer[gpu] = _state(lock, max(current, key=lambda one: as_version(one.driver))) if current else "stale"
    return answer


def _state(lock: Subject, evidence: Evidence) -> State:
    # The first probes did not get the lock's variables, and their records do not tell.
    if evidence.result == "verified" and lock.variables and evidence.variables is NOT_KNOWN:
        return "verified (not known: with the lock's variables)"
    return evidence.result


def all_states(locks: Mapping[str, tuple[Subject, tuple[Evidence, ...]]]) -> dict[str, dict[str, State]]:
    """States by profile over all GPUs that any profile ran on; ``never`` where one did not.

    ``locks`` gives each profile its lock and the evidence of it.
    """
    gpus = sorted({one.gpu.name for _, evidence in locks.values() for one in evidence})
    never: dict[str, State] = dict.fromkeys(gpus, "never")
    return {profile: {**never, **states(lock, evidence)} for profile, (lock, evidence) in locks.items()}
