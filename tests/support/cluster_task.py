"""The task of test_cluster.py, in a module of its own that workers import."""

from __future__ import annotations

import os
import signal

from solver.proof.subject import Subject
from solver.proof.verify.one import LockReport


def prove(subject: Subject) -> LockReport:
    """Note each start; the lock called "deadly" kills its worker the first time."""
    with (subject.folder / f"{subject.profile}.runs").open("a") as file:
        file.write(f"{os.getpid()}\n")
    runs = (subject.folder / f"{subject.profile}.runs").read_text().split()
    if subject.profile == "deadly" and len(runs) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    if subject.profile == "raises":
        raise ValueError("out of luck")
    return LockReport(profile=subject.profile, lock=subject.digest, verdict="imports only", why="x", steps=())
