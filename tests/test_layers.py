"""The import rule: every module imports what lies below it, no step imports another, heavy things wait for use."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

from solver.audit.run import CODES
from solver.core.axes import AXES
from solver.core.frameworks import FRAMEWORKS
from solver.core.indexes import CPU_FLAVOUR, INDEXES
from solver.matrix.load import load_matrices
from solver.matrix.rows import CUDNN

ROOT = Path(__file__).parents[1] / "solver"
FLOORS = (
    ("core",),
    ("matrix", "index"),
    ("request", "solve", "audit", "lock", "proof", "refresh"),
    ("commands",),
    ("cli",),
    ("__main__",),
)
"""Every room, from the ground up: a room imports what lies below its floor, and no room of its own floor."""
BELOW = {
    room: frozenset(other for floor in FLOORS[:level] for other in floor)
    for level, rooms in enumerate(FLOORS)
    for room in rooms
}
STEPS = FLOORS[2]
BELOW["cli"] = frozenset({"core", "commands"})
BELOW["__main__"] = frozenset({"cli"})
PRINTED = {
    "solver.audit.checked": "how an audit says where it found nothing",
    "solver.audit.readers.parts": "the choice among the sets of a file, as options make it",
    "solver.audit.report": "findings as lines and as JSON",
    "solver.index.days": "how old facts are, in words",
    "solver.index.layered": "what an index was asked, told while a command runs",
    "solver.matrix.libraries": "the name of our loader",
    "solver.proof.prediction": "what is foretold of a lock, for the table of several GPUs",
    "solver.proof.verify.report": "the table of a verification",
}
"""What the command line imports beside commands/ and core/: values to print, and the words and forms for them."""
TRAVELS = (
    "lock/loader/_loader_hook.py",
    "lock/loader/_report.py",
    "lock/loader/_sharing_hook.py",
    "lock/loader/_symbols_hook.py",
    "proof/bundle/offline.py",
)
"""Scripts that are copied to where nothing of ours is installed."""
HEAVY = (
    "requests",
    "cachecontrol",
    "rattler",
    "conda_lock",
    "elftools",
    "pynvml",
    "rich",
    "distributed",
    "pip_audit",
    "torch",
    "tensorflow",
)


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


def test_the_table_names_every_room_and_no_other():
    assert {part_of(path) for path in MODULES} == {*BELOW, "__init__"}


def test_no_module_lies_loose_beside_the_rooms():
    assert {path.name for path in ROOT.glob("*.py")} == {"__init__.py", "__main__.py"}


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")


def test_no_modules_import_each_other_types_included():
    names = {_dotted(path) for path in MODULES}
    needs = {
        # "from solver.core import errors" names a module, "from solver.core.errors import BadInput" what is in one.
        _dotted(path): {f"{one.module}.{one.name}" for one in IMPORTS[path]} & names
        | {one.module for one in IMPORTS[path] if f"{one.module}.{one.name}" not in names} & names
        for path in MODULES
    }
    assert set(TopologicalSorter(needs).static_order()) == names


@pytest.mark.parametrize("room", BELOW)
def test_a_room_imports_only_what_lies_below_it(room):
    used = set()
    for path in MODULES:
        if part_of(path) == room:
            for other, one in ours(path):
                if room == "cli" and one.module in PRINTED:
                    used.add(one.module)
                else:
                    assert other in BELOW[room], f"{path.relative_to(ROOT)}:{one.line} imports {other}"
    assert used == (set(PRINTED) if room == "cli" else set()), "an allowance that nothing needs"


def test_probes_run_where_nothing_of_ours_is_installed():
    for path in MODULES:
        if "probes" in path.parts:
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
    """Steps take an ``Index``; which one, only the pages above them know. Refreshing is writing the snapshot."""
    live = ("solver.index.pypi", "solver.index.layered", "solver.index.snapshot")
    for path in MODULES:
        if part_of(path) in STEPS and part_of(path) != "refresh":
            for one in IMPORTS[path]:
                assert one.module not in live, f"{path.relative_to(ROOT)}:{one.line} imports {one.module}"


def test_heavy_packages_are_imported_where_they_are_used():
    for path in MODULES:
        for one in IMPORTS[path]:
            if one.module.partition(".")[0] in HEAVY and "probes" not in path.parts:
                assert one.typing or one.deferred, f"{path.relative_to(ROOT)}:{one.line} imports {one.module}"


def test_own_modules_are_imported_at_the_top():
    for path in MODULES:
        for one in IMPORTS[path]:
            if one.module.startswith(("solver", ".")) and one.deferred:
                pytest.fail(f"{path.relative_to(ROOT)}:{one.line} imports {one.module} inside a function")


def _types(tree: ast.Module) -> Iterator[str]:
    """The classes and aliases of types that a module defines for others."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign) and isinstance(node.value, (ast.Subscript, ast.BinOp, ast.Call)):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def test_no_two_modules_call_two_types_by_one_name():
    homes: dict[str, list[str]] = {}
    for path in MODULES:
        for name in _types(ast.parse(path.read_text(encoding="utf-8"))):
            if name[:1].isupper() and not name.isupper() and path.name not in {Path(one).name for one in TRAVELS}:
                homes.setdefault(name, []).append(path.relative_to(ROOT).as_posix())
    assert {name: places for name, places in homes.items() if len(places) > 1} == {}


