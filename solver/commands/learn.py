"""matrices learn: the rows that the project's own evidence tells."""

from __future__ import annotations

from pathlib import Path

from solver.commands.project import locks_dir, own_matrices
from solver.commands.subject import as_subject
from solver.core.errors import BadInput
from solver.lock.folder import lock_folders, read_folder
from solver.matrix.rows import Verified
from solver.proof.evidence import Evidence
from solver.proof.evidence_files import AGAIN, evidence_of
from solver.proof.learn import write_verified


def learn(root: Path) -> tuple[Path, tuple[Verified, ...]]:
    """Write the rows of all evidence of the project in ``root``: the file, and its rows.

    No committed lock is changed by it. Raises ``BadInput`` for a file that is no evidence.
    """
    file = own_matrices(root) / "verified.yaml"
    evidence: list[Evidence] = []
    for folder in lock_folders(locks_dir(root)):
        good, odd = evidence_of(as_subject(read_folder(folder)))
        if odd:
            raise BadInput(odd[0], file=folder / "evidence", fix=AGAIN)
        evidence += good
    return file, write_verified(evidence, file)
