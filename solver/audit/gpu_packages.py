"""Which packages hold GPU code, or open some, although no row speaks of them.

They do by their names (``matrix/gpu_names``), requirements and files.

A guess that is meant to be generous: it decides nothing but what is told as not checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from solver.audit.context import AuditContext
from solver.audit.package_set import Package, parsed
from solver.audit.prefix_files import records
from solver.core.answer import Answer, NotKnown, answer
from solver.core.elf import read_dynamic
from solver.core.frameworks import FRAMEWORKS
from solver.core.markers import applies
from solver.core.model import PypiName
from solver.core.target import marker_environment
from solver.index import ReleaseRefused
from solver.matrix.conda_builds import build_cuda, may_be_cuda
from solver.matrix.gpu_names import is_cuda_package, is_named_for_gpu
from solver.matrix.rows import NONE

_LIBRARY_FILE = re.compile(r"\.(so(\.\d+)*|dll|pyd)$")
_GPU_FILE = re.compile(r"cuda|cublas|cudnn|cufft|cusolver|cusparse|nvrtc|nccl", re.IGNORECASE)
"""In the name of a file, or of a library that it is linked to: libcudart.so.12, flash_attn_2_cuda.so."""


def holds_gpu_code(context: AuditContext, package: Package, name: PypiName) -> Answer:
    """Whether something says of a package that no row speaks of that it holds GPU code or opens some.

    ``name`` is its name on the package index. NOT_KNOWN where nothing does, and nobody read its requirements.
    """
    if package.origin == "conda":
        return answer(_is_gpu_build_of_conda(context, package, name))
    asks = Answer.YES if is_named_for_gpu(name, package.version or "") else _asks_for_cuda(context, package)
    return asks if asks is Answer.YES or not _has_gpu_files(context, name) else Answer.YES


def _is_gpu_build_of_conda(context: AuditContext, package: Package, name: PypiName) -> bool:
    if package.build is not None and "py" not in package.build:
        # conda's CUDA libraries are the concern of its own solver; python's packages meet the frameworks.
        return False
    build = package.build or package.build_pattern or ""
    if _is_untold_framework(context, name):
        return build_cuda(build.strip("*")) != NONE
    is_library = package.build is None and name.startswith("lib")
    by_build = may_be_cuda(build) and not is_library and not _is_of_a_framework(name)
    return is_named_for_gpu(name) or by_build


def _is_untold_framework(context: AuditContext, name: PypiName) -> bool:
    """Whether it holds the GPU code of a framework of whose builds by conda no row tells, as far as the set says."""
    holders = [
        next((one for one in (entry.conda_code, entry.conda) if one in context.packages), None)
        for entry in FRAMEWORKS.values()
        if not entry.from_conda
    ]
    return name in holders


def _is_of_a_framework(name: str) -> bool:
    """Whether a conda package is named as a part of a framework is: tensorflow-base, tensorflow-estimator."""
    return any(name.startswith(f"{entry.conda}-") for entry in FRAMEWORKS.values())


def _asks_for_cuda(context: AuditContext, package: Package) -> Answer:
    """Whether it asks for a CUDA library, other than under an extra that nobody named."""
    try:
        texts = context.requires(package)
    except ReleaseRefused:
        return Answer.NOT_KNOWN
    if isinstance(texts, NotKnown):
        return Answer.NOT_KNOWN
    requirements = [requirement for text in texts if is_cuda_package(text.lower()) and (requirement := parsed(text))]
    environment = marker_environment(context.target) if requirements else {}
    return answer(
        any(
            is_cuda_package(requirement.name.lower()) and applies(requirement.marker, environment, package.extras)
            for requirement in requirements
        )
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
