"""What the shared libraries of a wheel tell, read member by member: whom they need, whom they open, and their code."""

from __future__ import annotations

import posixpath
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce

from solver.core.elf import Dynamic, read_dynamic
from solver.core.model import IndexFile
from solver.index import ReleaseRefused
from solver.refresh.families import WheelSource
from solver.refresh.gpu_code import GpuCode

# A library is opened where its first function is named among the dynamic symbols: TensorFlow
# and JAX link against stubs that open the library when one of its functions is first called.
SYMBOLS: Mapping[str, bytes] = {
    "cudart": b"cudaMalloc",
    "cublas": b"cublasCreate_v2",
    "cublaslt": b"cublasLtCreate",
    "cufft": b"cufftCreate",
    "curand": b"curandCreateGenerator",
    "cusolver": b"cusolverDnCreate",
    "cusparse": b"cusparseCreate",
    "cudnn": b"cudnnCreate",
    "cupti": b"cuptiActivityEnable",
    "nccl": b"ncclCommInitRank",
}
_SONAME = re.compile(rb"lib(?:cu|nccl|nv)[A-Za-z]{2,20}\.so\.\d{1,3}(?:\.\d{1,3})?(?=\0)")
"""Of a CUDA library that is opened by its name."""
_SHARED = re.compile(r"\.so(\.\d+)*$")
_TAIL = 64


@dataclass(frozen=True)
class Libraries:
    """What several shared libraries tell together."""

    needed: frozenset[str] = frozenset()
    """sonames (DT_NEEDED)."""
    named: frozenset[str] = frozenset()
    """sonames of CUDA libraries that stand among their texts: those that they open."""
    stubs: frozenset[str] = frozenset()
    """Short names of the CUDA libraries whose first function they name."""
    folders: frozenset[str] = frozenset()
    """Where they have libraries looked for, below site-packages."""
    coded: frozenset[str] = frozenset()
    """Those that hold code for GPUs."""
    native: frozenset[int] = frozenset()
    ptx: frozenset[int] = frozenset()
    isas: frozenset[str] = frozenset()
    """Versions of their PTX."""
    releases: frozenset[str] = frozenset()
    """major.minor of each nvcc that compiled a part of them."""
    dlls: frozenset[int] = frozenset()
    """On Windows: the CUDA majors of the CUDA DLLs that they name."""

    def __or__(self, other: Libraries) -> Libraries:
        both = {name: getattr(self, name) | getattr(other, name) for name in self.__dataclass_fields__}
        return Libraries(**both)


@dataclass
class _Texts:
    """The names that stand in a library, read part by part."""

    named: set[str] = field(default_factory=set)
    stubs: set[str] = field(default_factory=set)
    _tail: bytes = b""

    def feed(self, part: bytes) -> None:
        text = self._tail + part
        self.named |= {name.decode() for name in _SONAME.findall(text)}
        missing = ((name, symbol) for name, symbol in SYMBOLS.items() if name not in self.stubs)
        self.stubs |= {name for name, symbol in missing if b"\0" + symbol + b"\0" in text}
        self._tail = text[-_TAIL:]  # what is looked for may lie across two parts


def read_libraries(source: WheelSource, file: IndexFile, members: Iterable[str]) -> Libraries:
    """All of ``members`` together; raises ``ReleaseRefused`` where one of them is no library."""
    return reduce(Libraries.__or__, (_read(source, file, member) for member in members), Libraries())


def shared_libraries(names: Iterable[str]) -> list[str]:
    """Those of a wheel's members that are shared libraries, sorted."""
    return sorted(name for name in names if _SHARED.search(name))


_DLL = re.compile(rb"\b(?:cudart|cublas|cublasLt)64_(\d\d)0?\.dll\0", re.IGNORECASE)
"""cudart64_12.dll, cudart64_110.dll: the DLLs that are numbered as CUDA is."""


def windows_libraries(names: Iterable[str]) -> list[str]:
    """Those of a wheel's members that are libraries of Windows, sorted."""
    return sorted(name for name in names if name.endswith((".dll", ".pyd")))


def read_windows_libraries(source: WheelSource, file: IndexFile, members: Iterable[str]) -> Libraries:
    """All of ``members`` together: their code, and the CUDA DLLs that they name."""
    return reduce(Libraries.__or__, (_read_dll(source, file, member) for member in members), Libraries())


def _read_dll(source: WheelSource, file: IndexFile, member: str) -> Libraries:
    code, dlls, tail = GpuCode(), set[int](), b""
    for part in source.chunks(file, member):
        code.feed(part)
        text = tail + part  # what is looked for may lie across two parts
        dlls |= {int(major) for major in _DLL.findall(text)}
        tail = text[-_TAIL:]
    return replace(_told(code, member), dlls=frozenset(dlls))


def _told(code: GpuCode, member: str) -> Libraries:
    return Libraries(
        coded=frozenset({member} if code.native or code.ptx else ()),
        native=frozenset(code.native),
        ptx=frozenset(code.ptx),
        isas=frozenset(code.isas),
        releases=frozenset(code.releases),
    )


def _read(source: WheelSource, file: IndexFile, member: str) -> Libraries:
    code, texts = GpuCode(), _Texts()
    # The dynamic section may stand anywhere, and a library may have a gigabyte: not all of it in memory at once.
    with tempfile.TemporaryFile() as whole:
        for part in source.chunks(file, member):
            whole.write(part)
            code.feed(part)
            texts.feed(part)
        try:
            dynamic = read_dynamic(whole)
        except ValueError as error:
            raise ReleaseRefused(f"{member} of {file.filename} cannot be read: {error}") from None
    return replace(
        _told(code, member),
        needed=frozenset(dynamic.needed),
        named=frozenset(texts.named),
        stubs=frozenset(texts.stubs),
        folders=frozenset(_folders(dynamic, member)),
    )


def _folders(dynamic: Dynamic, member: str) -> Iterator[str]:
    """The folders below site-packages; entries that climb out of it lead nowhere in an environment."""
    places = (posixpath.normpath(folder) for folder in dynamic.folders(posixpath.dirname(member) or "."))
    return (place for place in places if not place.startswith(("..", "/")))
