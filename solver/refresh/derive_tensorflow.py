"""Reads TensorFlow builds out of their wheels: build_info.py, METADATA, RUNPATH and symbols."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BytesIO

import msgspec
from packaging.version import Version

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.elf import read_dynamic
from solver.core.errors import IndexUnavailable
from solver.core.frameworks import FRAMEWORKS
from solver.core.model import IndexFile, pypi_name
from solver.core.versions import minor
from solver.matrix.builds import stated
from solver.matrix.rows import NONE, Build
from solver.refresh.families import Family, WheelSource, applies_to, capability, families, member_bytes, requirements

_BUILD_INFO = "tensorflow/python/platform/build_info.py"
_GENERATED = "tensorflow/core/framework/graph_pb2.py"
_FRAMEWORK = "tensorflow/libtensorflow_framework.so.2"
_LIBRARIES = re.compile(r"tensorflow/(libtensorflow_(framework|cc)|python/_pywrap_tensorflow_internal)\.so(\.\d+)?")

# A library is opened where its first function is named among the dynamic symbols: TensorFlow
# links against stubs that open the library when one of its functions is first called.
_SYMBOLS: Mapping[str, bytes] = {
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
# NCCL opens it, and nothing else in TensorFlow does: where it is named, NCCL is linked in.
_NCCL_INSIDE = b"libnvidia-ml.so"


def tensorflow_rows(
    known: Iterable[Build], source: WheelSource, again: bool, tell: Callable[[str], None]
) -> Iterator[Build]:
    """A row for each wheel family from the oldest known version on."""
    by_id = {row.id: row for row in known}
    oldest = min((Version(text) for row in by_id.values() if (text := stated(row.version))), default=Version("0"))
    for distribution in FRAMEWORKS["tensorflow"].distributions:
        for family in families(source, pypi_name(distribution), oldest):
            before = by_id.get(family.row_id(distribution))
            if before is not None and (not before.derived or not again):
                yield msgspec.structs.replace(before, python=family.python)
                continue
            tell(f"reading {family.file.filename}")
            yield _row(distribution, family, source, before)


def _row(distribution: str, family: Family, source: WheelSource, before: Build | None) -> Build:
    file = family.file
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
    plain = msgspec.structs.replace(plain, protobuf=_gencode(source, file))
    info = build_info(member_bytes(source, file, _BUILD_INFO).decode("utf-8"), file.filename)
    if not info.get("is_cuda_build"):
        return plain
    asks = _asks(family, source)
    capabilities = [str(text) for text in _list(info.get("cuda_compute_capabilities"))]
    linux = family.platform != "win-64"
    return msgspec.structs.replace(
        plain,
        source=_source(file, linux, asks, before),
        cuda=_cuda(str(info["cuda_version"])),
        cudnn=_cudnn(asks)
        or (stated(before.cudnn) if before else None)
        or str(info["cudnn_version"]).rpartition("_")[2],
        # "compute_90" stands for native code and PTX of 9.0 (TensorFlow's configure.py).
        sm=tuple(capability(text) for text in capabilities),
        ptx=tuple(capability(text) for text in capabilities if text.startswith("compute")),
        opens=_opens(source, file) if linux else NOT_KNOWN,
        runpath=_runpath(source, file) if linux else NOT_KNOWN,
        asks=asks,
    )


def _source(file: IndexFile, linux: bool, asks: Mapping[str, str], before: Build | None) -> str:
    parts = "build_info.py, METADATA, RUNPATH, symbols" if linux else "build_info.py, METADATA"
    text = f"wheel {file.filename} ({parts})"
    if not _cudnn(asks) and before is not None and "; cuDNN: " in before.source:
        text += "; cuDNN: " + before.source.partition("; cuDNN: ")[2]
    return text


def build_info(text: str, filename: str) -> dict[str, object]:
    """What TensorFlow's build_info.py holds, read without running it."""
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            if statement.targets[0].id != "build_info":
                continue
            value = statement.value
            literal = ast.literal_eval(value.args[0] if isinstance(value, ast.Call) else value)
            return dict(literal)
    raise IndexUnavailable(f"{_BUILD_INFO} of {filename} holds no build_info")


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, (list, tuple)) else []


def _cuda(text: str) -> str:
    """major.minor of "12.5.1", and of "64_112" as Windows builds spell it."""
    if text.startswith("64_"):
        digits = text[3:]
        return f"{digits[:-1]}.{digits[-1]}"
    return minor(text)


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
    text = member_bytes(source, file, _GENERATED).decode("utf-8")
    match = re.search(r"^# Protobuf Python Version: ([\d.]+)$", text, re.M)
    return match[1] if match else NOT_KNOWN


def _runpath(source: WheelSource, file: IndexFile) -> tuple[str, ...] | NotKnown:
    if _FRAMEWORK not in source.members(file):
        return NOT_KNOWN
    try:
        dynamic = read_dynamic(BytesIO(member_bytes(source, file, _FRAMEWORK)))
    except ValueError as error:
        raise IndexUnavailable(f"{_FRAMEWORK} of {file.filename} cannot be read: {error}") from None
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
                    name for name, symbol in _SYMBOLS.items() if name not in seen and b"\0" + symbol + b"\0" in text
                }
                inside = inside or _NCCL_INSIDE in text
                tail = text[-64:]  # what is looked for may lie across two chunks
    if inside:
        seen.discard("nccl")
    return (*(name for name in _SYMBOLS if name in seen), "nvcc")
