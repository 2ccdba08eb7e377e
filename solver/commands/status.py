"""How every lock stands: fresh or stale, and on which GPUs it was verified."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from solver.commands.freshness import lock_state
from solver.commands.project import Project, open_project
from solver.core.decode import decode
from solver.core.model import Profile, Value
from solver.core.yamlfile import load_yaml
from solver.lock.read import is_lock, lock_folders, read_folder
from solver.proof.records import read_all
from solver.proof.states import State, all_states

Row = dict[str, Any]
NEVER_RUN = "never-run.yaml"


class NeverRun(Value, frozen=True, kw_only=True):
    """locks/never-run.yaml: why a lock has no evidence, in a person's words."""

    version: Literal[1]
    reasons: dict[str, str]


def standing(root: Path) -> list[Row]:
    """One row a profile: ``profile``, ``lock`` (fresh or stale), ``gpus`` (state by GPU) and a ``note``."""
    project = open_project(root)
    states = gpu_states(project.locks)
    gpus = sorted({gpu for by_gpu in states.values() for gpu in by_gpu})
    never = _reasons(project)
    return [
        _row(project, profile, states.get(profile.name) or dict.fromkeys(gpus, "never"), never)
        for profile in project.request.profiles
    ]


def gpu_states(locks: Path) -> dict[str, dict[str, State]]:
    """State by profile and GPU of every lock below ``locks``."""
    folders = map(read_folder, lock_folders(locks))
    return all_states({lock.name: (lock.digest, read_all(lock.path)) for lock in folders})


def _reasons(project: Project) -> dict[str, str]:
    path = project.locks / NEVER_RUN
    return decode(load_yaml(path), NeverRun).reasons if path.is_file() else {}


def _row(project: Project, profile: Profile, gpus: dict[str, Any], never: dict[str, str]) -> Row:
    stale = lock_state(project, profile.name)
    notes = [f"run `interlock lock {profile.name}`: {'; '.join(stale)}"] if stale else []
    if not any(state in ("verified", "failed", "stale") for state in gpus.values()) and profile.name in never:
        notes.append(f"never run: {never[profile.name]}")
    inferred = _inferred(project.locks / profile.name)
    if inferred:
        notes.append(f"{inferred} conda records inferred, until a live channel clears that")
    return {"profile": profile.name, "lock": "stale" if stale else "fresh", "gpus": gpus, "note": "; ".join(notes)}


def _inferred(folder: Path) -> int:
    """How many conda records of a lock nobody read from a channel itself."""
    count = read_folder(folder).solution.conda.get("inferred", 0) if is_lock(folder) else 0
    return count if isinstance(count, int) else 0


def text_lines(rows: Sequence[Row]) -> Iterator[str]:
    """A line a profile, for a terminal."""
    for row in rows:
        gpus = ", ".join(f"{gpu}: {state}" for gpu, state in row["gpus"].items()) or "never on a GPU"
        yield f"{row['profile']}: {row['lock']}; {gpus}" + (f" ({row['note']})" if row["note"] else "")


def markdown_lines(rows: Sequence[Row]) -> Iterator[str]:
    """The table of the README."""
    gpus = sorted({gpu for row in rows for gpu in row["gpus"]})
    yield "| lock | state | " + "".join(f"{gpu} | " for gpu in gpus) + "note |"
    yield "|---|---|" + "---|" * (len(gpus) + 1)
    for row in rows:
        cells = "".join(f"{row['gpus'].get(gpu, 'never')} | " for gpu in gpus)
        yield f"| {row['profile']} | {row['lock']} | {cells}{row['note']} |"
