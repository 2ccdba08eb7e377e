"""``missing-part``: a package that users and frameworks expect and that nothing asks for any more."""

from __future__ import annotations

from collections.abc import Iterator

from solver.audit.facts import Facts
from solver.audit.rules import breaches
from solver.core.model import Finding

CODE = "missing-part"


def find(facts: Facts) -> Iterator[Finding]:
    """The rules of this code that the set breaks."""
    yield from breaches(facts, CODE)
