"""What a row means is answered in matrix/: elsewhere only such of its fields are read as say which row it is.

Types are inferred as far as annotations, calls and loops tell them, which suffices for how rows are handed about.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec
import pytest

from solver.matrix import rows
from solver.matrix.load import FILES

ROOT = Path(__file__).parents[1] / "solver"
READERS = ("matrix", "refresh")
"""The rooms that read rows: one says what they mean, the other makes them."""
FIELDS = {
    name: {field.name for field in msgspec.structs.fields(kind)}
    for name, kind in inspect.getmembers(rows, inspect.isclass)
    if issubclass(kind, rows.Row)
}
ALWAYS_TOLD = {"id", "source", "derived"}
"""Which row it is and who says so: what every sentence about a row names."""
TOLD = {
    "Build": ({"package", "version", "platform", "index"}, "which build it is of"),
    "CondaBuild": ({"package", "version"}, "which build it is of"),
    "CudaToolkit": ({"cuda"}, "which toolkit it is of"),
    "CudaFamily": ({"major"}, "which family it is of"),
    "Library": ({"library", "distribution"}, "which library it is, and who brings it"),
    "Rule": (
        {"code", "severity", "why", "cure", "seen", "healed"},
        "sentences that are told, under a code and a severity",
    ),
    "Clobber": ({"shared", "different"}, "numbers that are told"),
    "CondaTrap": ({"package", "match", "refuse", "why"}, "a MatchSpec, which only channels can answer"),
    "ImportName": ({"module", "pypi"}, "two names of one thing"),
    "InteropPackages": ({"packages"}, "requirements, as a request has them"),
    "Observation": ({"packages", "seen"}, "what was seen, and of what"),
    "Verified": ({"packages", "gpu", "driver"}, "what ran, and where"),
}
"""The fields of rows that may be read anywhere, with the reason."""


def _kinds_in(annotation: ast.expr | None) -> frozenset[str]:
    """The kinds of rows that an annotation names, alone or in a container."""
    words = re.findall(r"\w+", ast.unparse(annotation)) if annotation is not None else []
    return frozenset(words) & FIELDS.keys()


TREES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in ROOT.rglob("*.py")}


def _definitions() -> Iterator[tuple[str, frozenset[str]]]:
    """The functions and the annotated attributes, each with the kinds of rows that it gives or holds."""
    for node in (node for tree in TREES.values() for node in ast.walk(tree)):
        if isinstance(node, ast.FunctionDef):
            yield node.name, _kinds_in(node.returns)
        elif isinstance(node, ast.ClassDef):
            for field in node.body:
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    yield field.target.id, _kinds_in(field.annotation)


def _known() -> dict[str, frozenset[str]]:
    """By name, the kinds that whatever has that name gives or holds; of a name of several things only what is alike."""
    known: dict[str, list[frozenset[str]]] = defaultdict(list)
    for name, kinds in _definitions():
        known[name].append(kinds)
    return {name: frozenset().union(*several) for name, several in known.items() if all(several) or name == _ROW}


_ROW = "row"
"""An attribute that holds a row or the id of one: nobody reads a field of an id."""
KNOWN = _known()
OF_MATRICES = {attribute: frozenset({kind.__name__}) for attribute, kind in FILES.values()} | {
    name: _kinds_in(node.returns)
    for name, node in (
        (node.name, node) for node in ast.walk(TREES["matrix/load.py"]) if isinstance(node, ast.FunctionDef)
    )
}
"""What ``Matrices`` gives under each of its names, whatever else has that name elsewhere."""


_PASSING = ("next", "sorted", "min", "max", "tuple", "list", "of_this")
_COMPREHENSIONS = (ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)
_HOLDING = ("values", "items", "get")


class Scope:
    """The names of a function, a comprehension or a module's top, and the kinds of rows that they are bound to."""

    def __init__(self, node: ast.AST, outer: Mapping[str, frozenset[str]] | None = None) -> None:
        self.nodes, self.inner = [], []
        self._gather(node)
        self.names: dict[str, frozenset[str]] = defaultdict(frozenset, outer or {})
        for argument in (one for one in self.nodes if isinstance(one, ast.arg)):
            self.names[argument.arg] = _kinds_in(argument.annotation)
        bindings = [
            (name.id, value)
            for target, value in _bindings(self.nodes)
            for name in ast.walk(target)
            if isinstance(name, ast.Name)
        ]
        first = {name: self.kinds_of(value) for name, value in reversed(bindings)}
        self.names.update(first)
        before = -1
        while before != (before := sum(map(len, self.names.values()))):
            for name, value in bindings:
                self.names[name] |= self.kinds_of(value)

    def _gather(self, node: ast.AST) -> None:
        """The nodes that are no comprehension's own, whose names are its own too."""
        self.nodes.append(node)
        for one in ast.iter_child_nodes(node):
            if isinstance(one, _COMPREHENSIONS):
                self.inner.append(one)
            else:
                self._gather(one)

    def _named(self, node: ast.expr) -> frozenset[str]:
        """The kinds that a name alone tells: of a function, a property or an attribute."""
        if isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith("matrices"):
            return OF_MATRICES.get(node.attr, frozenset())
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
        return KNOWN.get(name, frozenset())

    def kinds_of(self, node: ast.expr) -> frozenset[str]:
        """The kinds of rows that an expression is one of, or holds."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id, frozenset())
        if isinstance(node, ast.Attribute):
            # What a row itself holds are no rows.
            return frozenset() if self.kinds_of(node.value) else self._named(node)
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            given = node.args if name in _PASSING else []
            held = self.kinds_of(node.func.value) if isinstance(node.func, ast.Attribute) and name in _HOLDING else ()
            return self._named(node.func).union(FIELDS.keys() & {name}, held, *map(self.kinds_of, given))
        if isinstance(node, ast.GeneratorExp | ast.ListComp | ast.SetComp):
            return Scope(node, self.names).kinds_of(node.elt)
        if isinstance(node, ast.DictComp):
            return Scope(node, self.names).kinds_of(node.value)
        if isinstance(node, ast.Subscript | ast.Starred):
            return self.kinds_of(node.value)
        if isinstance(node, ast.BoolOp | ast.Tuple | ast.List):
            parts = node.values if isinstance(node, ast.BoolOp) else node.elts
            return frozenset().union(*map(self.kinds_of, parts))
        if isinstance(node, ast.IfExp):
            return self.kinds_of(node.body) | self.kinds_of(node.orelse)
        return frozenset()

    def reads(self) -> Iterator[tuple[int, str, str]]:
        """Line, kind and field of what is read of a row."""
        for node in self.nodes:
            kinds = self.kinds_of(node.value) if isinstance(node, ast.Attribute) else frozenset()
            yield from ((node.lineno, kind, node.attr) for kind in kinds if node.attr in FIELDS[kind])
        for comprehension in self.inner:
            yield from Scope(comprehension, self.names).reads()


def _bindings(nodes: Iterable[ast.AST]) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What is bound to what: by assignments, loops and comprehensions."""
    for one in nodes:
        if isinstance(one, ast.Assign):
            yield from ((target, one.value) for target in one.targets)
        elif isinstance(one, ast.NamedExpr | ast.AnnAssign) and one.value is not None:
            yield one.target, one.value
        elif isinstance(one, ast.For | ast.comprehension):
            yield one.target, one.iter


