"""Which installed distributions this process has used: imported a file of, or mapped one into its memory."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from os.path import realpath
from pathlib import Path


def used_distributions() -> list[str]:
    """Normalized names of the distributions that own a file which this process imported or has mapped, sorted.

    What is only read as data, or run as a program of its own (ptxas), is not seen from here.
    """
    used = {*map(realpath, _imported()), *map(realpath, _mapped())}
    return sorted({_name(one) for one in distributions() if not used.isdisjoint(_files(one))})


def _imported() -> Iterator[str]:
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str):
            yield path


def _mapped() -> Iterator[str]:
    with Path("/proc/self/maps").open(encoding="utf-8", errors="replace") as file:
        for line in file:
            parts = line.rstrip("\n").split(None, 5)
            if len(parts) == 6 and parts[5].startswith("/"):
                yield parts[5]


def _files(distribution: Distribution) -> Iterator[str]:
    """The files of a distribution, by what its RECORD says; ``Distribution.files`` takes seconds for a framework."""
    base = realpath(str(distribution.locate_file("")))
    for row in csv.reader((distribution.read_text("RECORD") or "").splitlines()):
        if row:
            path = f"{base}/{row[0]}"
            yield realpath(path) if row[0].startswith("..") else path


def _name(distribution: Distribution) -> str:
    return re.sub(r"[-_.]+", "-", distribution.metadata["Name"] or "").lower()
