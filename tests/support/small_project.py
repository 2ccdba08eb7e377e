"""A project of a few rows and releases, whose locks can be made, written and compared."""

import dataclasses

from other_platform import record_elsewhere
from search_world import BASE, World, project_of, read_shorthand, request_of

from solver.commands.lock import make_lock, write_lock
from solver.index.snapshot import SnapshotIndex
from solver.index.snapshot_files import write_package
from solver.solve.space.packages import Spaces

FACTS = {
    "matrices": {
        "tensorflow": {"2.20.0": {"cuda": "12.5", "cudnn": "9.3", "opens": ["cudart", "cudnn"], "runpath": []}},
        "torch": {"2.9.1": {"cuda": "12.8", "cudnn": "9.10.2.21"}},
        "rules": {"numpy-1": {"when": {"tensorflow": "<2.21"}, "needs": {"numpy": "<2.1"}, "why": "compiled for it"}},
    },
    "index": {
        "tensorflow": {"2.20.0": ["numpy", "keras"]},
        "torch": {"2.9.1": ["nvidia-cuda-runtime-cu12==12.8.90", "nvidia-cudnn-cu12==9.10.2.21", "numpy"]},
        "numpy": {"2.0.2": [], "2.2.6": []},
        "keras": {"3.1": []},
    },
}
PROFILES = {
    "full": {"python": "3.12"},
    "part": {"variant-of": "full", "frameworks": ["torch"]},
    "base": {"variant-of": "full", "frameworks": []},
}


def project_with(folder, change=None, profiles=PROFILES):
    """A project whose snapshot lies on disk, as a user's does."""
    facts = {kind: {key: dict(value) for key, value in rows.items()} for kind, rows in FACTS.items()}
    if change is not None:
        change(facts)
    world = World().add(read_shorthand(BASE)).add(facts)
    snapshot = SnapshotIndex(folder / "snapshot")
    for name, releases in world.releases.items():
        write_package(snapshot.root, name, "default", "test", releases)
    record_elsewhere(folder)
    project = project_of(world, request_of(profiles, folder), folder)
    return dataclasses.replace(project, index=snapshot, snapshot=snapshot, spaces=Spaces(project.matrices, snapshot))


def made(project, name="full"):
    return make_lock(project, project.profile(name))


def write(project, *names):
    for name in names:
        write_lock(project, made(project, name))
    return project
