"""How locks stand on each GPU, by their evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from solver.core.versions import as_version
from solver.proof.evidence import Evidence

State = Literal["verified", "stale", "failed", "never"]


def states(digest: str, evidence: Iterable[Evidence]) -> dict[str, State]:
    """State of a lock per GPU name, from all its evidence; the newest driver speaks for a GPU."""
    by_gpu: dict[str, list[Evidence]] = {}
    for one in evidence:
        by_gpu.setdefault(one.gpu.name, []).append(one)
    answer: dict[str, State] = {}
    for gpu, records in sorted(by_gpu.items()):
        current = [one for one in records if one.lock == digest]
        answer[gpu] = max(current, key=lambda one: as_version(one.driver)).result if current else "stale"
    return answer


def all_states(locks: Mapping[str, tuple[str, tuple[Evidence, ...]]]) -> dict[str, dict[str, State]]:
    """States by profile over all GPUs that any profile ran on; ``never`` where one did not.

    ``locks`` gives each profile its digest and its evidence.
    """
    gpus = sorted({one.gpu.name for _, evidence in locks.values() for one in evidence})
    never: dict[str, State] = dict.fromkeys(gpus, "never")
    return {profile: {**never, **states(digest, evidence)} for profile, (digest, evidence) in locks.items()}
