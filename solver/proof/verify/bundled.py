"""The locks of a bundle, ready to be proved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from solver.core.errors import BadInput
from solver.proof.bundle.manifest import read_manifest
from solver.proof.verify.one import Subject


def subjects(bundle: Path, profiles: Sequence[str] = ()) -> tuple[Subject, ...]:
    """The locks that ``bundle`` carries, all or those named; raises ``BadInput`` for an unknown name."""
    carried = {lock.profile: lock for lock in read_manifest(bundle).locks}
    unknown = [name for name in profiles if name not in carried]
    if unknown:
        names = ", ".join(carried)
        raise BadInput(f"the bundle carries no {unknown[0]}", file=bundle, fix=f"name some of: {names}")
    return tuple(
        Subject(
            profile=lock.profile,
            folder=bundle / lock.folder,
            digest=lock.digest,
            packages=lock.packages,
            gpu=lock.gpu,
            variables=lock.variables,
            relaxed=lock.relaxed,
        )
        for lock in (carried[name] for name in profiles or carried)
    )
