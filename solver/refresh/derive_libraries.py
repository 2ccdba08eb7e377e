"""Reads builds of further packages out of the shared libraries of their wheels, and what those ask for."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import msgspec
from packaging.version import Version

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.model import Platform, PypiName, pypi_name
from solver.core.target import PLATFORMS
from solver.core.versions import major
from solver.matrix.load import Matrices
from solver.matrix.rows import NONE, Build, Library
from solver.refresh.families import Family, Reading, WheelSource, applies_to, families, is_for_any, requirements
from solver.refresh.gpu_code import capabilities, compiled_by
from solver.refresh.shared_libraries import (
    Libraries,
    read_libraries,
    read_windows_libraries,
    shared_libraries,
    windows_libraries,
)

LIBRARY_PACKAGES: Mapping[PypiName, str] = {
    pypi_name(name): oldest
    for name, oldest in {
        "bitsandbytes": "0.37",
        "ctranslate2": "3.4",
        "cudf-cu12": "24.12",
        "cudf-cu13": "25.8",
        "cugraph-cu12": "26.8",
        "cugraph-cu13": "26.8",
        "cuml-cu12": "25.10",
        "cuml-cu13": "25.10",
        "faiss-gpu": "1.15",
        "faiss-gpu-cu12": "1.8",
        "numba-cuda": "0.0.1",
        "nvidia-dali-cuda110": "1.22",
        "nvidia-dali-cuda120": "1.22",
        "nvidia-dali-cuda130": "1.53",
        "onnxruntime-gpu": "1.14",
        "rmm-cu12": "24.12",
        "rmm-cu13": "25.8",
        "tensorflow-io": "0.30",
        "tensorflow-text": "2.11",
        "tensorrt": "8.5.3",
        "tensorrt-cu12-bindings": "10.0.1",
        "tensorrt-cu13-bindings": "10.13",
        "torchao": "0.1",
        "torchcodec": "0.0.1",
        "torchdata": "0.6",
        "transformer-engine": "1.6",
        "transformer-engine-cu12": "1.6",
        "transformer-engine-cu13": "2.8",
        "vllm": "0.1.4",
    }.items()
}
"""Package -> the release from which on its wheels are read."""

_OPTIONAL = frozenset({"torchao", "torchcodec"})
"""Those whose kernels are for some GPUs alone, and which do without them on all others: they tell nothing of a GPU."""
_FIRST: Platform = "linux-64"
"""What a library in a wheel for any platform is made for."""
_LINKED = {
    "torch": re.compile(r"lib(torch|c10)(_\w+)?\.so.*"),
    "tensorflow": re.compile(r"libtensorflow_framework\.so.*"),
}
"""By which library a wheel shows that it was compiled against a framework."""
_MANGLED = re.compile(r"-[0-9a-f]{8}(?=\.so)")
"""What auditwheel puts into the name of a library that it copies into a wheel."""
_NAMED = re.compile(r"-cu(?:da)?(\d\d)(?:\d|x)?(?:-|$)")
_CUDNN = re.compile(r"libcudnn\w*(?:-[0-9a-f]{8})?\.so\.(\d+).*")
_CUDA_CODE = re.compile(r"^nvidia-.*-cu(?P<nvidia>\d\d)$|^cupy-cuda(?P<cupy>\d\d)x$")


def library_rows(known: Iterable[Build], matrices: Matrices, reading: Reading) -> Iterator[Build]:
    """A row for each wheel family of these packages; known wheels are read again where that is asked."""
    by_id = {row.id: row for row in known}
    for package, oldest in LIBRARY_PACKAGES.items():
        for family in families(reading.source, package, Version(oldest), anywhere=PLATFORMS):
            before = by_id.get(family.row_id(package))
            if before is not None and (not before.derived or not reading.again):
                yield msgspec.structs.replace(before, python=family.python)
                continue
            row = reading.row(family.file, partial(_row, package, family, reading.source, matrices))
            if isinstance(row, Build):
                yield row


@dataclass(frozen=True)
class _Read:
    """What one wheel tells."""

    libraries: Libraries
    inside: frozenset[str]
    """sonames of the CUDA libraries that lie in the wheel."""
    asked: frozenset[int]
    """CUDA majors of the distributions that it asks for."""


def _row(package: PypiName, family: Family, source: WheelSource, matrices: Matrices) -> Build | None:
    """The row of a family; None where its libraries are made for another platform."""
    file = family.file
    names, windows = source.members(file), family.platform == "win-64"
    if is_for_any(file) and family.platform != _FIRST and shared_libraries(names):
        return None
    members = (windows_libraries if windows else shared_libraries)(names)
    libraries = (read_windows_libraries if windows else read_libraries)(source, file, members)
    read = _Read(libraries, _inside(members, matrices.libraries), _asked(family, source))
    cudas = _cudas(read, matrices) or _of_name(package)
    one = cudas[0] if len(cudas) == 1 else NOT_KNOWN
    has_code = bool(libraries.coded) and package not in _OPTIONAL
    return Build(
        id=family.row_id(package),
        source=f"wheel {file.filename} ({_read_of(members, windows)}METADATA)",
        derived=True,
        package=package,
        version=family.version,
        platform=family.platform,
        python=family.python,
        cuda=one if cudas else NONE,
        serves=cudas if len(cudas) > 1 else (),
        cudnn=_cudnn(libraries) if cudas and not windows else NOT_KNOWN,
        bundles=_bundles(read, matrices.libraries) if cudas and not windows else NOT_KNOWN,
        sm=capabilities(set(libraries.native)) if has_code else NOT_KNOWN,
        ptx=_ptx(libraries, several=len(cudas) > 1) if has_code else NOT_KNOWN,
        needs=_needs(libraries, family, source),
    )


def _read_of(members: Sequence[str], windows: bool) -> str:
    if not members:
        return "no library; "
    return f"{'names of DLLs' if windows else 'ELF'}, fat binaries, "


def _of_name(package: PypiName) -> tuple[str, ...]:
    """The CUDA major in the name of a distribution whose libraries tell none: they open those of another one."""
    match = _NAMED.search(package)
    return () if match is None else (match[1],)


def _soname(member: str) -> str:
    """The name under which a file in a wheel was linked to: libcudart-9335f6a2.so.12.4 was libcudart.so.12.4."""
    return _MANGLED.sub("", posixpath.basename(member))


def _inside(members: Iterable[str], libraries: Sequence[Library]) -> frozenset[str]:
    sonames = {soname for row in libraries for soname in row.sonames}
    files = {_soname(member) for member in members}
    return frozenset(s for s in sonames if any(file == s or file.startswith(f"{s}.") for file in files))


def _asked(family: Family, source: WheelSource) -> frozenset[int]:
    asked = (one.name for one in requirements(source, family.file) if applies_to(one, family))
    found = (_CUDA_CODE.match(pypi_name(name)) for name in asked)
    return frozenset(int(match["nvidia"] or match["cupy"]) for match in found if match)


def _cudas(read: _Read, matrices: Matrices) -> tuple[str, ...]:
    """The CUDA that it was built with, major.minor where its code says so; several where it has a library for each.

    What it is linked to goes before what it asks for, and that before what it may open and what compiled its code.
    """
    libraries = read.libraries
    made = compiled_by(libraries.releases, libraries.isas, matrices.ptx)
    of_code = frozenset() if isinstance(made, NotKnown) else frozenset({major(made)})
    linked = _majors(libraries.needed | read.inside, matrices.libraries) or libraries.dlls
    majors = linked or read.asked or _majors(libraries.named, matrices.libraries) or of_code
    if len(majors) == 1 and of_code == majors and isinstance(made, str):
        return (made,)
    return tuple(map(str, sorted(majors)))


def _majors(sonames: Iterable[str], libraries: Sequence[Library]) -> frozenset[int]:
    """The CUDA majors that sonames are of; one that several majors have tells none."""
    plain = {_soname(soname) for soname in sonames}
    majors = ({row.cuda for row in libraries if any(_is_of(one, s) for s in row.sonames)} for one in plain)
    return frozenset(cuda for several in majors if len(several) == 1 for cuda in several)


def _is_of(name: str, soname: str) -> bool:
    return name == soname or name.startswith(f"{soname}.")


def _cudnn(libraries: Libraries) -> str:
    """Its major, since a soname tells no more; none where it is linked to none and names none."""
    found = [match[1] for soname in libraries.needed | libraries.named if (match := _CUDNN.fullmatch(soname))]
    return max(found, key=int, default=NONE)


def _bundles(read: _Read, libraries: Sequence[Library]) -> bool:
    """Whether its CUDA libraries lie in it: some do, and it is linked to none that does not."""
    outside = {soname for row in libraries for soname in row.sonames} & read.libraries.needed - read.inside
    return bool(read.inside) and not outside


def _ptx(libraries: Libraries, *, several: bool) -> tuple[str, ...] | NotKnown:
    """The PTX that a newer GPU can do with: of several libraries that are needed together no one has it for all."""
    together = len(libraries.coded) > 1 and not several
    return NOT_KNOWN if together and libraries.ptx else capabilities(set(libraries.ptx))


def _needs(libraries: Libraries, family: Family, source: WheelSource) -> dict[str, str]:
    """The frameworks that it is linked to, as its metadata bounds them."""
    asked = [one for one in requirements(source, family.file) if applies_to(one, family)]
    bounds = {}
    for framework, soname in _LINKED.items():
        if any(map(soname.fullmatch, libraries.needed)):
            bounds[framework] = ",".join(str(one.specifier) for one in asked if one.name == framework and one.specifier)
    return {framework: bound for framework, bound in bounds.items() if bound}
