"""What follows from the asks without any search: which identifiers must be there, and as what.

resolvelib finds solutions fast and proves their absence slowly: it tries everything below
the last decision first. Most requests that are impossible are so for a plain reason, though:
something that must be there leaves no candidate to something else that must be there. This
module finds such reasons, and narrows what resolvelib has to try.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from solver.solve.space.terms import Ask, Candidate, Space, positions

AsksOf = Callable[[Candidate], Iterable[Ask]]
Forbids = Callable[[str], bool]


class Narrowing:
    """Masks of what may still be chosen, for every identifier that must be there.

    ``possible`` turns False as soon as one of them has no candidate left; then the
    problem has no solution. True proves nothing.
    """

    def __init__(self, space: Space, asks_of: AsksOf | None = None) -> None:
        self._space, self._asks_of = space, asks_of or space.asks
        self.allowed: dict[str, int] = {}
        self.possible = True
        self._dependents: dict[str, set[str]] = defaultdict(set)

    # Arc consistency (AC-3): a candidate stays only while every ask of it leaves its target something, and a target
    # keeps only what some candidate of each that must be there admits. What must be there is what every candidate
    # that is left asks for; that is why one surviving candidate can pull in a whole chain.

    def copy(self) -> Narrowing:
        """An independent continuation of this one."""
        other = Narrowing(self._space, self._asks_of)
        other.allowed, other.possible = dict(self.allowed), self.possible
        other._dependents = defaultdict(set, {key: set(value) for key, value in self._dependents.items()})
        return other

    def add(self, asks: Iterable[Ask], forbids: Forbids | None = None) -> bool:
        """Take in further asks, and that ``forbids`` names identifiers with no candidate."""
        changed = set()
        for ask in asks:
            if self._narrow(ask.ident, ask.mask):
                changed.add(ask.ident)
        if forbids is not None:
            # What is forbidden now may be what anything known leans on, so all of it is looked at again.
            changed |= set(self.allowed)
        self._run(changed, forbids or (lambda _: False))
        return self.possible

    def _narrow(self, ident: str, mask: int) -> bool:
        """Whether ``mask`` takes anything away from ``ident``, or makes it needed."""
        known = ident in self.allowed
        before = self.allowed[ident] if known else (1 << len(self._space.candidates(ident))) - 1
        after = self.allowed[ident] = before & mask
        if not after:
            self.possible = False
        return after != before or not known

    def _run(self, changed: set[str], forbids: Forbids) -> None:
        # Sorted, since the order decides which contradiction is met first, and the same facts must tell the same.
        queue = sorted(changed)
        for ident in changed:
            queue += sorted(self._dependents[ident] - changed)
        waiting = set(queue)
        while queue and self.possible:
            ident = queue.pop()
            waiting.discard(ident)
            for other in self._revise(ident, forbids):
                for touched in (other, *sorted(self._dependents[other])):
                    if touched in self.allowed and touched not in waiting:
                        waiting.add(touched)
                        queue.append(touched)

    def _revise(self, ident: str, forbids: Forbids) -> list[str]:
        """Drop candidates of ``ident`` that cannot be met; returns the identifiers that got narrower."""
        if forbids(ident):
            self.allowed[ident] = 0
            self.possible = False
            return []
        keep, count = 0, 0
        unions: dict[str, tuple[int, int]] = {}
        candidates = self._space.candidates(ident)
        for position in positions(self.allowed[ident]):
            masks = self._masks(candidates[position], forbids)
            for target in masks or ():
                self._dependents[target].add(ident)
            if masks is None or not all(self.allowed.get(t, -1) & mask for t, mask in masks.items()):
                continue
            keep |= 1 << position
            count += 1
            for target, mask in masks.items():
                union, times = unions.get(target, (0, 0))
                unions[target] = union | mask, times + 1
        narrowed = [ident] if self._narrow(ident, keep) else []
        if self.possible:
            # Only a target that every candidate asks for is needed for sure, and then as one of their union.
            common = ((target, union) for target, (union, times) in unions.items() if times == count)
            narrowed += [target for target, union in common if self._narrow(target, union)]
        return narrowed

    def _masks(self, candidate: Candidate, forbids: Forbids) -> dict[str, int] | None:
        """The candidate's asks by identifier; None where one of them cannot be met at all."""
        masks: dict[str, int] = {}
        for ask in self._asks_of(candidate):
            masks[ask.ident] = masks.get(ask.ident, -1) & ask.mask
            if not masks[ask.ident] or forbids(ask.ident):
                return None
        return masks
