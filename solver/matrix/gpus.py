"""What the rows say of GPUs: their names, and which code, toolkit and cuDNN serves them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from packaging.version import Version

from solver.core.errors import BadInput
from solver.matrix.rows import GpuModels


def resolve_gpus(names: Sequence[str], gpus: Sequence[GpuModels]) -> tuple[str, ...]:
    """Compute capabilities, ascending, of ``names``: capabilities ("9.0") or products ("H100", "RTX 4090").

    Raises ``BadInput`` for a name that no row of ``gpus`` has, or that several capabilities share.
    """
    found = {_capability(name, gpus) for name in names}
    return tuple(sorted(found, key=Version))


def is_capability(name: str) -> bool:
    """Whether ``name`` is a compute capability such as "9.0", and no product's name."""
    return re.fullmatch(r"\d{1,2}\.\d", name) is not None


def _capability(name: str, gpus: Sequence[GpuModels]) -> str:
    if is_capability(name):
        return name
    asked = _product(name)
    matches = {row.gpu for row in gpus for product in row.products if _product(product) == asked}
    if len(matches) == 1:
        return matches.pop()
    if matches:
        both = " and ".join(sorted(matches, key=Version))
        problem = f'"{name}" is the name of GPUs of compute capability {both}'
        raise BadInput(problem, key="gpu", fix="write the one you mean")
    raise BadInput(
        f'no GPU is known by the name "{name}"',
        key="gpu",
        fix='write its compute capability, such as "9.0", or add it to the gpus matrix',
    )


def _product(name: str) -> str:
    """Compare products without vendor, brand, case and spacing: "NVIDIA GeForce RTX 4090" is "rtx4090"."""
    words = re.sub(r"\(.*?\)", "", name).lower().replace("-", " ").split()
    return "".join(word for word in words if word not in {"nvidia", "geforce", "tesla", "quadro"})
