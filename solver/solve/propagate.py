"""What follows from the asks without any search: which identifiers must be there, and as what.

resolvelib finds solutions fast and proves their absence slowly: it tries everything below
the last decision first. Most requests that are impossible are so for a plain reason, though:
something that must be there leaves no candidate to something else that must be there. This
module finds such reasons, and narrows what resolvelib has to try.
"""

from __future__ import annotations

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
        self._dependents: dict[str, frozenset[str]] = {}
        """By target, the identifiers of which some candidate asks for it."""
        self._known: set[str] = set()
        """Identifiers whose candidates' targets are in ``_dependents``."""
        self._merged: dict[Candidate, dict[str, int] | None] = {}

    # Arc consistency (AC-3): a candidate stays only while every ask of it leaves its target something, and a target
    # keeps only what some candidate of each that must be there admits. What must be there is what every candidate
    # that is left asks for; that is why one surviving candidate can pull in a whole chain.

    def copy(self) -> Narrowing:
        """An independent continuation of this one."""
        other = Narrowing(self._space, self._asks_of)
        other.allowed, other.possible = dict(self.allowed), self.possible
        other._dependents, other._known = dict(self._dependents), set(self._known)
        other._merged = self._merged  # it says of candidates what is true in every continuation
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
        self._run(changed, forbids)
        return self.possible

    def _narrow(self, ident: str, mask: int) -> bool:
        """Whether ``mask`` takes anything away from ``ident``, or makes it needed."""
        before = self.allowed.get(ident)
        if before is None:
            after = self.allowed[ident] = (1 << len(self._space.candidates(ident))) - 1 & mask
        else:
            after = self.allowed[ident] = before & mask
        if not after:
            self.possible = False
        return after != before

    def _run(self, changed: set[str], forbids: Forbids | None) -> None:
        # Sorted, since the order decides which contradiction is met first, and the same facts must tell the same.
        queue = sorted(changed)
        for ident in changed:
            queue += sorted(self._dependents.get(ident, frozenset()) - changed)
        waiting = set(queue)
        while queue and self.possible:
            ident = queue.pop()
            waiting.discard(ident)
            for other in self._revise(ident, forbids):
                for touched in (other, *sorted(self._dependents.get(other, ()))):
                    if touched in self.allowed and touched not in waiting:
                        waiting.add(touched)
                        queue.append(touched)

    def _revise(self, ident: str, forbids: Forbids | None) -> list[str]:
        """Drop candidates of ``ident`` that cannot be met; returns the identifiers that got narrower."""
        if forbids is not None and forbids(ident):
            self.allowed[ident] = 0
            self.possible = False
            return []
        self._know(ident)
        keep, unions = 0, None
        candidates = self._space.candidates(ident)
        for position in positions(self.allowed[ident]):
            masks = self._masks(candidates[position])
            if masks is None or not self._can_be_met(masks, forbids):
                continue
            keep |= 1 << position
            # Only a target that every candidate asks for is needed for sure, and then as one of their union.
            unions = (
                dict(masks)
                if unions is None
                else {target: union | masks[target] for target, union in unions.items() if target in masks}
            )
        narrowed = [ident] if self._narrow(ident, keep) else []
        if self.possible and unions:
            narrowed += [target for target, union in unions.items() if self._narrow(target, union)]
        return narrowed

    def _know(self, ident: str) -> None:
        """Whom to look at again where one of the targets of ``ident`` gets narrower."""
        if ident in self._known:  # fewer candidates have no other targets
            return
        self._known.add(ident)
        candidates = self._space.candidates(ident)
        for position in positions(self.allowed[ident]):
            for target in self._masks(candidates[position]) or ():
                known = self._dependents.get(target, frozenset())
                if ident not in known:
                    self._dependents[target] = known | {ident}

    def _can_be_met(self, masks: dict[str, int], forbids: Forbids | None) -> bool:
        allowed = self.allowed
        for target, mask in masks.items():
            if not allowed.get(target, -1) & mask or (forbids is not None and forbids(target)):
                return False
        return True

    def _masks(self, candidate: Candidate) -> dict[str, int] | None:
        """The candidate's asks by identifier; None where one of them cannot be met at all."""
        if candidate not in self._merged:
            self._merged[candidate] = _merged(self._asks_of(candidate))
        return self._merged[candidate]


def _merged(asks: Iterable[Ask]) -> dict[str, int] | None:
    masks: dict[str, int] = {}
    for ask in asks:
        masks[ask.ident] = masks.get(ask.ident, -1) & ask.mask
        if not masks[ask.ident]:
            return None
    return masks
