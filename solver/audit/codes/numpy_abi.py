"""``numpy-abi``: extension modules built for numpy 1 meet numpy 2. Rows tell which were seen to fail."""

from __future__ import annotations

from collections.abc import Iterator

from solver.audit.facts import Facts
from solver.audit.rules import breaches
from solver.core.model import Finding

CODE = "numpy-abi"


def find(facts: Facts) -> Iterator[Finding]:
    """The rules of this code that the set breaks."""
    yield from breaches(facts, CODE)
