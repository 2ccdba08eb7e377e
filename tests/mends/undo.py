"""Undo each mend of ``mends.yaml`` in a copy of the project, and see that its test then fails.

    python tests/mends/undo.py [WORD …]     all mends, or those whose sentence has one of the words

A test that passes with its mend undone keeps nothing. Prints a line a mend; exit code 1 where one was not seen to fail.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Annotated

import msgspec
import yaml

ROOT = Path(__file__).resolve().parents[2]
MENDS = Path(__file__).with_name("mends.yaml")
COPIED = (
    "solver", "tests", "matrices", "locks", "docs", "benchmarks", ".github", ".ci",
    "pyproject.toml", "README.md", "CHANGELOG.md", "ARCHITECTURE.md", "environment.yml.in", "noxfile.py", "LICENSE",
)  # fmt: skip
PATIENCE = 180
"""Seconds that a test may take."""
_FAILED = (1, -signal.SIGTERM)
"""Exit codes of pytest where a test failed, or was ended by the signal that it is about; others say that none ran."""


class Mend(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that broke once, what keeps it from breaking, and the test that says so."""

    broke: Annotated[str, msgspec.Meta(min_length=10)]
    file: str
    mended: str
    """Stands in the file exactly once."""
    undone: str
    test: str
    """As pytest takes them: files, or tests of one, and maybe ``-k`` with a word."""


def read_mends() -> tuple[Mend, ...]:
    """All of them."""
    return msgspec.convert(yaml.safe_load(MENDS.read_text(encoding="utf-8")), tuple[Mend, ...])


def undo(mend: Mend, copy: Path) -> str:
    """What came of the test of ``mend`` without it: nothing where it failed, as it must."""
    path = copy / mend.file
    text = path.read_text(encoding="utf-8")
    if text.count(mend.mended) != 1:
        return f"{mend.file} has the mend {text.count(mend.mended)} times: write it down anew"
    path.write_text(text.replace(mend.mended, mend.undone), encoding="utf-8")
    try:
        done = _run(mend.test, copy)
    except subprocess.TimeoutExpired:
        return f"its test goes on for more than {PATIENCE} s: give it a limit (tests/support/limits.py)"
    finally:
        path.write_text(text, encoding="utf-8")
    if done.returncode in _FAILED:
        return ""
    return f"pytest left with {done.returncode}: {(done.stdout.strip().splitlines() or ['nothing'])[-1]}"


def _run(test: str, copy: Path) -> subprocess.CompletedProcess[str]:
    place, _, words = test.partition(" -k ")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *place.split()]
    command += ["-k", words.strip('"')] if words else []
    environ = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=copy, env=environ, capture_output=True, text=True, timeout=PATIENCE)


def _copied(folder: Path) -> Path:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy2(source, folder / name)
    return folder


def seen(mends: tuple[Mend, ...], workers: int = 2) -> Iterator[tuple[Mend, str]]:
    """Each mend with what came of it, in their order; each worker has a copy of its own."""
    with tempfile.TemporaryDirectory(prefix="undone-") as place:
        idle: SimpleQueue[Path] = SimpleQueue()
        for number in range(workers):
            idle.put(_copied(Path(place) / str(number)))

        def undone(mend: Mend) -> tuple[Mend, str]:
            copy = idle.get()
            try:
                return mend, undo(mend, copy)
            finally:
                idle.put(copy)

        with ThreadPoolExecutor(workers) as pool:
            yield from pool.map(undone, mends)


def main() -> int:
    """Undo and tell."""
    words = sys.argv[1:]
    mends = tuple(mend for mend in read_mends() if not words or any(word in mend.broke for word in words))
    faults = 0
    for mend, fault in seen(mends):
        faults += bool(fault)
        print(f"{'NOT SEEN' if fault else 'fails'}  {mend.broke}{f': {fault}' if fault else ''}", flush=True)
    print(f"{len(mends) - faults} of {len(mends)} mends: without it its test fails")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
