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
from solver.core.markers import applies
from solver.core.model import PypiName
from solver.core.target import marker_environment
from solver.index import ReleaseRefused
from solver.matrix.conda_builds import may_hold_code
from solver.matrix.gpu_names import is_cuda_package, is_named_for_gpu

_LIBRARY_FILE = re.compile(r"\.(so(\.\d+)*|dll|pyd)$")
_GPU_FILE = re.compile(r"cuda|cublas|cudnn|cufft|cusolver|cusparse|nvrtc|nccl", re.IGNORECASE)
"""In the name of a file, or of a library that it is linked to: libcudart.so.12, flash_attn_2_cuda.so."""


def holds_gpu_code(context: AuditContext, package: Package, name: PypiName) -> Answer:
    """Whether something says of a package that no row speaks of that it holds GPU code or opens some.

    ``name`` is its name on the package index. NOT_KNOWN where nothing does, and nobody read its requirements.
    """
    if package.from_conda:
        pattern = package.build_pattern or ""
        return answer(may_hold_code(name, package.build, pattern, context.packages))
    asks = Answer.YES if is_named_for_gpu(name, package.version or "") else _asks_for_cuda(context, package)
    return asks if asks is Answer.YES or not _has_gpu_files(context, name) else Answer.YES


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
