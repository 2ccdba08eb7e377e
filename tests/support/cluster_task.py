"""The task of test_cluster.py, in a module of its own that workers import."""

from __future__ import annotations

import os
import time

from solver.proof.subject import Subject
from solver.proof.verify.one import LockReport


def prove(subject: Subject) -> LockReport:
    """Note each start; the lock called "slow" waits, the first time, to be killed with its worker."""
    with (subject.folder / f"{subject.profile}.runs").open("a") as file:
        file.write(f"{os.getpid()}\n")
    runs = (subject.folder / f"{subject.profile}.runs").read_text().split()
    while subject.profile == "slow" and len(runs) == 1:
        time.sleep(0.02)
    if subject.profile == "raises":
        raise ValueError("out of luck")
    return LockReport(profile=subject.profile, lock=subject.digest, verdict="imports only", why="x", steps=())