def test_no_two_modules_call_two_functions_by_one_name():
    """Beside the doors: ``find`` of each code of the audit, and the command line, whose functions are the commands."""
    homes: dict[str, list[str]] = {}
    for path in MODULES:
        place = path.relative_to(ROOT).as_posix()
        if place.startswith(("cli/", "proof/probes/")) or place in TRAVELS or path.name == "__main__.py":
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and node.name != "find":
                homes.setdefault(node.name, []).append(place)
    assert {name: places for name, places in homes.items() if len(places) > 1} == {}


_CODES = {module.CODE for module in CODES} | {rule.code for rule in load_matrices().rules}
# A driver and a package are more than the code and the axis of that name.
_WORDS = (_CODES | {*AXES}) - {"driver", "python", "numpy", "protobuf"}
TOLD_BY_TABLES = {*FRAMEWORKS, *INDEXES, "pip-in-conda", CPU_FLAVOUR, CUDNN, *_WORDS}
TELLING = {
    "matrix/conda_builds.py": "reads conda's build strings",
    "proof/probes/torch_checks.py": "runs where no table of ours is",
    "lock/loader/sharing.py": "what each framework reads of gpu_sharing",
    "proof/probes/__main__.py": "runs where no table of ours is",
    "refresh/derive_torch.py": "reads the wheels of torch and its companions",
}
"""Modules that may ask for one entry of a table by its name, each with its reason."""


def test_what_differs_between_entries_of_a_table_is_read_from_the_table():
    compared = {
        path.relative_to(ROOT).as_posix()
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Compare)
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and part.value in TOLD_BY_TABLES
    }
    assert compared == set(TELLING)


def test_the_library_never_prints_or_exits():
    for path in MODULES:
        if (
            part_of(path) in ("cli", "__main__")
            or "probes" in path.parts
            or path.relative_to(ROOT).as_posix() in TRAVELS
        ):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            name = called.id if isinstance(called, ast.Name) else ""
            whole = ast.unparse(called) if called is not None else ""
            assert name not in ("print", "exit", "quit") and whole not in ("sys.exit", "os._exit"), (
                f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)} calls {whole}"
            )


@pytest.mark.parametrize(
    "module",
    [
        "solver.commands.lock",
        "solver.commands.refresh",
        "solver.audit.run",
        "solver.cli.program",
        "solver.cli.checking",
        "solver.solve.search",
    ],
)
def test_importing_loads_nothing_heavy(module):
    code = f"import sys, {module}; print(sorted(m for m in {HEAVY!r} if m in sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
    assert not ran.stderr


PAGE = (ROOT.parent / "ARCHITECTURE.md").read_text(encoding="utf-8")


def _is_there(name: str) -> bool:
    """Whether ``name`` is a room, a folder or a module below solver/, or a path of the project."""
    places = (ROOT.parent / name, ROOT / name, ROOT / f"{name}.py")
    return any(place.exists() for place in places)


def test_the_page_is_one():
    assert len(PAGE.splitlines()) <= 115


def test_the_tree_of_the_page_is_the_rooms():
    tree = PAGE.partition("solver/\n")[2].partition("```")[0]
    assert re.findall(r"^  (\w+)/ ", tree, re.MULTILINE) == [room for floor in FLOORS[:-1] for room in floor]
    assert [name for name in re.findall(r"\b(\w+)/(?= )", tree) if not list(ROOT.rglob(f"{name}/__init__.py"))] == []


def test_the_floors_of_the_page_are_those_of_the_import_rule():
    rows = re.findall(r"^\| \d \| ([^|]+?) \|", PAGE, re.MULTILINE)
    assert [tuple(re.findall(r"\w+", row.partition(", and above")[0])) for row in rows] == list(FLOORS[:-1])


def test_each_path_that_the_page_names_is_there():
    paths = {name for name in re.findall(r"`([\w/.]+)`", PAGE) if "/" in name.rstrip("/")}
    assert {name for name in paths if not _is_there(name)} == set()


def test_each_module_that_the_page_names_is_there():
    modules = {path.stem for path in ROOT.rglob("*.py")} | {path.name for path in ROOT.rglob("*") if path.is_dir()}
    named = set(re.findall(r"`([a-z_]+)`", PAGE))
    assert named - modules - set(AXES) == {"opens", "doubtful", "attested"}
