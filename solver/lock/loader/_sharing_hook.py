"""Share one GPU between TensorFlow and PyTorch, as the environment's request says.

Interlock puts this module into an environment whose profile has a gpu_sharing
block, for the settings that no environment variable can make. They lie in
_interlock_sharing.json and are applied when a framework is imported, never
before, and whatever a program sets itself afterwards wins:

    torch_fraction       torch.cuda.set_per_process_memory_fraction, on every GPU,
                         when torch first uses CUDA
    tensorflow_limit_mb  tf.config.set_logical_device_configuration, on every GPU
    inter_threads        torch.set_num_interop_threads
    cudnn_benchmark      torch.backends.cudnn.benchmark
    mixed_precision      Keras' global dtype policy; the dtype that torch.autocast
                         takes on a GPU in the thread that imported torch (autocast
                         itself stays for the program to switch on)

It never makes an import fail: what was done, and what went wrong, is told in ``report``.
"""

from __future__ import annotations

import _interlock_loader as loader  # type: ignore[import-not-found]  # its name in the environment

TYPE_CHECKING = False  # what typing calls so, without importing it
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

report: dict[str, list[str]] = globals().get("report") or {"done": [], "errors": []}


def _settings() -> dict[str, Any]:
    import json
    from pathlib import Path

    return dict(json.loads(loader.read(Path(__file__).absolute().with_name("_interlock_sharing.json"), __spec__)))


def _try(what: str, call: Callable[[], object]) -> bool:
    try:
        call()
    except Exception as error:
        report["errors"].append(what + ": " + type(error).__name__ + ": " + str(error))
        return False
    return True


def _apply(module: ModuleType, what: str, setter: Callable[[Any], object]) -> None:
    """Call ``setter`` with the setting ``what``, if there is one, and tell how it went."""
    value = _settings().get(what)
    name = module.__name__ + ": " + what
    if value is not None and _try(name, lambda: setter(value)):
        report["done"].append(name + "=" + str(value))


def share_torch(torch: ModuleType) -> None:
    """Apply the settings that concern torch."""

    def limit(value: float) -> None:
        for device in range(torch.cuda.device_count()):
            torch.cuda.set_per_process_memory_fraction(float(value), device)

    def benchmark(value: bool) -> None:
        torch.backends.cudnn.benchmark = value

    def precision(value: str) -> None:
        dtype = getattr(torch, value)
        if hasattr(torch, "set_autocast_dtype"):
            torch.set_autocast_dtype("cuda", dtype)
        else:
            torch.set_autocast_gpu_dtype(dtype)

    # Limiting the memory takes the GPU; the program may never use it, so wait until it does.
    _try("torch: torch_fraction", lambda: torch.cuda._lazy_call(lambda: _apply(torch, "torch_fraction", limit)))
    _apply(torch, "inter_threads", lambda value: torch.set_num_interop_threads(value))
    _apply(torch, "cudnn_benchmark", benchmark)
    _apply(torch, "mixed_precision", precision)


def share_tensorflow(tensorflow: ModuleType) -> None:
    """Apply the settings that concern TensorFlow."""

    def limit(value: int) -> None:
        config = tensorflow.config
        for gpu in config.list_physical_devices("GPU"):
            config.set_logical_device_configuration(gpu, [config.LogicalDeviceConfiguration(memory_limit=value)])

    _apply(tensorflow, "tensorflow_limit_mb", limit)


def share_keras(keras: ModuleType) -> None:
    """Apply the settings that concern Keras, whichever backend it has."""
    import importlib

    def policy(value: str) -> None:
        importlib.import_module("keras.mixed_precision").set_global_policy("mixed_" + value)

    _apply(keras, "mixed_precision", policy)


loader.register(loader.after, "torch", share_torch)
loader.register(loader.after, "tensorflow", share_tensorflow)
loader.register(loader.after, "keras", share_keras)
