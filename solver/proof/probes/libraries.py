"""Which CUDA, cuDNN, NCCL and protobuf libraries this process has loaded, and from where."""

from __future__ import annotations

import ctypes
import re
import sys
from os.path import realpath, relpath, sep
from pathlib import Path

from .recorder import Recorder, Seen, Wrong

LIBRARY = re.compile(
    r"(lib(cuda|cudart|cublas|cublasLt|cudnn\w*|cufft|cufftw|curand|cusolver\w*|cusparse\w*|cupti|nccl|"
    r"nvrtc\w*|nvJitLink|nvshmem\w*|nvidia-\w+|protobuf\w*|tensorflow_framework|torch_cuda)"
    r"(-[0-9a-f]{8})?\.so(\.[\d.]+)?|_message\.(abi3|cpython-\S+)\.so)$"
)
RUNTIMES = frozenset(("libcudart", "libtorch_cuda", "libtensorflow_framework", "libcudnn"))
"""One of these is loaded wherever CUDA is used."""
DRIVER = re.compile(r"lib(cuda$|nvidia-)")
"""What the driver brings, which never lies in an environment."""


def loaded_paths() -> list[str]:
    """Paths of the CUDA, cuDNN, NCCL and protobuf libraries mapped into this process, sorted."""
    paths = set()
    with Path("/proc/self/maps").open(encoding="utf-8", errors="replace") as file:
        for line in file:
            parts = line.rstrip("\n").split(None, 5)
            if len(parts) == 6 and LIBRARY.search(parts[5]):
                paths.add(parts[5])
    return sorted(paths)


def stem(path: str) -> str:
    """``libcudart`` of ``…/libcudart-1a2b3c4d.so.11.0``."""
    return re.sub(r"(-[0-9a-f]{8})?\.so.*$", "", Path(path).name)


def library_version(path: str) -> str | None:
    """Version that a loaded CUDA runtime, cuDNN, NCCL or driver library tells of itself; None: it tells none."""
    name, value = stem(path), ctypes.c_int(0)
    try:
        library = ctypes.CDLL(path)
        if name == "libcudnn":
            library.cudnnGetVersion.restype = ctypes.c_size_t
            number = int(library.cudnnGetVersion())
            base = 10000 if number >= 90000 else 1000  # cuDNN 9 widened the major
            return f"{number // base}.{number % base // 100}.{number % 100}"
        if name in ("libcudart", "libcuda"):
            call = library.cudaRuntimeGetVersion if name == "libcudart" else library.cuDriverGetVersion
            call(ctypes.byref(value))
            return f"{value.value // 1000}.{value.value % 1000 // 10}"
        if name == "libnccl":
            library.ncclGetVersion(ctypes.byref(value))
            number = value.value
            base = 10000 if number >= 10000 else 1000
            return f"{number // base}.{number % base // 100}.{number % 100}"
    except (OSError, AttributeError):
        pass
    return None


def describe_libraries(recorder: Recorder) -> None:
    """Put the loaded libraries, paths below the prefix made relative, into the result."""
    prefix = realpath(sys.prefix) + sep
    libraries, versions = [], {}
    for path in loaded_paths():
        inside = realpath(path).startswith(prefix)
        shown = relpath(realpath(path), prefix) if inside else path
        libraries.append({"path": shown, "inside": inside})
        version = library_version(path)
        if version is not None:
            versions[stem(path)] = version
    recorder.result["libraries"] = libraries
    recorder.result["loaded"] = versions
    recorder.save()


def check_libraries(recorder: Recorder, gpu: bool) -> Seen:
    """Fail on two majors of one library, on CUDA from outside the prefix, and on no CUDA at all."""
    describe_libraries(recorder)
    libraries = recorder.result["libraries"]
    names = {stem(library["path"]) for library in libraries}
    if gpu and not (
        "libcuda" in names and names & {"libcudart", "libtorch_cuda", "libtensorflow_framework", "libcudnn"}
    ):
        raise Wrong("no CUDA driver or runtime library was ever loaded into this process")
    cuda = [one["path"] for one in libraries if re.match(r"lib(cu|nccl|nv)", stem(one["path"]))]
    outside = [
        one["path"]
        for one in libraries
        if not one["inside"] and one["path"] in cuda and not DRIVER.match(stem(one["path"]))
    ]
    if outside:
        raise Wrong("loaded from outside the environment: " + ", ".join(outside))
    majors: dict[str, set[str]] = {}
    for path in cuda:
        match = re.search(r"\.so\.(\d+)", path)
        if match:
            majors.setdefault(stem(path), set()).add(match.group(1))
    twice = sorted(name for name, seen in majors.items() if len(seen) > 1)
    if twice:
        raise Wrong("two majors are loaded at once: " + ", ".join(twice))
    return float(len(cuda)), f"{len(cuda)} CUDA libraries"
