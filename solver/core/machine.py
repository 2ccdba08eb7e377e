"""The GPUs and the driver of this machine, asked of the driver itself (NVML)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.model import Digest, Value


class Gpu(Value, frozen=True, kw_only=True):
    """The GPU as the driver names it."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029|<>`]+\Z")]
    """On one line, and nothing that would break a table."""
    uuid: Digest
    """SHA-256 of the UUID, which tells two machines apart without naming one."""
    capability: Annotated[str, msgspec.Meta(pattern=r"^[0-9]+\.[0-9]\Z")]
    memory: Annotated[int, msgspec.Meta(ge=0)]
    """Bytes; 0 where the GPU shares the memory of the machine and has none to tell."""


class Machine(Value, frozen=True, kw_only=True):
    """What the driver says; no GPU and no driver where there is none."""

    driver: str | NotKnown | None = None
    """Its release; NOT_KNOWN: it does not tell; None: no NVIDIA driver answers."""
    gpus: tuple[Gpu, ...] = ()


def this_machine() -> Machine:
    """Ask the driver; an empty ``Machine`` where no NVIDIA driver answers."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return Machine()
    try:
        answers = (_gpu(index) for index in range(_answer(pynvml.nvmlDeviceGetCount) or 0))
        gpus = tuple(gpu for gpu in answers if gpu is not None)
        return Machine(driver=_answer(pynvml.nvmlSystemGetDriverVersion) or NOT_KNOWN, gpus=gpus)
    finally:
        _answer(pynvml.nvmlShutdown)


def _gpu(index: int) -> Gpu | None:
    """The GPU of that index; None where it does not say which one it is."""
    import pynvml

    handle = _answer(pynvml.nvmlDeviceGetHandleByIndex, index)
    if handle is None:
        return None
    name, uuid = _answer(pynvml.nvmlDeviceGetName, handle), _answer(pynvml.nvmlDeviceGetUUID, handle)
    capability = _answer(pynvml.nvmlDeviceGetCudaComputeCapability, handle)
    if not name or not uuid or capability is None:
        return None
    memory = _answer(pynvml.nvmlDeviceGetMemoryInfo, handle)
    return Gpu(
        name=name,
        uuid=hashlib.sha256(uuid.encode()).hexdigest(),
        capability="{}.{}".format(*capability),
        memory=0 if memory is None else memory.total,
    )


def _answer(call: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401 - what NVML answers
    """What the driver answers to one call; None where it refuses."""
    import pynvml

    try:
        return call(*arguments)
    except pynvml.NVMLError:
        return None
