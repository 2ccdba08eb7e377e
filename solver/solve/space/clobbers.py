"""Packages that cannot lie side by side, since they write the same files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from solver.core.answer import Answer
from solver.matrix.clobbers import Clobbers, Overlap, is_ruled, specifier_of
from solver.matrix.rows import Clobber, Library
from solver.matrix.rules import condition, demands, forbids
from solver.solve.space.candidates import Candidates
from solver.solve.space.terms import Ask, Candidate, Kind, guard


def clobber_asks(space: Candidates, candidate: Candidate, clobbers: Clobbers) -> Iterator[Ask]:
    """None of the versions of others whose files it would share with them, where no rule keeps them away anyway."""
    for other in clobbers.partners.get(candidate.ident, ()):
        masks: dict[tuple[str, str], int] = defaultdict(int)
        rows: dict[str, Clobber | Library] = {}
        ruled_out = _ruled_out(space, candidate, other)
        for beside in space.candidates(other):
            overlap = clobbers.between(candidate.ident, candidate.version, other, beside.version)
            if _is_sure(overlap, candidate, beside, space) and not ruled_out >> beside.position & 1:
                row = overlap.witness
                rows[row.id] = row
                masks[row.id, _beside(overlap, other)] |= 1 << beside.position
        everything = (1 << len(space.candidates(guard(other)))) - 1
        for (row_id, text), mask in sorted(masks.items()):
            yield Ask(guard(other), everything & ~(mask << 1), text, rows[row_id].source, row_id, kind=Kind.NONE_OF)


def _is_sure(overlap: Overlap, candidate: Candidate, beside: Candidate, space: Candidates) -> bool:
    """Whether two write the same files; that others of their versions do is no word of these, where all is doubted."""
    if overlap.answer is not Answer.YES:
        return False
    if overlap.compared or overlap.library is not None or not space.scope.doubtful:
        return True
    versions = {one.ident: one.version for one in (candidate, beside)}
    return is_ruled(space.matrices.rules, versions, space.scope.place)


def _beside(overlap: Overlap, other: str) -> str:
    if overlap.library is not None:
        return f"no {other} beside it, which writes {overlap.paths[0]} too"
    if overlap.compared:
        return f"no {other}{specifier_of(overlap.clobbering[0], other)} beside it, which writes the same files"
    return f"no {other} beside it, which wrote the same files in every pair of versions that was compared"


def _ruled_out(space: Candidates, candidate: Candidate, other: str) -> int:
    """The versions of ``other`` that hard rules keep away from ``candidate``, and tell more of than rows do."""
    name, mask = candidate.ident, 0
    for rule in space.scope.rules_of(name, candidate.version):
        if other in demands(rule):
            mask |= space.mask(other, "") & ~_needed(space, other, demands(rule)[other])
    for rule in space.scope.hard_rules.get(other, ()):
        if name in demands(rule) and not _needed(space, name, demands(rule)[name]) >> candidate.position & 1:
            mask |= space.mask(other, condition(rule, other))
    return mask


def _needed(space: Candidates, name: str, specifier: str) -> int:
    return 0 if forbids(specifier) else space.mask(name, specifier)