def _scopes(tree: ast.Module) -> Iterator[ast.AST]:
    for node in tree.body:
        methods = (
            [one for one in node.body if isinstance(one, ast.FunctionDef)] if isinstance(node, ast.ClassDef) else []
        )
        yield from methods or [node]


def reads(tree: ast.Module) -> set[tuple[int, str, str]]:
    """Line, kind and field of what a module reads of rows."""
    return {read for scope in _scopes(tree) for read in Scope(scope).reads()}


@pytest.fixture(scope="module")
def every_read():
    return {name: reads(tree) for name, tree in TREES.items() if name.partition("/")[0] not in READERS}


def test_what_a_row_means_is_asked_of_matrix(every_read):
    answered = {
        f"{name}:{line} reads {kind}.{field}"
        for name, found in every_read.items()
        for line, kind, field in found
        if field not in ALWAYS_TOLD | TOLD.get(kind, (set(), ""))[0]
    }
    assert answered == set()


def test_each_field_that_may_be_told_is_told_somewhere(every_read):
    told = {(kind, field) for found in every_read.values() for _, kind, field in found}
    assert {(kind, field) for kind, (fields, _) in TOLD.items() for field in fields} - told == set()


@pytest.mark.parametrize(
    ("code", "field"),
    [
        ("def f(row: Build): return row.cuda", "cuda"),
        ("def f(matrices): return [row.sm for row in matrices.builds]", "sm"),
        ("def f(matrices):\n    row = matrices.build('torch', '2', 'linux-64')\n    return row.opens", "opens"),
        ("def f(b: BuiltPackage): return b.row.runpath", "runpath"),
        ("def f(matrices):\n    for row in matrices.builds_of('torch'):\n        if row.python: pass", "python"),
    ],
)
def test_a_field_that_is_read_elsewhere_is_seen(code, field):
    assert {(kind, one) for _, kind, one in reads(ast.parse(code))} == {("Build", field)}
