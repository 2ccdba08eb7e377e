"""The probes of a lock, and what each of their checks must show before a record counts: one table, by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Annotated, Literal

import msgspec

from solver.core.frameworks import FRAMEWORKS, preferred_first
from solver.core.model import Framework
from solver.matrix.builds import local_cuda
from solver.matrix.rows import NONE

Lack = Literal["compiler", "torch.compile", "several GPUs", "numpy", "limit"]
"""Why a check cannot be made where the probe runs; the probes write the same words."""
Order = Annotated[tuple[Framework, ...], msgspec.Meta(min_length=1)]
"""The frameworks that a probe imports, in that order."""

TF32_TOLERANCE = 5e-3
"""Relative to the norm, where TF32 may be used."""
EXACT_TOLERANCE = 1e-4
"""Relative to the norm, with TF32 off."""


@dataclass(frozen=True)
class Demand:
    """What a check must show."""

    figure: bool = False
    """Whether it must have measured something."""
    tolerance: float | None = None
    """Largest tolerance that its figure may have been held to; None: the figure is no error."""
    excuses: frozenset[Lack] = frozenset()
    """What it may be skipped for."""


_SEEN = Demand()
_MEASURED = Demand(figure=True)
_COMPARED = Demand(figure=True, tolerance=TF32_TOLERANCE)
_EXACT = Demand(figure=True, tolerance=EXACT_TOLERANCE)
_COMPILED = Demand(excuses=frozenset({"compiler", "torch.compile"}))
SEVERAL_GPUS: Lack = "several GPUs"
_BETWEEN_GPUS = Demand(excuses=frozenset({SEVERAL_GPUS}))

_ON_CPU: Mapping[Framework, Mapping[str, Demand]] = {
    "torch": {"torch.cpu": _EXACT},
    "tensorflow": {"tensorflow.cpu": _EXACT, "tensorflow.fit": _MEASURED},
    "jax": {"jax.cpu": _EXACT},
}
"""What a framework must show of which the lock holds a CPU build, beside another that uses the GPU."""

_OPERATIONS = ("matmul", "convolution", "fft", "cholesky")


def _operations(framework: str) -> Iterator[tuple[str, Demand]]:
    for name in _OPERATIONS:
        yield f"{framework}.{name}", _COMPARED
        yield f"{framework}.{name}.fp32", _EXACT


_OF_FRAMEWORK: Mapping[Framework, Mapping[str, Demand]] = {
    "torch": {
        "torch.available": _SEEN,
        "torch.device": _SEEN,
        "torch.memory": _MEASURED,
        "torch.autocast": _MEASURED,
        **dict(_operations("torch")),
    },
    "tensorflow": {
        "tensorflow.built": _SEEN,
        "tensorflow.devices": _SEEN,
        "tensorflow.growth": _SEEN,
        "tensorflow.fit": _MEASURED,
        "tensorflow.mixed_float16": _MEASURED,
        "tensorflow.xla": _COMPARED,
        **dict(_operations("tensorflow")),
    },
    "jax": {
        "jax.devices": _SEEN,
        "jax.memory": _MEASURED,
        "jax.jit": _COMPARED,
        "jax.grad": _MEASURED,
        "jax.pmap": _BETWEEN_GPUS,
        **dict(_operations("jax")),
    },
}
_TOGETHER: Mapping[frozenset[Framework], Mapping[str, Demand]] = {
    frozenset({"torch", "tensorflow"}): {
        "together.memory": _MEASURED,
        "together.dlpack": _MEASURED,
        "together.threads": _COMPARED,
        "together.nccl.torch": _BETWEEN_GPUS,
        "together.nccl.tensorflow": _BETWEEN_GPUS,
    },
    frozenset({"torch", "jax"}): {"together.dlpack.torch.jax": _MEASURED},
    frozenset({"tensorflow", "jax"}): {"together.dlpack.jax.tensorflow": _MEASURED},
    frozenset({"torch", "tensorflow", "jax"}): {"together.dlpack.torch.jax.tensorflow": _MEASURED},
}
"""What frameworks must show of each other that all use the GPU, wherever they are in one process."""


def demanded_checks(order: Order, cpu: Collection[Framework] = ()) -> Mapping[str, Demand]:
    """What a probe of this order must have checked, by name of the check, in the order of names.

    ``cpu`` are the frameworks that the lock means for the CPU.
    """
    together = len(order) > 1
    table = {f"{name}.import": _SEEN for name in order} | {"libraries": _SEEN}
    for name in order:
        table |= _ON_CPU[name] if name in cpu else _OF_FRAMEWORK[name]
    if together:
        table |= _together(order, cpu)
    if order[0] not in cpu and FRAMEWORKS[order[0]].compiles_alone:
        # Compiling before another framework comes in and compiling alone are one thing under two names.
        table["together.compile.before" if together else f"{order[0]}.compile"] = _COMPILED
    return dict(sorted(table.items()))


def orders(frameworks: Iterable[str]) -> tuple[Order, ...]:
    """The probes of a lock with these frameworks: each alone, each two in both orders, then all, each of them first."""
    present = set(frameworks)
    named = preferred_first(name for name in FRAMEWORKS if name in present)
    some = [order for length in (1, 2) for order in permutations(named, length)]
    turns = [(*named[at:], *named[:at]) for at in range(len(named))] if len(named) > 2 else []
    return (*some, *turns)


def frameworks_of(packages: Mapping[str, str]) -> tuple[Framework, ...]:
    """The frameworks among the packages of a lock."""
    return tuple(
        preferred_first(
            entry.name for entry in FRAMEWORKS.values() if {*entry.distributions, entry.conda} & set(packages)
        )
    )


def _together(order: Order, cpu: Collection[Framework]) -> Mapping[str, Demand]:
    """What those must show together that use the GPU; ``cpu`` have none to share."""
    using = frozenset(order) - frozenset(cpu)
    table = {name: demand for those, some in _TOGETHER.items() if those <= using for name, demand in some.items()}
    if any(FRAMEWORKS[name].compiles_alone for name in using):
        table["together.compile.after"] = _COMPILED
    return table


def on_cpu(packages: Mapping[str, str]) -> tuple[Framework, ...]:
    """The frameworks that a lock of these packages (version by name) means for the CPU, beside one that uses the GPU.

    Its distribution says so (tensorflow-cpu), its version (2.13.0+cpu), or that no plugin of it is there. A lock of
    CPU builds alone has no such.
    """
    frameworks = frameworks_of(packages)
    cpu = tuple(
        name
        for name in frameworks
        if FRAMEWORKS[name].cpu in packages
        or (FRAMEWORKS[name].plugins and not set(FRAMEWORKS[name].coded) & set(packages))
        or any(local_cuda(packages[one]) == NONE for one in FRAMEWORKS[name].distributions if one in packages)
    )
    return () if len(cpu) == len(frameworks) else cpu
