"""The import rule: every module imports what lies below it, no step imports another, heavy things wait for use."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1] / "solver"
STEPS = ("solve", "closure", "audit", "lock", "probes", "bundle", "verify")
BELOW = {
    # Who may import whom, from the bottom up; what a row does not name is above all of these.
    "model": (),
    "errors": ("model",),
    "yamlfile": ("errors", "model", "yamlerrors"),
    "yamlerrors": ("errors", "model", "yamlfile"),
    "matrix": ("errors", "model", "yamlfile"),
    "target": ("errors", "model", "yamlfile", "matrix"),
    "requesttext": ("errors", "model", "yamlfile", "matrix", "target"),
    "template": ("errors", "model", "yamlfile", "matrix", "target", "requesttext"),
    "profile": ("errors", "model", "yamlfile", "matrix", "target", "requesttext", "template"),
    "request": ("errors", "model", "yamlfile", "matrix", "target", "requesttext", "template", "profile"),
    "manifest": ("errors", "model", "yamlfile"),
    "evidence": ("errors", "model", "yamlfile"),
    "index": ("errors", "model", "yamlfile", "matrix", "target"),
}
LOW = tuple(BELOW)
"""What a step may import beside its own modules."""
ALLOWED = {
    ("verify", "probes"): "verify hands the probes' files to the locked environment and imports only their folder",
}
TRAVELS = ("lock/_loader_hook.py", "lock/_sharing_hook.py", "bundle/offline.py")
"""Scripts that are copied to where nothing of ours is installed."""
HEAVY = ("requests", "rattler", "conda_lock", "elftools", "rich", "distributed", "pip_audit", "torch", "tensorflow")


class Import(NamedTuple):
    """One import statement."""

    module: str
    name: str
    line: int
    typing: bool
    """Below ``if TYPE_CHECKING``."""
    deferred: bool
    """Inside a function."""


def _imports(tree: ast.AST, *, typing: bool = False, deferred: bool = False) -> Iterator[Import]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, "", node.lineno, typing, deferred)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            for alias in node.names:
                yield Import(module, alias.name, node.lineno, typing, deferred)
        else:
            checking = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
            function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports(node, typing=typing or checking, deferred=deferred or function)


MODULES = sorted(ROOT.rglob("*.py"))
IMPORTS = {path: tuple(_imports(ast.parse(path.read_text(encoding="utf-8")))) for path in MODULES}


def part_of(path: Path) -> str:
    """The folder or file directly below solver/ that holds a module."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def ours(path: Path) -> Iterator[tuple[str, Import]]:
    """What a module imports of other parts of the project."""
    for one in IMPORTS[path]:
        package, _, rest = one.module.partition(".")
        if package == "solver":
            # "from solver import errors" names a part, "from solver import __version__" does not.
            part = rest.partition(".")[0] or ("" if one.name.startswith("__") else one.name)
            if part and part != part_of(path):
                yield part, one


@pytest.mark.parametrize("part", BELOW)
def test_the_lower_parts_import_only_what_lies_below_them(part):
    for path in MODULES:
        if part_of(path) == part:
            for other, one in ours(path):
                # errors names a type of model and nothing more.
                assert other in BELOW[part], f"{path.name}:{one.line} imports {other}"
                assert part != "errors" or one.typing


@pytest.mark.parametrize("step", STEPS)
def test_a_step_imports_nothing_but_lower_parts(step):
    used = set()
    for path in MODULES:
        if part_of(path) == step:
            for other, one in ours(path):
                if (step, other) in ALLOWED:
                    used.add((step, other))
                else:
                    assert other in LOW, f"{path.relative_to(ROOT)}:{one.line} imports {other}"
    assert used == {pair for pair in ALLOWED if pair[0] == step}, "an allowance that nothing needs"


def test_probes_run_where_nothing_of_ours_is_installed():
    for path in MODULES:
        if part_of(path) == "probes":
            for one in IMPORTS[path]:
                # The folder is copied there under another name, so its modules name each other by a dot.
                assert one.module.startswith("solver") is False, f"{path.name}:{one.line}"
        else:
            assert all(not one.module.startswith(".") for one in IMPORTS[path]), f"{path.name}: write whole names"


@pytest.mark.parametrize("place", TRAVELS)
def test_what_travels_into_an_environment_or_a_bundle_imports_the_standard_library_only(place):
    for one in IMPORTS[ROOT / place]:
        package = one.module.partition(".")[0]
        # The hooks travel in one wheel, under such names.
        assert package in sys.stdlib_module_names or package.startswith("_interlock_"), f"{place}:{one.line}"


def test_only_the_command_line_imports_the_command_line():
    for path in MODULES:
        if part_of(path) not in ("cli", "__main__"):
            assert all(other != "cli" for other, _ in ours(path)), path


def test_no_module_of_the_index_is_asked_by_a_step():
    """Steps take an ``Index``; which one, only the pages above them know."""
    live = ("solver.index.pypi", "solver.index.layered", "solver.index.snapshot")
    for path in MODULES:
        if part_of(path) in STEPS:
            for one in IMPORTS[path]:
                assert one.module not in live, f"{path.relative_to(ROOT)}:{one.line} imports {one.module}"


def test_heavy_packages_are_imported_where_they_are_used():
    for path in MODULES:
        for one in IMPORTS[path]:
            if one.module.partition(".")[0] in HEAVY and part_of(path) != "probes":
                assert one.typing or one.deferred, f"{path.relative_to(ROOT)}:{one.line} imports {one.module}"


def test_the_library_never_prints_or_exits():
    for path in MODULES:
        if part_of(path) in ("cli", "__main__", "probes") or path.relative_to(ROOT).as_posix() in TRAVELS:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            name = called.id if isinstance(called, ast.Name) else ""
            whole = ast.unparse(called) if called is not None else ""
            assert name not in ("print", "exit", "quit") and whole not in ("sys.exit", "os._exit"), (
                f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)} calls {whole}"
            )


@pytest.mark.parametrize(
    "module", ["solver.pipeline", "solver.audit.run", "solver.cli", "solver.solve.search", "solver.checks"]
)
def test_importing_loads_nothing_heavy(module):
    code = f"import sys, {module}; print(sorted(m for m in {HEAVY!r} if m in sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
    assert not ran.stderr
