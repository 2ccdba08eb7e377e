"""matrices learn: the rows that the project's own evidence tells."""

from __future__ import annotations

from pathlib import Path

from solver.commands.project import locks_dir, own_matrices
from solver.matrix.rows import Verified
from solver.proof.learn import learn as learn_rows


def learn(root: Path) -> tuple[Path, tuple[Verified, ...]]:
    """Write the rows of all evidence of the project in ``root``: the file, and its rows.

    No committed lock is changed by it. Raises ``BadInput`` for a file that is no evidence.
    """
    file = own_matrices(root) / "verified.yaml"
    return file, learn_rows(locks_dir(root), file)
