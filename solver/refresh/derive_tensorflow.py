"""Reads TensorFlow builds out of their wheels: build_info.py, METADATA, RUNPATH and symbols."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from io import BytesIO

import msgspec
from packaging.version import Version

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.elf import read_dynamic
from solver.core.frameworks import FRAMEWORKS
from solver.core.model import IndexFile, pypi_name
from solver.core.names import one_line
from solver.index import ReleaseRefused
from solver.matrix.builds import stated
from solver.matrix.rows import NONE, Build
from solver.refresh.families import (
    Family,
    Reading,
    WheelSource,
    applies_to,
    capability,
    families,
    member_bytes,
    member_text,
    requirements,
)
from solver.refresh.shared_libraries import SYMBOLS

_PARTS = "build_info.py, METADATA"
_LINUX_PARTS = f"{_PARTS}, RUNPATH, symbols"
_BUILD_INFO = "tensorflow/python/platform/build_info.py"
_IS_CUDA, _CUDA, _CUDNN, _CAPABILITIES = "is_cuda_build", "cuda_version", "cudnn_version", "cuda_compute_capabilities"
_GENERATED = "tensorflow/core/framework/graph_pb2.py"
_GLOBAL_FLAGS = "tensorflow/python/pywrap_dlopen_global_flags.py"
"""Where it is there, importing TensorFlow asks for RTLD_GLOBAL (tensorflow/python/pywrap_tensorflow.py)."""
_FRAMEWORK = "tensorflow/libtensorflow_framework.so.2"
_LIBRARIES = re.compile(r"tensorflow/(libtensorflow_(framework|cc)|python/_pywrap_tensorflow_internal)\.so(\.\d+)?")

# NCCL opens it, and nothing else in TensorFlow does: where it is named, NCCL is linked in.
_NCCL_INSIDE = b"libnvidia-ml.so"


def tensorflow_rows(known: Iterable[Build], reading: Reading) -> Iterator[Build]:
    """A row for each wheel family from the oldest known version on."""
    by_id = {row.id: row for row in known}
    oldest = min((Version(text) for row in by_id.values() if (text := stated(row.version))), default=Version("0"))
    for distribution in FRAMEWORKS["tensorflow"].distributions:
        for family in families(reading.source, pypi_name(distribution), oldest):
            before = by_id.get(family.row_id(distribution))
            if before is not None and (not before.derived or not reading.again):
                yield msgspec.structs.replace(before, python=family.python)
                continue
            row = reading.row(family.file, partial(_row, distribution, family, reading, before))
            if row is not None:
                yield row


def _row(distribution: str, family: Family, reading: Reading, before: Build | None) -> Build:
    source, file = reading.source, family.file
    plain = Build(
        id=family.row_id(distribution),
        source=f"wheel {file.filename} (build_info.py)",
        derived=True,
        package=distribution,
        version=family.version,
        platform=family.platform,
        python=family.python,
        cuda=NONE,
        cudnn=NONE,
    )
    if _BUILD_INFO not in source.members(file):
        # An empty wheel that asks for the distribution with the library.
        return msgspec.structs.replace(plain, source=f"wheel {file.filename} (METADATA; it holds no library)")
    plain = msgspec.structs.replace(
        plain, protobuf=_gencode(source, file), global_symbols=_global_symbols(family, source)
    )
    info = build_info(member_text(source, file, _BUILD_INFO), file.filename)
    if not info.get(_IS_CUDA, True):
        return plain
    untold = [key for key in (_IS_CUDA, _CUDA, _CUDNN, _CAPABILITIES) if key not in info]
    reading.passed_over.extend(
        f"{_BUILD_INFO} of {file.filename} does not tell {key}, which is not known therefore" for key in untold
    )
    return _cuda_build(plain, info, family, source, before)


def _cuda_build(
    plain: Build, info: Mapping[str, object], family: Family, source: WheelSource, before: Build | None
) -> Build:
    """``plain`` with what a wheel with CUDA tells of it, and what the row before knew and no wheel tells."""
    file, asks = family.file, _asks(family, source)
    sm, ptx = _code(info)
    linux = family.platform != "win-64"
    before_cudnn = stated(before.cudnn) if before else None
    return msgspec.structs.replace(
        plain,
        source=f"wheel {file.filename} ({_LINUX_PARTS if linux else _PARTS})",
        cuda=_cuda(info, file),
        cudnn=_cudnn(asks) or before_cudnn or _own_cudnn(info),
        cudnn_source=before.cudnn_source if before and before_cudnn and not _cudnn(asks) else NOT_KNOWN,
        sm=sm,
        ptx=ptx,
        opens=_opens(source, file) if linux else NOT_KNOWN,
        runpath=_runpath(source, file) if linux else NOT_KNOWN,
        asks=asks,
    )


def build_info(text: str, filename: str) -> dict[str, object]:
    """What TensorFlow's build_info.py holds, read without running it; raises ``ReleaseRefused``."""
    try:
        for value in _assigned(text):
            return dict(ast.literal_eval(value.args[0] if isinstance(value, ast.Call) else value))
    except (SyntaxError, ValueError, TypeError, IndexError, RecursionError, MemoryError):
        raise ReleaseRefused(f"{_BUILD_INFO} of {filename} cannot be read: build_info is no plain mapping") from None
    raise ReleaseRefused(f"{_BUILD_INFO} of {filename} holds no build_info")


