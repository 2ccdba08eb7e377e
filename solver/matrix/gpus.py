"""What the rows say of GPUs: their names, and which code, toolkit and cuDNN serves them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from packaging.version import Version

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, Verdict, answer, every
from solver.core.errors import BadInput
from solver.core.spelling import either, near_names
from solver.core.versions import as_specifier, major, numbers
from solver.matrix.rows import CudaToolkit, Cudnn, GpuModels
from solver.matrix.rules import admits

_BRANDS = frozenset({"nvidia", "geforce", "tesla", "quadro"})
# How nvidia-smi tells the boards of one product apart: "NVIDIA A100-SXM4-40GB", "NVIDIA H100 80GB HBM3".
_BOARD = re.compile(
    r"sxm\d?|pcie|nvl\d*|hbm\d\w?|\d+gb|mig|\d+g\.\d+gb|laptop|gpu|with|max|q|design|generation|server|workstation|edition"
)


def resolve_gpus(names: Sequence[str], gpus: Sequence[GpuModels]) -> tuple[str, ...]:
    """Compute capabilities, ascending, of ``names``: capabilities ("9.0") or products ("H100", "RTX 4090").

    Raises ``BadInput`` for a name that no row of ``gpus`` has, or that several capabilities share.
    """
    capabilities = {_capability(name, gpus) for name in names}
    return tuple(sorted(capabilities, key=Version))


def is_capability(name: str) -> bool:
    """Whether ``name`` is a compute capability such as "9.0", and no product's name."""
    return re.fullmatch(r"\d{1,2}\.\d", name) is not None


def toolkit_serves(toolkit: CudaToolkit, gpu: str) -> Verdict:
    """Whether programs of a CUDA toolkit can have code for compute capability ``gpu``, and why not.

    A GPU that is newer than the toolkit is served through PTX, which its driver compiles, so that
    only the lower end of what the toolkit's compiler knows refuses.
    """
    return _verdict(_at_most(toolkit.gpu_min, gpu), gpu, toolkit)


def cudnn_row(version: str, rows: Iterable[Cudnn]) -> Cudnn | NotKnown:
    """The row that tells of a cuDNN release."""
    fitting = (row for row in rows if admits(row.cudnn, version) is Answer.YES)
    return min(fitting, key=lambda row: row.id, default=NOT_KNOWN)


def cudnn_serves(version: str, gpu: str, rows: Sequence[Cudnn]) -> Verdict:
    """Whether a cuDNN release has kernels for compute capability ``gpu``, and why not; of both ends."""
    row = cudnn_row(version, rows)
    if isinstance(row, NotKnown):
        return Verdict(Answer.NOT_KNOWN, f"no row tells which GPUs cuDNN {version} serves", "matrices/cudnn.yaml")
    limit = _newer_limit(version, gpu, rows) if isinstance(row.gpu_max, NotKnown) else None
    if limit is not None:
        why = f"cuDNN {limit.cudnn} serves compute capability {span(limit)}, and none before it a newer GPU than that"
        return Verdict(Answer.NO, why, limit.source, limit.id)
    upper = Answer.YES if _knew(version, gpu, rows) else _at_most(gpu, row.gpu_max)
    return _verdict(every((_at_most(row.gpu_min, gpu), upper)), gpu, row)


# A cuDNN may drop old GPUs; of the new ones each release of a major knows whatever those before it knew. So the
# newest GPU of a release that nobody read lies between those of its neighbours.


def _newer_limit(version: str, gpu: str, rows: Iterable[Cudnn]) -> Cudnn | None:
    """A row of later releases of the same major that do not know a GPU as new as ``gpu`` either."""
    later = (row for row in _of_major(version, rows) if numbers(_first(row)) > numbers(version))
    return min((row for row in later if is_newer(gpu, row)), key=lambda row: numbers(_first(row)), default=None)


def _knew(version: str, gpu: str, rows: Iterable[Cudnn]) -> bool:
    """Whether a release of the same major before ``version`` knew a GPU as new as ``gpu``."""
    earlier = (row for row in _of_major(version, rows) if numbers(_first(row)) <= numbers(version))
    return any(_at_most(gpu, row.gpu_max) is Answer.YES for row in earlier)


def _of_major(version: str, rows: Iterable[Cudnn]) -> Iterator[Cudnn]:
    return (row for row in rows if _first(row) and major(_first(row)) == major(version))


def _first(row: Cudnn) -> str:
    """The first release that a row tells of; "" where its specifier names none."""
    return next((clause.version for clause in as_specifier(row.cudnn) if clause.operator == ">="), "")


def is_newer(gpu: str, row: CudaToolkit | Cudnn) -> bool:
    """Whether a GPU is surely newer than any that a toolkit's compiler or a cuDNN knows."""
    return _at_most(gpu, row.gpu_max) is Answer.NO


def span(row: CudaToolkit | Cudnn) -> str:
    """The compute capabilities that a row names, in words: "5.0 to 9.0"."""
    lowest = row.gpu_min if isinstance(row.gpu_min, str) else "the first"
    highest = row.gpu_max if isinstance(row.gpu_max, str) else "the newest"
    return f"{lowest} to {highest}"


def _verdict(served: Answer, gpu: str, row: CudaToolkit | Cudnn) -> Verdict:
    why = {
        Answer.YES: "",
        Answer.NO: f"it serves compute capability {span(row)}, not {gpu}",
        Answer.NOT_KNOWN: f"nobody read whether it serves compute capability {gpu}",
    }
    return Verdict(served, why[served], row.source, row.id)


def _at_most(low: str | NotKnown, high: str | NotKnown) -> Answer:
    if isinstance(low, NotKnown) or isinstance(high, NotKnown):
        return Answer.NOT_KNOWN
    return answer(Version(low) <= Version(high))


def _capability(name: str, gpus: Sequence[GpuModels]) -> str:
    if is_capability(name):
        return name
    model = _product(name)
    matches = {row.gpu for row in gpus for product in row.products if _product(product) == model}
    if len(matches) == 1:
        return matches.pop()
    if matches:
        both = " and ".join(sorted(matches, key=Version))
        problem = f'"{name}" is the name of GPUs of compute capability {both}'
        raise BadInput(problem, key="gpu", fix="write the one you mean")
    near = _near(model, gpus)
    otherwise = 'write its compute capability, such as "9.0", or add it to the gpus matrix'
    fix = f"did you mean {either(near)}? otherwise {otherwise}" if near else otherwise
    raise BadInput(f'no GPU is known by the name "{name}"', key="gpu", fix=fix)


def _near(model: str, gpus: Sequence[GpuModels]) -> tuple[str, ...]:
    """Products of which the name is a part ("A6000", "RTX 4090 D"), or else those that are spelled alike."""
    products = {_product(product): product for row in gpus for product in row.products}
    parts = sorted((name for name in products if name.endswith(model) or model.startswith(name)), key=len)
    near = parts[:3] if len(model) > 2 and parts else near_names(model, products)
    return tuple(products[name] for name in near)


def _product(name: str) -> str:
    """Compare products without vendor, brand, board, case and spacing: "NVIDIA GeForce RTX 4090" is "rtx4090".

    A laptop's GPU has the capability of its desktop namesake.
    """
    words = re.sub(r"\(.*?\)", "", name).lower().replace("-", " ").replace("_", " ").split()
    return "".join(word for word in words if word not in _BRANDS and not _BOARD.fullmatch(word))
