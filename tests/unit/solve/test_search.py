"""exclude-newer: files of later days count as absent."""

from __future__ import annotations

import msgspec

from solver.index.snapshot import SnapshotIndex
from solver.matrix.load import load_matrices, matrices_dir
from solver.request.adhoc import ad_hoc
from solver.solve.search import solve
from solver.solve.space.packages import Spaces

PROFILE = msgspec.structs.replace(ad_hoc(["python==3.12"]), exclude_newer="2025-09-30")


def test_nothing_later_is_chosen() -> None:
    solution = solve(PROFILE, Spaces(load_matrices(), SnapshotIndex(matrices_dir() / "snapshot")), lockable_only=True)
    assert max(file.uploaded or "9" for pin in solution.pins for file in pin.files) <= "2025-09-30"
    assert (solution.axes["tensorflow"], solution.axes["torch"]) == ("2.20.0", "2.8.0")
