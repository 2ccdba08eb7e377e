"""What the driver of a machine says of itself and of its GPUs."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace

import pynvml
import pytest

from solver.core.answer import NOT_KNOWN
from solver.core.machine import Gpu, Machine, this_machine

UUID = "GPU-5c0a1d2e"


def refuses(*arguments):
    raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)


@pytest.fixture
def driver(monkeypatch):
    """A driver with two GPUs of one kind; a test makes some of its calls fail."""
    calls = {
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: None,
        "nvmlSystemGetDriverVersion": lambda: "580.65.06",
        "nvmlDeviceGetCount": lambda: 2,
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetName": lambda handle: "NVIDIA H100",
        "nvmlDeviceGetUUID": lambda handle: f"{UUID}-{handle}",
        "nvmlDeviceGetCudaComputeCapability": lambda handle: (9, 0),
        "nvmlDeviceGetMemoryInfo": lambda handle: SimpleNamespace(total=85_520_809_984),
    }
    for name, call in calls.items():
        monkeypatch.setattr(pynvml, name, call)
    return monkeypatch


def gpu(number, memory=85_520_809_984):
    digest = hashlib.sha256(f"{UUID}-{number}".encode()).hexdigest()
    return Gpu(name="NVIDIA H100", uuid=digest, capability="9.0", memory=memory)


def test_a_driver_tells_its_version_and_its_gpus(driver):
    assert this_machine() == Machine(driver="580.65.06", gpus=(gpu(0), gpu(1)))


@pytest.mark.parametrize(
    "name",
    [
        "nvmlDeviceGetHandleByIndex",
        "nvmlDeviceGetName",
        "nvmlDeviceGetUUID",
        "nvmlDeviceGetCudaComputeCapability",
    ],
)
def test_a_gpu_that_does_not_say_which_one_it_is_is_left_out(driver, name):
    call = getattr(pynvml, name)
    driver.setattr(pynvml, name, lambda of: refuses() if of == 0 else call(of))
    assert this_machine() == Machine(driver="580.65.06", gpus=(gpu(1),))


def test_a_gpu_that_shares_the_memory_of_the_machine_tells_none(driver):
    driver.setattr(pynvml, "nvmlDeviceGetMemoryInfo", refuses)
    assert this_machine() == Machine(driver="580.65.06", gpus=(gpu(0, memory=0), gpu(1, memory=0)))


@pytest.mark.parametrize("name", ["nvmlDeviceGetCount", "nvmlSystemGetDriverVersion"])
def test_what_is_refused_leaves_the_rest(driver, name):
    driver.setattr(pynvml, name, refuses)
    whole = Machine(driver="580.65.06", gpus=(gpu(0), gpu(1)))
    less = {
        "nvmlDeviceGetCount": Machine(driver=whole.driver),
        "nvmlSystemGetDriverVersion": Machine(driver=NOT_KNOWN, gpus=whole.gpus),
    }
    assert this_machine() == less[name]


def test_a_machine_without_a_driver_is_empty_and_says_nothing(driver, capfd):
    def missing():
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    driver.setattr(pynvml, "nvmlInit", missing)
    assert this_machine() == Machine()
    assert capfd.readouterr() == ("", "")


def test_this_machine_is_asked_without_failing():
    machine = this_machine()
    assert (machine.driver is None) == (machine.gpus == ())
