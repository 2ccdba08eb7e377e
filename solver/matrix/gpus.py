"""What the rows say of GPUs: their names, and which code, toolkit and cuDNN serves them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from packaging.version import Version

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, Verdict
from solver.core.errors import BadInput
from solver.core.spelling import either, near_names
from solver.core.versions import as_specifier, major, numbers
from solver.matrix.rows import CudaToolkit, Cudnn, GpuModels
from solver.matrix.rules import admits

CudaMajor = int | NotKnown
"""The CUDA major that a cuDNN is built for."""
_BRANDS = frozenset({"nvidia", "geforce", "tesla", "quadro", "grid", "blackwell"})
# How nvidia-smi tells the boards of one product apart, and the parts of one that are given to a virtual machine:
# "NVIDIA A100-SXM4-40GB", "NVIDIA H100 80GB HBM3", "NVIDIA A10-24Q".
_BOARD = re.compile(
    r"\d{1,2}[abcq]|sxm\d?|pcie|nvl\d*|hbm\d\w?|\d+gb|mig|\d+g\.\d+gb|laptop|gpu|with|max|q|design|generation|server|workstation|edition"
)

_SPELLED = re.compile(r"(sm_?|compute_?|cc ?)?(?P<major>\d{1,2})\.?(?P<minor>\d)a?")
"""A compute capability as compilers write it: sm_90, compute_120."""


def resolve_gpus(names: Sequence[str], gpus: Sequence[GpuModels]) -> tuple[str, ...]:
    """Compute capabilities, ascending, of ``names``: capabilities ("9.0") or products ("H100", "RTX 4090").

    Raises ``BadInput`` for a name that no row of ``gpus`` has, or that several capabilities share.
    """
    capabilities = {_capability(name, gpus) for name in names}
    return tuple(sorted(capabilities, key=Version))


def is_capability(name: str) -> bool:
    """Whether ``name`` is a compute capability such as "9.0", and no product's name."""
    return re.fullmatch(r"\d{1,2}\.\d", name) is not None


def toolkit_serves(toolkit: CudaToolkit | NotKnown, gpu: str) -> Verdict:
    """Whether programs of a CUDA toolkit can have code for compute capability ``gpu``, and why not.

    NOT_KNOWN where no row tells of the toolkit or nobody read which GPUs its compiler knows.

    A GPU that its compiler does not know is served through PTX, which the driver compiles, so that
    only one that is older than all that it knows is refused. Then YES has a ``why``.
    """
    if isinstance(toolkit, NotKnown):
        why = f"no row tells whether it serves compute capability {gpu}"
        return Verdict(Answer.NOT_KNOWN, why, "matrices/cuda.yaml")
    if isinstance(toolkit.gpus, NotKnown):
        return _verdict(Answer.NOT_KNOWN, f"nobody read whether it serves compute capability {gpu}", toolkit)
    if gpu in toolkit.gpus:
        return _verdict(Answer.YES, "", toolkit)
    if _is_before(gpu, toolkit.gpus[0]):
        return _it(Answer.NO, f"serves compute capability {served(toolkit)}, not {gpu}", toolkit)
    how = _minor_of(gpu, toolkit.gpus)
    means = f"code for {how}" if how else "PTX that the driver compiles"
    return _verdict(
        Answer.YES, f"its compiler does not know compute capability {gpu}, which runs {means} alone", toolkit
    )


def cudnn_row(version: str, rows: Iterable[Cudnn]) -> Cudnn | NotKnown:
    """The row that tells of a cuDNN release."""
    fitting = (row for row in rows if admits(row.cudnn, version) is Answer.YES)
    return min(fitting, key=lambda row: row.id, default=NOT_KNOWN)


def cudnn_serves(version: str | NotKnown, gpu: str, rows: Sequence[Cudnn], cuda: CudaMajor = NOT_KNOWN) -> Verdict:
    """Whether a cuDNN release, as built for a CUDA major, runs on compute capability ``gpu``, and why not.

    A GPU that its vendor does not list may be served all the same: by kernels of a lower minor of the same major,
    or by what the library compiles for newer hardware. Then YES has a ``why``, and is outside what was tested.
    Where ``cuda`` is not known the build that does most counts. A version that nobody read is one inside a wheel.
    """
    if isinstance(version, NotKnown):
        why = f"nobody read which cuDNN it carries, so compute capability {gpu} is not assured"
        return Verdict(Answer.NOT_KNOWN, why)
    row = cudnn_row(version, rows)
    if isinstance(row, NotKnown):
        return Verdict(Answer.NOT_KNOWN, f"no row tells which GPUs cuDNN {version} serves", "matrices/cudnn.yaml")
    if isinstance(row.gpus, NotKnown):
        return _between_neighbours(version, gpu, rows, row)
    return _by_list(gpu, row, row.gpus, cuda)


def _by_list(gpu: str, row: Cudnn, listed: tuple[str, ...], cuda: CudaMajor) -> Verdict:
    lower, only = _minor_of(gpu, listed), f"serves compute capability {served(row)}, not {gpu}"
    if gpu in listed:
        return _verdict(Answer.YES, "", row)
    if _is_before(gpu, listed[0]):
        return _it(Answer.NO, only, row)
    if lower is not None:
        why = f"serves compute capability {served(row)}, and {gpu} only by its kernels for {lower}"
        return _it(Answer.YES, why, row)
    if not _is_before(listed[-1], gpu) or isinstance(row.forward, NotKnown):
        return _verdict(Answer.NOT_KNOWN, f"nobody read whether it serves compute capability {gpu}", row)
    if not (row.forward if isinstance(cuda, NotKnown) else cuda in row.forward):
        return _it(Answer.NO, only, row)
    return _it(
        Answer.YES, f"serves compute capability {served(row)}, and {gpu} only by compiling its kernels first", row
    )


