"""What the two ways of looking for TensorFlow's CUDA libraries share: by recorded facts and by files."""

from __future__ import annotations

from dataclasses import dataclass

from solver.audit.facts import Facts, Provided
from solver.matrix.builds import major, stated
from solver.matrix.rows import Build, Library


@dataclass(frozen=True)
class Search:
    """How TensorFlow's search for its CUDA libraries ends."""

    hidden: tuple[Provided, ...] = ()
    """Brought by the set, but in no folder of the RUNPATH."""
    nowhere: tuple[str, ...] = ()
    """Sonames that nothing brings."""


def library_for(facts: Facts, row: Build, name: str) -> Library | None:
    """The row of a library that TensorFlow opens: of what the set brings, else of what it was built for."""
    cuda = major(stated(row.cuda) or "0")
    brought = facts.libraries(cuda).get(name)
    if brought is not None:
        return brought.library
    built_for = stated(row.cudnn) if name == "cudnn" else None
    return facts.matrices.library(name, cuda, built_for) or facts.matrices.library(name, cuda)
