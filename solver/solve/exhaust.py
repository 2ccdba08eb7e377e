"""The last word on "impossible": a search that leaves nothing out.

resolvelib jumps back over decisions that it takes for innocent, and now and then throws a
solution away with them: it keeps only the last conflict of an identifier, not why its other
candidates had gone. What it finds is a solution; that it finds nothing proves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from solver.core.errors import InterlockError
from solver.solve.propagate import Narrowing
from solver.solve.space.terms import Ask, Candidate, Space

MAX_BRANCHES = 50_000
_FIRST_BRANCHES = 100
"""After so many, and twice as many each time, the search begins anew with what it learnt."""


def exhaust(
    space: Space,
    narrowing: Narrowing,
    forbids: Callable[[str], bool] | None = None,
    *,
    branches: int = MAX_BRANCHES,
) -> dict[str, Candidate] | None:
    """Some solution of what ``narrowing`` still admits; None where there is none, which is then proven.

    Each step halves the problem: an identifier is its best candidate, or it is not.
    Raises ``TooManyBranches`` where that takes more than ``branches`` steps.
    """
    # What no version of it suits is learnt by trying them, so whatever failed before is tried early: deep below
    # decisions that have nothing to do with it, its versions would be refused again under each of those. Only a
    # new beginning takes those decisions back.
    failures: Counter[str] = Counter()
    limit = _FIRST_BRANCHES
    while branches > 0:
        with suppress(TooManyBranches):
            return _branch(space, narrowing.copy(), forbids, failures, min(limit, branches))
        branches -= limit
        limit *= 2
    raise TooManyBranches("the search gave up after too many branches; please report this request")


class TooManyBranches(InterlockError):
    """Nothing is proven yet."""


def _branch(
    space: Space,
    narrowing: Narrowing,
    forbids: Callable[[str], bool] | None,
    failures: Counter[str],
    limit: int,
) -> dict[str, Candidate] | None:
    """As ``exhaust``, within ``limit`` steps; ``failures`` counts what failed."""
    # Propagation does the work and branching only what it leaves open: DPLL over masks. The stack instead of
    # recursion, as a deep graph would reach Python's own limit.
    stack = [(narrowing, "")]
    for _ in range(limit):
        if not stack:
            return None
        state, last = stack.pop()
        if not state.possible:
            failures.update((last, *(ident for ident, mask in state.allowed.items() if not mask)))
            continue
        open_ = [
            (mask.bit_count() / (1 + failures[ident]), ident)
            for ident, mask in state.allowed.items()
            if mask & (mask - 1)
        ]
        if not open_:
            return {ident: space.candidates(ident)[mask.bit_length() - 1] for ident, mask in state.allowed.items()}
        # The fewest candidates for each failure first: what fails fails soonest, and both halves narrow most.
        _, ident = min(open_)
        best = state.allowed[ident] & -state.allowed[ident]
        # "Not the best" is one branch for all the others, not one for each: a conflict that does not depend on
        # which of them it is gets proven once. The best is pushed last, so it is tried first.
        other = state.copy()
        other.add([Ask(ident, ~best, "another", "the search")], forbids)
        state.add([Ask(ident, best, "this", "the search")], forbids)
        stack += [(other, ident), (state, ident)]
    raise TooManyBranches("the search of this part is not at its end")
