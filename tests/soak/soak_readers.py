"""Files of every format that is read, broken at random: each is read, or refused in one sentence."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random

import formats
import yaml
from audit_stubs import StubIndex, small_matrices
from figures import Figures
from paths import ROOT

from solver.core.decode import decode
from solver.core.errors import BadInput
from solver.core.names import BadName
from solver.core.yamlfile import parse_yaml
from solver.lock.solution import SolutionText
from solver.matrix.load import load_matrices
from solver.request.read import parse_request

LONGEST = 2000
"""Letters of a sentence."""
SLOWEST = 5.0
"""Seconds of processor time that one small file may take on a slow machine."""
FOUND = ROOT / "tests" / "soak" / "found"
"""Where inputs that failed are kept; each becomes a test, and goes."""

REQUEST = """\
name: test
channels: [conda-forge]
dependencies:
  - python=${python}
  - pip
  - pip:
      - torch==${torch}
      - tensorflow==${tensorflow}
      - keras>=3
variables: {A: x}
profiles:
  full:
    {python: "3.12", cuda: "12.8", driver: ">=550.54.14", gpu: ["8.0", H100], packages: ["six>=1"],
     conda-packages: [cmake], virtual-packages: {__cuda: "12.9"}, exclude-newer: "2026-11-01", variables: {B: y},
     gpu_sharing: {growth: true, torch_fraction: 0.5, intra_threads: 4}, constraints: {absl-py: "1.4.0"},
     image: {base: "debian:12-slim", glibc: "2.36", digest: "sha256:DIGEST"}}
  part: {variant-of: full, frameworks: [torch], without: [keras]}
  cpu: {python: ">=3.10,<3.13", cuda: none, indexes: [pytorch], platform: win-64, flavour: conda}
""".replace("DIGEST", "a" * 64)


def _solution() -> str:
    """A shipped lock's solution.yaml with a few of each kind of thing, so that most changes hit something else."""
    data = yaml.load((ROOT / "locks/full-py312/solution.yaml").read_bytes(), Loader=yaml.CSafeLoader)
    for key in ("because", "notes", "warnings"):
        data[key] = data.get(key, [])[:2]
    for key in ("rows", "index"):
        data[key] = dict(list(data[key].items())[:3])
    data["conda"] = {
        key: value[:2] if isinstance(value, list) else value for key, value in data.get("conda", {}).items()
    }
    return yaml.safe_dump(data, sort_keys=False)


class Readers:
    """Every reader by the name of its format; ``told(name, text)`` is the sentence that ends it, or None."""

    def __init__(self) -> None:
        self._matrices, self._index = small_matrices(), StubIndex()
        self._rows = load_matrices()
        formats.DATA.setdefault("environment.yml.in", ("yaml", yaml.safe_load(REQUEST)))
        formats.DATA.setdefault("solution.yaml", ("yaml", yaml.safe_load(_solution())))
        self.names = tuple(dict.fromkeys((*formats.FORMATS, "environment.yml.in", "solution.yaml")))

    def told(self, name: str, text: str) -> str | None:
        """Read ``text``; the one sentence of a refusal, None where it was read. Anything else is raised."""
        try:
            if name == "environment.yml.in":
                parse_request(parse_yaml(text, name), self._rows)
            elif name == "solution.yaml":
                decode(parse_yaml(text, name), SolutionText)
            else:
                return formats.told(name, text, Path("/nowhere"), self._matrices, self._index)
        except (BadInput, BadName) as error:
            return str(error)
        return None


# What takes a hundredth of another's time is tried as often as costs the same.
WEIGHTS = {"uv.lock": 1, "conda-lock.yml": 1, "pixi.lock": 1, "environment.yml.in": 1, "solution.yaml": 1}


def soak(seed: int, inputs: int) -> Figures:
    """Try ``inputs`` files, drawn from ``seed``."""
    readers, figures, began = Readers(), Figures("readers"), time.monotonic()
    random = Random(seed)
    weights = [WEIGHTS.get(name, 8) for name in readers.names]
    for _ in range(inputs):
        one(readers, random.choices(readers.names, weights)[0], random.getrandbits(48), figures)
    figures.seconds = time.monotonic() - began
    return figures


def one(readers: Readers, name: str, seed: int, figures: Figures) -> None:
    """Break one file of ``name`` and read it."""
    text, began = formats.broken(name, Random(seed)), time.process_time()
    figures.counts["inputs"] += 1
    problem = ""
    try:
        told = readers.told(name, text)
        if told is not None:
            figures.counts["refused in one sentence"] += 1
            if "\n" in told or len(told) > LONGEST:
                problem = f"a sentence of {len(told)} letters: {told[:200]!a}"
    except Exception as error:
        figures.counts["exits 5"] += 1
        problem = f"{type(error).__name__}: {error!s:.200}"
    if (took := time.process_time() - began) > SLOWEST:
        problem = f"took {took:.1f} s"
    if problem:
        kept = _keep(name, _smaller(readers, name, text) if "Error" in problem else text, seed)
        figures.fail(f"{name}, seed {seed}: {problem}", f"python tests/soak/run.py --file {kept} --format '{name}'")


def _smaller(readers: Readers, name: str, text: str) -> str:
    """``text`` without the lines that it fails without."""

    def fails(lines: list[str]) -> bool:
        try:
            readers.told(name, "".join(lines))
        except Exception:
            return True
        return False

    lines, size = text.splitlines(keepends=True), 8
    while size:
        at = 0
        while at < len(lines):
            fewer = lines[:at] + lines[at + size :]
            if fails(fewer):
                lines = fewer
            else:
                at += size
        size //= 2
    return "".join(lines)


def _keep(name: str, text: str, seed: int) -> Path:
    FOUND.mkdir(exist_ok=True)
    path = FOUND / f"{seed}-{name.replace(' ', '-').replace('@', '')}"
    path.write_text(text, encoding="utf-8", newline="")
    return path
