"""Who proves: what another run goes by whether an earlier one's results are its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import solver
from solver.core.model import Digest


def prover_digest(rows: Iterable[Path]) -> Digest:
    """The digest of interlock's own code and of the rows in the folders ``rows``: probes, audit and predictions."""
    digest = hashlib.sha256()
    folders = [(Path(solver.__file__).parent, "**/*.py"), *((folder, "*.yaml") for folder in rows)]
    for folder, pattern in folders:
        for file in sorted(folder.glob(pattern)):
            digest.update(f"{file.relative_to(folder).as_posix()}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return Digest(digest.hexdigest())
