"""Spaces made once: many searches over the same facts share what was looked up."""

from __future__ import annotations

from solver.core.model import Profile
from solver.index import Index
from solver.matrix.load import Matrices
from solver.solve.space.packages import PackageSpace


class Spaces:
    """One ``PackageSpace`` for each python, target and choice of indexes; no answer is kept, only facts."""

    def __init__(self, matrices: Matrices, index: Index) -> None:
        self.matrices, self.index = matrices, index
        self._made: dict[tuple[object, ...], PackageSpace] = {}

    def get(self, profile: Profile, python: str, *, lockable_only: bool) -> PackageSpace:
        """The space in which ``profile`` is searched on ``python``."""
        guarded = frozenset(profile.constraints)
        key = (python, profile.indexes, profile.target, profile.cuda == "none", profile.exclude_newer, lockable_only)
        made = self._made.get((*key, guarded))
        if made is None:
            made = PackageSpace(
                profile, python, self.matrices, self.index, lockable_only=lockable_only, guarded=guarded
            )
            self._made[*key, guarded] = made
        return made
