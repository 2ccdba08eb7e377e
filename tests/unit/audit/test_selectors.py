"""conda's packages that select builds of another one."""

from __future__ import annotations

import pytest

from solver.audit.inputs import read_given
from solver.audit.selectors import selected
from solver.matrix.load import Matrices
from solver.matrix.rows import PackageName

ROWS = Matrices(
    names=(
        PackageName(id="a", source="made up", conda="own-gpu", pypi=None, selects="own", builds="cuda*"),
        PackageName(id="b", source="made up", conda="own-cuda", pypi=None, selects="own", builds="*cuda{version}*"),
    )
)


@pytest.mark.parametrize(
    ("lines", "packages"),
    [
        (["own=2.1", "own-cuda=12.4"], [("own", "2.1", "*cuda12.4*"), ("own-cuda", "12.4", None)]),
        (["own", "own-gpu=2.1"], [("own", "2.1", "cuda*"), ("own-gpu", "2.1", None)]),
        (["own-gpu=2.1"], [("own-gpu", "2.1", None), ("own", "2.1", "cuda*")]),
        (["own-cuda=12.4"], [("own-cuda", "12.4", None)]),
        (["own=2.1=cpu*", "own-gpu=2.1"], [("own", "2.1", "cpu*"), ("own-gpu", "2.1", None)]),
    ],
)
def test_builds_are_selected_where_the_set_leaves_them_open(lines, packages, tmp_path):
    text = "dependencies:\n" + "".join(f"  - {line}\n" for line in lines)
    every = selected(read_given(text, "environment.yml", tmp_path), ROWS).packages
    assert [(one.conda, one.version, one.build_pattern) for one in every] == packages
