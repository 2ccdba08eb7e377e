"""The readers under atheris: what an input reaches decides what is tried next.

    python tests/soak/guided.py FOLDER CORPUS -runs=100000 -seed=1

An input is a byte that chooses the format, and a file of it. CORPUS is read; what reaches something new is written
to FOLDER. An input that ends in anything but a set or one sentence ends the run, and is kept as ``crash-…``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent / "support"), str(HERE)]

with atheris.instrument_imports(include=["solver.audit", "solver.core", "solver.request", "solver.lock"]):
    import formats
    from soak_readers import LONGEST, Readers

READERS = Readers()


def as_input(name: str, text: str) -> bytes:
    """A file of a format as the fuzzer takes it."""
    return bytes([READERS.names.index(name)]) + text.encode("utf-8", "surrogatepass")


def one_input(data: bytes) -> None:
    """Read one file; raises where that ends in anything but a set or one sentence."""
    if not data:
        return
    told = READERS.told(READERS.names[data[0] % len(READERS.names)], data[1:].decode("utf-8", "replace"))
    assert told is None or ("\n" not in told and len(told) < LONGEST), told


def main() -> None:
    """Called as a script."""
    seeds = Path(sys.argv[1])
    seeds.mkdir(parents=True, exist_ok=True)
    for name in READERS.names:
        (seeds / f"plain-{READERS.names.index(name):02}").write_bytes(as_input(name, formats.plain(name)))
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
