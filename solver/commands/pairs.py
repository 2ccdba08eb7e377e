"""TensorFlow x torch pairs: our search of each beside what another resolver makes of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Literal

import msgspec

from solver.commands.project import open_facts
from solver.core.answer import Answer
from solver.core.decode import decode
from solver.core.errors import Unsolvable
from solver.core.explanation import Explanation
from solver.core.lines import logical_lines
from solver.core.model import Solution, Value, pypi_name
from solver.core.versions import as_requirement
from solver.core.yamlfile import load_yaml
from solver.index import Index
from solver.matrix.clobbers import Clobbers
from solver.matrix.cures import healable
from solver.matrix.library_files import cuda_majors
from solver.matrix.load import Matrices, matrices_dir
from solver.matrix.place import Place
from solver.request.adhoc import ad_hoc
from solver.solve.search import solve
from solver.solve.space.packages import Spaces

UvAnswer = Literal["clean", "twin CUDA majors", "none"]
RECORDED = "uv-pairs.yaml"
UV_COMMAND = ("uv", "pip", "compile", "-", "--no-config", "--no-header", "--no-annotate", "--only-binary", ":all:")


class Pair(Value, frozen=True, kw_only=True):
    """One pair to look at, and what uv answered when it was asked."""

    tensorflow: str
    torch: str
    python: str
    uv: UvAnswer


class Recorded(Value, frozen=True, kw_only=True):
    """The recorded answers."""

    version: Literal[1]
    run: str = msgspec.field(name="asked")
    """What was run, with which version of uv and on which day."""
    pairs: tuple[Pair, ...]


class PairOutcome(Value, frozen=True, kw_only=True):
    """What became of one pair: a solution, or the explanation why there is none or why nobody knows."""

    pair: Pair
    solution: Solution | None
    """None: the explanation says why no solution was found."""
    explanation: Explanation | None
    """None: there is a solution."""
    healed: bool = False
    """Whether the solution is sound only with our loader, which its lock holds."""


class Comparison(Value, frozen=True, kw_only=True):
    """Every known pair, searched, beside uv's answers."""

    outcomes: tuple[PairOutcome, ...]
    uv_source: str
    """When and how uv gave its answers."""


def compare_pairs(root: Path, *, ask_uv: bool = False) -> Comparison:
    """Search the recorded pairs by the facts of ``root``; ``ask_uv`` asks the installed uv anew, and so the index."""
    matrices, index, _ = open_facts(root)
    recorded = recorded_pairs()
    pairs = [msgspec.structs.replace(pair, uv=uv_answer(pair, matrices)) if ask_uv else pair for pair in recorded.pairs]
    return Comparison(
        outcomes=tuple(search_pairs(pairs, matrices, index)), uv_source="asked now" if ask_uv else recorded.run
    )


def recorded_pairs() -> Recorded:
    """The pairs and uv's recorded answers; raises ``BadInput`` where the file cannot be read."""
    return decode(load_yaml(matrices_dir() / "snapshot" / RECORDED), Recorded)


def search_pairs(pairs: Iterable[Pair], matrices: Matrices, index: Index) -> Iterator[PairOutcome]:
    """Search each pair's full closure; nothing is remembered from one to the next but the index."""
    spaces = Spaces(matrices, index)
    for pair in pairs:
        constraints = (f"tensorflow=={pair.tensorflow}", f"torch=={pair.torch}", f"python=={pair.python}")
        try:
            solution = solve(ad_hoc(constraints), spaces)
            yield PairOutcome(pair=pair, solution=solution, explanation=None, healed=_is_healed(solution, matrices))
        except Unsolvable as error:
            yield PairOutcome(pair=pair, solution=None, explanation=error.explanation)


def _is_healed(solution: Solution, matrices: Matrices) -> bool:
    versions = {str(pin.name): pin.version for pin in solution.pins}
    return any(healable(matrices.rules, matrices, versions, Place.of(solution.target)))


def uv_answer(pair: Pair, matrices: Matrices) -> UvAnswer:
    """What the installed uv answers to the plain request for this pair; asks the package index."""
    request = f"tensorflow[and-cuda]=={pair.tensorflow}\ntorch=={pair.torch}\n"
    options = ("--python-version", pair.python, "--python-platform", "x86_64-manylinux_2_28")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_INDEX", "UV_EXTRA"))}
    ran = subprocess.run(
        [*UV_COMMAND, *options], input=request, capture_output=True, text=True, env=environment, check=False
    )
    return _verdict(ran.stdout.splitlines(), matrices) if ran.returncode == 0 else "none"


def _verdict(lines: Sequence[str], matrices: Matrices) -> UvAnswer:
    """Whether two distributions of NVIDIA's libraries, for different CUDA majors, write the same files."""
    pins = [as_requirement(line.text) for line in logical_lines("\n".join(lines))]
    versions = {pypi_name(pin.name): clause.version for pin in pins for clause in pin.specifier}
    majors = {name: cuda_majors(name, matrices) for name in versions}
    brought, clobbers = [name for name in versions if majors[name]], Clobbers(matrices)
    twins = (
        clobbers.between(one, versions[one], other, versions[other]).answer is not Answer.NO
        for one, other in combinations(brought, 2)
        if majors[one].isdisjoint(majors[other])
    )
    return "twin CUDA majors" if any(twins) else "clean"