def _assigned(text: str) -> Iterator[ast.expr]:
    """What the module ``text`` gives the name build_info."""
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.Assign):
            target = statement.targets[0]
            if isinstance(target, ast.Name) and target.id == "build_info":
                yield statement.value


def _code(info: Mapping[str, object]) -> tuple[tuple[str, ...] | NotKnown, tuple[str, ...] | NotKnown]:
    """The GPUs that there is native code and PTX for."""
    capabilities = info.get(_CAPABILITIES)
    if not isinstance(capabilities, (list, tuple)):
        return NOT_KNOWN, NOT_KNOWN
    texts = [str(text) for text in capabilities]
    # "compute_90" stands for native code and PTX of 9.0 (TensorFlow's configure.py).
    return tuple(map(capability, texts)), tuple(capability(text) for text in texts if text.startswith("compute"))


def _cuda(info: Mapping[str, object], file: IndexFile) -> str | NotKnown:
    """major.minor of "12.5.1", and of "64_112" as Windows builds spell it."""
    if _CUDA not in info:
        return NOT_KNOWN
    text = str(info[_CUDA])
    match = re.fullmatch(r"64_(\d+)(\d)", text) or re.fullmatch(r"(\d+)\.(\d+)(?:\.\d+)*", text)
    if match is None:
        raise ReleaseRefused(f"{_BUILD_INFO} of {file.filename} tells the {_CUDA} {one_line(text)!r}, which is none")
    return f"{match[1]}.{match[2]}"


def _own_cudnn(info: Mapping[str, object]) -> str | NotKnown:
    """What the build itself tells: "9", or "64_8" on Windows."""
    return str(info[_CUDNN]).rpartition("_")[2] if info.get(_CUDNN) else NOT_KNOWN


def _asks(family: Family, source: WheelSource) -> dict[str, str]:
    """What the and-cuda extra asks of the nvidia distributions."""
    return {
        pypi_name(one.name): str(one.specifier)
        for one in requirements(source, family.file)
        if one.name.startswith("nvidia-") and applies_to(one, family, "and-cuda") and not applies_to(one, family)
    }


def _cudnn(asks: Mapping[str, str]) -> str | None:
    """major.minor of the oldest cuDNN that the extra admits."""
    for name, specifier in asks.items():
        match = re.search(r"[>=]=(\d+\.\d+)", specifier)
        if name.startswith("nvidia-cudnn") and match:
            return match[1]
    return None


def _gencode(source: WheelSource, file: IndexFile) -> str | NotKnown:
    if _GENERATED not in source.members(file):
        return NOT_KNOWN
    text = member_text(source, file, _GENERATED)
    match = re.search(r"^# Protobuf Python Version: ([\d.]+)$", text, re.M)
    return match[1] if match else NOT_KNOWN


def _global_symbols(family: Family, source: WheelSource) -> bool | NotKnown:
    """Windows has no such flag; what becomes of it there nobody read."""
    return NOT_KNOWN if family.platform == "win-64" else _GLOBAL_FLAGS in source.members(family.file)


def _runpath(source: WheelSource, file: IndexFile) -> tuple[str, ...] | NotKnown:
    if _FRAMEWORK not in source.members(file):
        return NOT_KNOWN
    try:
        dynamic = read_dynamic(BytesIO(member_bytes(source, file, _FRAMEWORK)))
    except ValueError as error:
        raise ReleaseRefused(f"{_FRAMEWORK} of {file.filename} cannot be read: {error}") from None
    # It lies in tensorflow/; the many entries that climb further lead out of site-packages.
    places = {posixpath.normpath(folder) for folder in dynamic.folders("tensorflow")}
    return tuple(sorted(place.removeprefix("nvidia/") for place in places if place.startswith("nvidia/")))


def _opens(source: WheelSource, file: IndexFile) -> tuple[str, ...]:
    """The CUDA libraries, and nvcc: every CUDA build compiles with its ptxas and libdevice."""
    seen: set[str] = set()
    inside = False
    for member in sorted(source.members(file)):
        if _LIBRARIES.fullmatch(member):
            tail = b""
            for chunk in source.chunks(file, member):
                text = tail + chunk
                seen |= {
                    name for name, symbol in SYMBOLS.items() if name not in seen and b"\0" + symbol + b"\0" in text
                }
                inside = inside or _NCCL_INSIDE in text
                tail = text[-64:]  # what is looked for may lie across two chunks
    if inside:
        seen.discard("nccl")
    return (*(name for name in SYMBOLS if name in seen), "nvcc")
