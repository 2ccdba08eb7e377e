"""status: how every lock stands, fresh or stale, and on which GPUs it was verified."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Literal

from solver.commands.check import Freshness, check_locks, orphans
from solver.commands.project import Project, built_in_snapshot, open_project, own_snapshot, project_root
from solver.commands.subject import as_subject
from solver.core.answer import Answer, NotKnown
from solver.core.decode import decode
from solver.core.model import Profile, Value
from solver.core.spelling import all_of
from solver.core.yamlfile import load_yaml
from solver.index.days import facts_of, read_days
from solver.lock.folder import is_lock, lock_folders, read_folder
from solver.proof.evidence import Evidence
from solver.proof.evidence_files import evidence_of, nobody_asked
from solver.proof.signature import public_key, unsigned
from solver.proof.states import NEVER, GpuState, State, all_states
from solver.proof.subject import Subject

NEVER_RUN = "never-run.yaml"
_MOST_CHANGES = 4
"""So many changes since a run stand in a note; ``Standing.changed`` has all."""


class NeverRun(Value, frozen=True, kw_only=True):
    """locks/never-run.yaml: why a lock has no evidence, in a person's words."""

    version: Literal[1]
    reasons: dict[str, str]


class Standing(Value, frozen=True, kw_only=True):
    """How the lock of one profile stands."""

    profile: str
    lock: Literal["fresh", "stale", "not known"]
    gpus: dict[str, State]
    """By the name of each GPU that any lock ran on."""
    changed: dict[str, tuple[str, ...]]
    """By GPU what changed in the lock since it ran there, where that is outside of what the run depended on."""
    note: str
    """What to do or to know about it; empty where there is nothing."""


def standings(root: Path, signed_by: Path | None = None) -> tuple[Standing, ...]:
    """One for each profile of the project in ``root``, in the order of the request, then the locks of profiles gone.

    ``signed_by`` is a public key, where only evidence counts that was signed with it.
    """
    project = open_project(root)
    fault = nobody_asked if signed_by is None else partial(unsigned, key=public_key(signed_by))
    evidence, reasons = _evidence(project.locks, fault), _reasons(project)
    states = all_states({name: (lock, good) for name, (lock, good, _) in evidence.items()})
    never = dict.fromkeys(sorted({gpu for gpus in states.values() for gpu in gpus}), NEVER)
    odd = {name: oddities for name, (_, _, oddities) in evidence.items()}
    freshness = check_locks(project, project.request.profiles)
    gone = (_of_no_profile(name, one, states.get(name) or never) for name, one in orphans(project).items())
    return (
        *(
            _standing(
                project,
                profile,
                freshness[profile.name],
                states.get(profile.name) or never,
                reasons,
                odd.get(profile.name, ()),
            )
            for profile in project.request.profiles
        ),
        *gone,
    )


def _of_no_profile(name: str, freshness: Freshness, gpus: dict[str, GpuState]) -> Standing:
    """A lock that nothing makes any more."""
    states = {gpu: one.state for gpu, one in gpus.items()}
    return Standing(profile=name, lock=freshness.word, gpus=states, changed={}, note="; ".join(freshness.reasons))


def facts(root: Path) -> dict[str, date | NotKnown]:
    """By part of the facts that the project in ``root`` has, the day on which it was read."""
    own = own_snapshot(project_root(root))
    return facts_of(read_days(built_in_snapshot()), {} if own is None else read_days(own))


def _evidence(
    locks: Path, fault: Callable[[Path], str | None]
) -> dict[str, tuple[Subject, tuple[Evidence, ...], tuple[str, ...]]]:
    """Every lock below ``locks`` by its name, with its evidence, and what is odd among the files of that."""
    subjects = (as_subject(read_folder(folder)) for folder in lock_folders(locks))
    return {subject.profile: (subject, *evidence_of(subject, fault)) for subject in subjects}


def _reasons(project: Project) -> Mapping[str, str]:
    path = project.locks / NEVER_RUN
    return decode(load_yaml(path), NeverRun).reasons if path.is_file() else {}


def _standing(
    project: Project,
    profile: Profile,
    freshness: Freshness,
    gpus: dict[str, GpuState],
    reasons: Mapping[str, str],
    odd: Sequence[str],
) -> Standing:
    stale = "; ".join(freshness.reasons)
    notes = (
        [f"run `interlock lock {profile.name}`: {stale}" if freshness.answer is Answer.NO else stale] if stale else []
    )
    if all(one is NEVER for one in gpus.values()) and profile.name in reasons:
        notes.append(f"never run: {reasons[profile.name]}")
    changed = {gpu: one.changed for gpu, one in gpus.items() if one.changed}
    notes += [f"since it ran on {gpu}, outside of what the run used: {_some(some)}" for gpu, some in changed.items()]
    notes += odd
    inferred = _inferred(project.locks / profile.name)
    if inferred:
        notes.append(f"{inferred} conda records inferred, until a live channel clears that")
    return Standing(
        profile=profile.name,
        lock=freshness.word,
        gpus={gpu: one.state for gpu, one in gpus.items()},
        changed=changed,
        note="; ".join(notes),
    )


def _some(changes: Sequence[str]) -> str:
    """The first few of many."""
    more = len(changes) - _MOST_CHANGES
    return all_of(changes) if more <= 1 else all_of((*changes[:_MOST_CHANGES], f"{more} more"))


def _inferred(folder: Path) -> int:
    """How many conda records of a lock nobody read from a channel itself."""
    return (read_folder(folder).solution.conda.inferred or 0) if is_lock(folder) else 0
