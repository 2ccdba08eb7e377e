"""Which packages say by their name or version that they hold GPU code, or open some, although no row speaks of them.

A guess that is meant to be generous: it decides nothing but what is told as not known.
"""

from __future__ import annotations

import re

from solver.core.frameworks import COMPANIONS, FRAMEWORKS

CUDA_PREFIX = "nvidia-"
"""How NVIDIA's distributions begin, those that no row speaks of too."""

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
    r"|pytorch3d|rmm|sageattention|sgl-kernel|spconv|tensorrt(-llm)?|tilelang|(py)?torch-(cluster|scatter|sparse|spline-conv)"
    r"|torch-tensorrt|torchao|torchcodec|transformer-engine(-\w+)?|vllm|warp-lang|xformers|xgboost"
)
"""Those that have GPU code and do not say so in their names."""


def nightly_of(name: str) -> str | None:
    """The title of the framework whose nightly builds have this name; None where it is no such name."""
    nightlies = ((entry.nightly, entry.title) for entry in FRAMEWORKS.values())
    return next((title for nightly, title in nightlies if nightly and f"{name}-".startswith(f"{nightly}-")), None)


def goes_with_a_framework(name: str) -> bool:
    """Whether a distribution belongs to a framework, whose rows tell of it: its companions and its compiler."""
    return name in COMPANIONS or any(name == entry.compiler for entry in FRAMEWORKS.values())


def is_cuda_package(name: str) -> bool:
    """Whether a distribution is named as NVIDIA names those that bring CUDA libraries."""
    return name.startswith(CUDA_PREFIX) and name not in _NO_LIBRARY


def is_named_for_gpu(name: str, version: str = "") -> bool:
    """Whether the name of a distribution, or the local part of its version, says that it has GPU code."""
    if nightly_of(name) is not None or _BY_NAME.fullmatch(name) is not None or _LOCAL.search(version) is not None:
        return True
    return not name.startswith(_BINDINGS) and _IN_NAME.search(name) is not None
