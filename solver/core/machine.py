"""The GPUs and the driver of this machine, asked of the driver itself (NVML)."""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from solver.core.model import Digest, Value


class Gpu(Value, frozen=True, kw_only=True):
    """The GPU as the driver names it."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029|<>`]+\Z")]
    """On one line, and nothing that would break a table."""
    uuid: Digest
    """SHA-256 of the UUID, which tells two machines apart without naming one."""
    capability: Annotated[str, msgspec.Meta(pattern=r"^[0-9]+\.[0-9]\Z")]
    memory: Annotated[int, msgspec.Meta(gt=0)]
    """Bytes."""


class Machine(Value, frozen=True, kw_only=True):
    """What the driver says; no GPU and no driver where there is none."""

    driver: str | None = None
    gpus: tuple[Gpu, ...] = ()


class _Memory(ctypes.Structure):
    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


def _text(call: Callable[..., int], *arguments: Any) -> str:  # noqa: ANN401 - handles of a C library
    buffer = ctypes.create_string_buffer(128)
    if call(*arguments, buffer, 128) != 0:
        return ""
    return buffer.value.decode(errors="replace")


def _gpu(nvml: Any, index: int) -> Gpu | None:  # noqa: ANN401
    handle = ctypes.c_void_p()
    if nvml.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(handle)) != 0:
        return None
    major, minor, memory = ctypes.c_int(), ctypes.c_int(), _Memory()
    nvml.nvmlDeviceGetCudaComputeCapability(handle, ctypes.byref(major), ctypes.byref(minor))
    nvml.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(memory))
    name, uuid = _text(nvml.nvmlDeviceGetName, handle), _text(nvml.nvmlDeviceGetUUID, handle)
    if not name or not uuid:
        return None
    return Gpu(
        name=name,
        uuid=hashlib.sha256(uuid.encode()).hexdigest(),
        capability=f"{major.value}.{minor.value}",
        memory=memory.total,
    )


def this_machine() -> Machine:
    """Ask the driver; an empty ``Machine`` where no NVIDIA driver answers."""
    try:
        nvml = ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return Machine()
    if nvml.nvmlInit_v2() != 0:
        return Machine()
    try:
        count = ctypes.c_uint()
        nvml.nvmlDeviceGetCount_v2(ctypes.byref(count))
        found = (_gpu(nvml, index) for index in range(count.value))
        driver = _text(nvml.nvmlSystemGetDriverVersion)
        return Machine(driver=driver or None, gpus=tuple(gpu for gpu in found if gpu is not None))
    finally:
        nvml.nvmlShutdown()
