"""The exhaustive search: a proof that does not grow with what has nothing to do with it."""

from __future__ import annotations

from solver.solve.exhaust import exhaust
from solver.solve.propagate import Narrowing
from solver.solve.space.terms import Ask, Candidate

PAIRS, IDLE = 5, 15


class Few:
    """Packages of two versions, and `hard` of forty that each ask for the first ones of a pair.

    Those of a pair ask for different versions of a third, so that they cannot be together.
    """

    def __init__(self, good):
        self.good = good

    def candidates(self, ident):
        return tuple(Candidate(ident, position, str(position)) for position in range(40 if ident == "hard" else 2))

    def asks(self, candidate):
        kind, _, number = candidate.ident.partition("-")
        if kind == "hard" and candidate.position != self.good:
            pair = candidate.position % PAIRS
            return tuple(Ask(f"{side}-{pair}", 1, "the first", "test") for side in ("left", "right"))
        if kind in ("left", "right") and candidate.position == 0:
            return (Ask(f"third-{number}", 1 if kind == "left" else 2, "one of two", "test"),)
        return ()


def searched(good):
    narrowing = Narrowing(Few(good))
    idents = [f"{side}-{pair}" for side in ("left", "right") for pair in range(PAIRS)]
    idents += [f"idle-{number}" for number in range(IDLE)]
    assert narrowing.add([*(Ask(ident, 3, "any", "test") for ident in idents), Ask("hard", 2**40 - 1, "any", "test")])
    return exhaust(narrowing._space, narrowing)


def test_what_no_version_suits_is_proven_although_much_else_is_open():
    assert searched(None) is None


def test_the_one_version_that_suits_is_found():
    assert searched(39)["hard"].version == "39"
