"""A None means one definite thing, which the field says: what nobody read or recorded is NOT_KNOWN, and never None."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "solver"
FOREIGN = ("Foreign", "Hyphened")
"""The bases of what other tools' files are made of, which say for all of them that None is a key that is not there."""


def _may_be_none(annotation: ast.expr) -> bool:
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        return _may_be_none(annotation.left) or _may_be_none(annotation.right)
    return isinstance(annotation, ast.Constant) and annotation.value is None


def _names_none(text: str | None) -> bool:
    return text is not None and "None" in text


def _docstring(below: ast.stmt | None) -> str | None:
    """The text that stands below a field; None where no text does."""
    is_text = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
    return str(below.value.value) if is_text else None


def untold(tree: ast.Module) -> Iterator[str]:
    """The fields that may be None and say nowhere what that means: neither below them nor in the class."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef) or _names_none(ast.get_docstring(node)):
            continue
        if any(isinstance(base, ast.Name) and base.id in FOREIGN for base in node.bases):
            continue
        for field, below in zip(node.body, [*node.body[1:], None], strict=True):
            if (
                isinstance(field, ast.AnnAssign)
                and _may_be_none(field.annotation)
                and not _names_none(_docstring(below))
            ):
                yield f"{node.name}.{ast.unparse(field.target)}"


def untold_answers(tree: ast.Module) -> Iterator[str]:
    """The functions for others that may answer None and do not say what that means."""
    methods = (one for node in tree.body if isinstance(node, ast.ClassDef) for one in node.body)
    for node in (*tree.body, *methods):
        if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
            continue
        may_be = isinstance(node.returns, ast.BinOp) and _may_be_none(node.returns)
        if may_be and not _names_none(ast.get_docstring(node)):
            yield node.name


def test_each_function_that_may_answer_none_says_what_that_means():
    assert [
        f"{path.relative_to(ROOT).as_posix()}: {function}"
        for path in sorted(ROOT.rglob("*.py"))
        for function in untold_answers(ast.parse(path.read_text(encoding="utf-8")))
    ] == []


@pytest.mark.parametrize(
    ("code", "functions"),
    [
        ("def a() -> int | None: ...", ["a"]),
        ('def a() -> int | None:\n    """How many."""', ["a"]),
        ('def a() -> int | None:\n    """How many; None: any."""', []),
        ("class A:\n    def a(self) -> int | NotKnown | None: ...", ["a"]),
        ("def _a() -> int | None: ...", []),
        ("def a() -> None: ...", []),
    ],
)
def test_what_a_function_does_not_say_is_seen(code, functions):
    assert list(untold_answers(ast.parse(code))) == functions


def test_each_field_that_may_be_none_says_what_that_means():
    assert [
        f"{path.relative_to(ROOT).as_posix()}: {field}"
        for path in sorted(ROOT.rglob("*.py"))
        for field in untold(ast.parse(path.read_text(encoding="utf-8")))
    ] == []


def test_the_bases_of_what_other_tools_write_say_it_for_all_of_them():
    tree = ast.parse((ROOT / "audit/readers/foreign.py").read_text(encoding="utf-8"))
    said = {node.name: ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    assert all(_names_none(said[base]) for base in FOREIGN)


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("class A:\n    a: int | None", ["A.a"]),
        ("class A:\n    a: int | NotKnown | None = None\n    b: int", ["A.a"]),
        ('class A:\n    a: int | None\n    """How many."""', ["A.a"]),
        ('class A:\n    a: int | None\n    """None: any."""', []),
        ('class A:\n    """None: any."""\n    a: int | None', []),
        ("class A:\n    a: tuple[int | None, ...]", []),
        ("class A(Foreign):\n    a: int | None", []),
    ],
)
def test_what_a_field_does_not_say_is_seen(code, fields):
    assert list(untold(ast.parse(code))) == fields
