"""Reads builds of further packages out of a file of their wheels that says with which CUDA they were made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import msgspec
from packaging.version import Version

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.model import PypiName, pypi_name
from solver.index import ReleaseRefused
from solver.matrix.rows import Build
from solver.refresh.families import (
    Family,
    Reading,
    WheelSource,
    applies_to,
    capability,
    families,
    member_text,
    requirements,
)


@dataclass(frozen=True)
class BuildFile:
    """Where the wheels of one package tell how they were built."""

    member: str
    cuda: re.Pattern[str]
    """Finds major and minor of the CUDA in the text of ``member``; the minor is "x" where any of its major serves."""
    oldest: str
    """The release from which on they have that file."""
    gpus: re.Pattern[str] | None = None
    """Finds the list of compute capabilities, as torch's TORCH_CUDA_ARCH_LIST writes them; None: it tells none."""


_CUPY = BuildFile(member="cupy/.data/_wheel.json", cuda=re.compile(r'"cuda": "(\d+)\.(x|\d+)"'), oldest="12.0.0")
BUILD_FILES: Mapping[PypiName, BuildFile] = {
    pypi_name("cupy-cuda11x"): _CUPY,
    pypi_name("cupy-cuda12x"): _CUPY,
    pypi_name("cupy-cuda13x"): _CUPY,
    pypi_name("torch-tensorrt"): BuildFile(
        member="torch_tensorrt/_version.py", cuda=re.compile(r'^__cuda_version__ = "(\d+)\.(\d+)', re.M), oldest="1.3.0"
    ),
    pypi_name("xformers"): BuildFile(
        member="xformers/cpp_lib.json",
        cuda=re.compile(r'"cuda": (\d\d)(\d\d),'),
        oldest="0.0.16",
        gpus=re.compile(r'"TORCH_CUDA_ARCH_LIST": "([^"]*)"'),
    ),
}
_AGAINST = "torch"
"""What some of them are compiled against, as their metadata says."""


def package_rows(known: Iterable[Build], reading: Reading) -> Iterator[Build]:
    """A row for each wheel family of these packages; the wheels of known rows are read again where that is asked."""
    by_id = {row.id: row for row in known}
    for package, build_file in BUILD_FILES.items():
        for family in families(reading.source, package, Version(build_file.oldest)):
            before = by_id.get(family.row_id(package))
            if before is not None and (not before.derived or not reading.again):
                yield msgspec.structs.replace(before, python=family.python)
                continue
            row = reading.row(family.file, partial(_row, package, build_file, family, reading.source))
            if row is not None:
                yield row


def _row(package: PypiName, build_file: BuildFile, family: Family, source: WheelSource) -> Build:
    file = family.file
    text = member_text(source, file, build_file.member)
    cuda = build_file.cuda.search(text)
    if cuda is None:
        raise ReleaseRefused(f"{build_file.member} of {file.filename} tells no CUDA")
    sm, ptx = _code(build_file, text)
    return Build(
        id=family.row_id(package),
        source=f"wheel {file.filename} ({build_file.member}, METADATA)",
        derived=True,
        package=package,
        version=family.version,
        platform=family.platform,
        python=family.python,
        cuda=str(int(cuda[1])) if cuda[2] == "x" else f"{int(cuda[1])}.{int(cuda[2])}",
        bundles=False,
        sm=sm,
        ptx=ptx,
        needs=_needs(family, source),
    )


def _code(build_file: BuildFile, text: str) -> tuple[tuple[str, ...] | NotKnown, tuple[str, ...] | NotKnown]:
    """The GPUs that there is machine code and PTX for: "8.0+PTX 9.0a" has code for both, and PTX of 8.0."""
    listed = build_file.gpus.search(text) if build_file.gpus is not None else None
    if listed is None:
        return NOT_KNOWN, NOT_KNOWN
    words = listed[1].replace(";", " ").split()
    native = {capability(word.removesuffix("+PTX")): None for word in words}
    return tuple(native), tuple({capability(word): None for word in words if word.endswith("+PTX")})


def _needs(family: Family, source: WheelSource) -> dict[str, str]:
    against = [one for one in requirements(source, family.file) if one.name == _AGAINST and applies_to(one, family)]
    bounds = ",".join(str(one.specifier) for one in against if one.specifier)
    return {_AGAINST: bounds} if bounds else {}
