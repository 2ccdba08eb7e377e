"""matrices learn reads the evidence beside the locks and writes the project's own rows."""

from __future__ import annotations

import pytest
from standin_lock import evidence_of

from solver.commands.learn import learn
from solver.commands.project import open_matrices
from solver.core.errors import BadInput
from solver.proof.evidence_files import admit


def test_the_evidence_of_the_locks_becomes_rows_of_the_project(root, lock):
    admit(evidence_of(lock), lock.parent)
    file, rows = learn(root)
    assert file == root / "matrices" / "verified.yaml"
    assert [row.id for row in rows] == ["verified-full-py312-nvidia-h200-580.159.04"]
    assert rows[0] in open_matrices(root).verified


def test_nothing_is_learned_of_a_version_that_the_lock_does_not_hold(root, lock):
    packages = {**evidence_of(lock).packages, "torch": "99.0"}
    path = admit(evidence_of(lock, packages=packages), lock.parent)
    with pytest.raises(BadInput) as caught:
        learn(root)
    assert str(caught.value) == (
        f"{path.parent}: {path.name} is no evidence of this lock: its packages are not those of the lock: torch is one "
        "of 1; remove it, or verify the lock again on a GPU"
    )
    assert not (root / "matrices").exists()
