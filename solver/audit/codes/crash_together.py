"""``crash-together``: sets and import orders that were seen to abort, crash or hang in one process."""

from __future__ import annotations

from collections.abc import Iterator

from solver.audit.facts import Facts
from solver.audit.rules import breaches
from solver.core.model import Finding

CODE = "crash-together"


def find(facts: Facts) -> Iterator[Finding]:
    """The rules of this code that the set breaks."""
    yield from breaches(facts, CODE)
