"""Which packages hold GPU code, or open some, although no row speaks of them: by name, requirements and files.

A guess that is meant to be generous: it decides nothing but what is told as not checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from solver.audit.context import AuditContext
from solver.audit.package_set import Package, parsed
from solver.audit.prefix_files import records
from solver.core.answer import NotKnown
from solver.core.elf import read_dynamic
from solver.core.frameworks import FRAMEWORKS
from solver.core.markers import applies
from solver.core.model import PypiName
from solver.core.target import marker_environment
from solver.index import ReleaseRefused

CUDA_PREFIX = "nvidia-"
"""How NVIDIA's distributions begin, those that no row speaks of too."""
TOOLKIT = "cuda-toolkit"
"""The metapackage of a toolkit's distributions."""

_NO_LIBRARY = frozenset({"nvidia-ml-py", "nvidia-pyindex"})
"""Of them those that hold neither a CUDA library nor GPU code."""
_IN_NAME = re.compile(r"(^|-)(cuda|gpu|rocm)(\d+x?)?(-|$)|(^|-)cu\d{2,3}(-|$)")
"""jax-cuda12-plugin, onnxruntime-gpu, cupy-cuda11x, cudf-cu12."""
_BINDINGS = "cuda-"
"""How NVIDIA's python bindings and its package that merely asks for others begin: no GPU code of theirs."""
_LOCAL = re.compile(r"\+.*(cu\d{2,3}|cuda|rocm)")
"""Local part of a version: 2.1.2+pt21cu121."""
_BY_NAME = re.compile(
    r"apex|(auto-)?gptq(model)?|autoawq|bitsandbytes|causal-conv1d|ctranslate2|cucim|cudf|cugraph|cuml|cupy|dgl|exllamav2"
    r"|faiss|flash-attn(-\d+)?|flashinfer(-python)?|lmdeploy|mamba-ssm|mxnet|natten|onnxruntime-training|pycuda|pyg-lib"
    r"|pytorch3d|rmm|sageattention|sgl-kernel|spconv|tensorrt(-llm)?|tilelang|torch-(cluster|scatter|sparse|spline-conv)"
    r"|torch-tensorrt|torchao|torchcodec|transformer-engine(-\w+)?|vllm|warp-lang|xformers|xgboost"
)
"""Those that have GPU code and do not say so in their names."""
_LIBRARY_FILE = re.compile(r"\.(so(\.\d+)*|dll|pyd)$")
_GPU_FILE = re.compile(r"cuda|cublas|cudnn|cufft|cusolver|cusparse|nvrtc|nccl", re.IGNORECASE)
"""In the name of a file, or of a library that it is linked to: libcudart.so.12, flash_attn_2_cuda.so."""


def is_cuda_package(name: str) -> bool:
    """Whether a distribution is named as NVIDIA names those that bring CUDA libraries."""
    return name.startswith(CUDA_PREFIX) and name not in _NO_LIBRARY


def nightly_of(name: str) -> str | None:
    """The title of the framework whose nightly builds have this name; None where it is no such name."""
    nightlies = ((entry.nightly, entry.title) for entry in FRAMEWORKS.values())
    return next((title for nightly, title in nightlies if nightly and f"{name}-".startswith(f"{nightly}-")), None)


def holds_gpu_code(context: AuditContext, package: Package, name: PypiName) -> bool:
    """Whether something says of a package that no row speaks of that it holds GPU code or opens some.

    ``name`` is its name on the package index.
    """
    if package.origin == "conda":
        # conda's CUDA libraries are the concern of its own solver; python's packages meet the frameworks.
        build = package.build or ""
        return "py" in build and (_is_named_so(name) or ("cuda" in build and not _is_of_a_framework(name)))
    return (
        _is_named_so(name)
        or _LOCAL.search(package.version or "") is not None
        or _asks_for_cuda(context, package)
        or _has_gpu_files(context, name)
    )


def _is_named_so(name: str) -> bool:
    if nightly_of(name) is not None or _BY_NAME.fullmatch(name) is not None:
        return True
    return not name.startswith(_BINDINGS) and _IN_NAME.search(name) is not None


def _is_of_a_framework(name: str) -> bool:
    """Whether a conda package is named as a part of a framework is: tensorflow-base, tensorflow-estimator."""
    return any(name.startswith(f"{entry.conda}-") for entry in FRAMEWORKS.values())


def _asks_for_cuda(context: AuditContext, package: Package) -> bool:
    """Whether it asks for a CUDA library, other than under an extra that nobody named."""
    try:
        texts = context.requires(package)
    except ReleaseRefused:  # told by the code ``metadata``
        return False
    if isinstance(texts, NotKnown):  # so is that nobody read them
        return False
    asked = [requirement for text in texts if is_cuda_package(text.lower()) and (requirement := parsed(text))]
    environment = marker_environment(context.target) if asked else {}
    return any(
        is_cuda_package(requirement.name.lower()) and applies(requirement.marker, environment, package.extras)
        for requirement in asked
    )


def _has_gpu_files(context: AuditContext, name: PypiName) -> bool:
    """Whether a shared library that it installed into the prefix is CUDA's, or is linked to one."""
    if context.set.prefix is None:
        return False
    paths = records(Path(context.set.prefix)).get(name, {})
    libraries = [path for path in paths if _LIBRARY_FILE.search(path.name)]
    return any(_GPU_FILE.search(path.name) for path in libraries) or any(map(_is_linked_to_cuda, libraries))


def _is_linked_to_cuda(path: Path) -> bool:
    try:
        with path.open("rb") as library:
            needed: Iterable[str] = read_dynamic(library).needed
    except (ValueError, OSError):  # no ELF file, or gone; other codes tell what is broken in it
        return False
    return any(_GPU_FILE.search(soname) for soname in needed)
