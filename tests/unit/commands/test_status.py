"""On which GPUs the locks of a project were verified."""

from __future__ import annotations

from standin_lock import evidence_of

from solver.commands.status import gpu_states
from solver.proof.records import admit


def test_evidence_stands_as_long_as_what_is_installed_is_the_same(lock):
    assert gpu_states(lock.parent) == {"full-py312": {}}
    admit(evidence_of(lock), lock.parent)
    # Evidence and pylock.toml are no part of what is installed, so the lock is the same.
    (lock / "pylock.toml").touch()
    assert gpu_states(lock.parent) == {"full-py312": {"NVIDIA H200": "verified"}}
    with (lock / "requirements.txt").open("a") as file:
        file.write("# changed\n")
    assert gpu_states(lock.parent) == {"full-py312": {"NVIDIA H200": "stale"}}
