"""Functions stay short: a reader sees each whole."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1] / "solver"
LONGEST = 60
SHORT = 25
"""Lines; nine of ten functions have no more."""


def _sizes() -> dict[str, int]:
    return {
        f"{path.relative_to(ROOT).as_posix()}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_no_function_is_long_and_most_are_short():
    sizes = _sizes()
    assert len(sizes) > 1000
    assert {name: size for name, size in sizes.items() if size > LONGEST} == {}
    assert sum(size <= SHORT for size in sizes.values()) >= 0.9 * len(sizes)