# A cuDNN may drop old GPUs; of the new ones each release of a major knows whatever those before it knew. So of a
# release of which nobody read the list, its neighbours tell: what one before and one after it serve, it serves.


def _between_neighbours(version: str, gpu: str, rows: Sequence[Cudnn], row: Cudnn) -> Verdict:
    if isinstance(row.oldest_gpu, str) and _is_before(gpu, row.oldest_gpu):
        return _it(Answer.NO, f"serves compute capability {served(row)}, not {gpu}", row)
    same = [other for other in rows if _first(other) and major(_first(other)) == major(version)]
    limit = row if _is_beyond(gpu, row) else _newer_limit(version, gpu, same)
    if limit is not None and row.forward == ():
        why = f"serves compute capability {served(limit)}, and none before it a newer GPU than that"
        return _it(Answer.NO, why, row) if limit is row else _verdict(Answer.NO, f"cuDNN {limit.cudnn} {why}", limit)
    # Between two releases that list a GPU none dropped it: what is dropped does not come back.
    before = any(_lists(gpu, other) for other in same if numbers(_first(other)) <= numbers(version))
    after = any(_lists(gpu, other) for other in same if numbers(_first(other)) > numbers(version))
    if (before and after) or _lists(gpu, row):
        return _verdict(Answer.YES, "", row)
    return _verdict(Answer.NOT_KNOWN, f"nobody read whether it serves compute capability {gpu}", row)


def _newer_limit(version: str, gpu: str, rows: Iterable[Cudnn]) -> Cudnn | None:
    """A row of later releases that do not know a GPU as new as ``gpu`` either."""
    later = (row for row in rows if numbers(_first(row)) > numbers(version) and _is_beyond(gpu, row))
    return min(later, key=lambda row: numbers(_first(row)), default=None)


def _lists(gpu: str, row: Cudnn) -> bool:
    """Whether somebody read that a row's releases serve ``gpu``: in their list, or as an end of it."""
    return gpu in (() if isinstance(row.gpus, NotKnown) else row.gpus) or gpu in (row.oldest_gpu, row.newest_gpu)


def _is_beyond(gpu: str, row: Cudnn) -> bool:
    """Whether a GPU is surely newer than any that a row's releases were made for."""
    newest = row.newest_gpu if isinstance(row.gpus, NotKnown) else row.gpus[-1]
    return isinstance(newest, str) and _is_before(newest, gpu)


def _first(row: Cudnn) -> str:
    """The first release that a row tells of; "" where its specifier names none."""
    return next((clause.version for clause in as_specifier(row.cudnn) if clause.operator == ">="), "")


def is_newer(gpu: str, toolkit: CudaToolkit) -> bool:
    """Whether a GPU is surely newer than any that a toolkit's compiler knows."""
    return not isinstance(toolkit.gpus, NotKnown) and _is_before(toolkit.gpus[-1], gpu)


def is_older(gpu: str, row: Cudnn) -> bool:
    """Whether a GPU is surely older than any that a cuDNN serves."""
    oldest = row.oldest_gpu if isinstance(row.gpus, NotKnown) else row.gpus[0]
    return isinstance(oldest, str) and _is_before(gpu, oldest)


def served(row: CudaToolkit | Cudnn) -> str:
    """The compute capabilities that a row names, in words: "8.0, 8.6 and 9.0", or "3.5 and newer"."""
    if not isinstance(row.gpus, NotKnown):
        return " and ".join(part for part in (", ".join(row.gpus[:-1]), row.gpus[-1]) if part)
    ends = (NOT_KNOWN, NOT_KNOWN) if isinstance(row, CudaToolkit) else (row.oldest_gpu, row.newest_gpu)
    if isinstance(ends[0], str):
        return f"{ends[0]} to {ends[1]}" if isinstance(ends[1], str) else f"{ends[0]} and newer"
    return f"{ends[1]} and older" if isinstance(ends[1], str) else "that nobody read"


def _verdict(given: Answer, why: str, row: CudaToolkit | Cudnn) -> Verdict:
    return Verdict(given, why, row.source, row.id)


def _it(given: Answer, predicate: str, row: CudaToolkit | Cudnn) -> Verdict:
    """An answer about what was asked about itself."""
    return Verdict(given, f"it {predicate}", row.source, row.id, predicate)


def _is_before(low: str, high: str) -> bool:
    return numbers(low) < numbers(high)


def _minor_of(gpu: str, listed: Sequence[str]) -> str | None:
    """The newest listed capability whose machine code ``gpu`` runs: of its major, with a lower minor.

    CUDA C++ programming guide, "Binary compatibility".
    """
    lower = (one for one in listed if major(one) == major(gpu) and _is_before(one, gpu))
    return max(lower, key=numbers, default=None)


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
    if spelled := _SPELLED.fullmatch(name.strip().lower()):
        fix = f"did you mean {spelled['major']}.{spelled['minor']}?"
        raise BadInput(f'"{name}" is no compute capability', key="gpu", fix=fix)
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
