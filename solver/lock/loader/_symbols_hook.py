"""Keep TensorFlow's symbols to TensorFlow, so that torch and triton work beside it in one process.

The releases of TensorFlow that hold tensorflow/python/pywrap_dlopen_global_flags.py
have their own libraries loaded with RTLD_GLOBAL. Their LLVM then answers the calls of
triton's, which ends the process, and their CUDA stubs answer torch's, which loses
the GPU. Interlock puts this module into an environment where that would happen:

    tensorflow asks for global symbols   its request does nothing; the flags of the process
                                         stay as the program has them, RTLD_GLOBAL too where
                                         the program itself asked for it
    tensorflow was imported before this  torch's CUDA libraries and libtriton are loaded with
                                         RTLD_DEEPBIND before their packages are, so that they
                                         see their own symbols first

It never makes an import fail: what was done, and what went wrong, is told in ``report``.
"""

from __future__ import annotations

import sys

import _interlock_loader as loader  # type: ignore[import-not-found]  # its name in the environment

TYPE_CHECKING = False  # what typing calls so, without importing it
if TYPE_CHECKING:
    from types import ModuleType

FLAGS = "tensorflow.python.pywrap_dlopen_global_flags"
"""The module by which TensorFlow sets the flags, and sets them back."""
# In the order in which they need each other.
DEEP = {
    "torch": ("lib/libc10_cuda.so", "lib/libtorch_cuda.so"),
    "triton": ("_C/libtriton.so",),
}
"""What is loaded before a package is executed, where TensorFlow's symbols are global already."""

report: dict[str, list[str]] = globals().get("report") or {"done": [], "errors": []}


def keep_local(module: ModuleType) -> None:
    """Have TensorFlow's request for global symbols do nothing, and so what takes it back."""
    for name in ("set_dlopen_flags", "reset_dlopen_flags"):
        if callable(getattr(module, name, None)):
            setattr(module, name, _nothing)
        else:
            report["errors"].append(module.__name__ + " has no " + name)
            return
    report["done"].append("tensorflow's symbols stay its own")


def _nothing() -> None:
    """In place of TensorFlow's function: the flags stay as they are."""


def load_deep(module: ModuleType) -> None:
    """Load what lies beside ``module`` so that it sees its own symbols first, if TensorFlow's are global."""
    import os

    flags = sys.modules.get(FLAGS)
    deep = getattr(os, "RTLD_DEEPBIND", None)
    if deep is None or flags is None or getattr(flags, "set_dlopen_flags", None) is _nothing:
        return
    import ctypes
    from pathlib import Path

    folder = Path(module.__file__ or "").absolute().parent
    for path in (folder / name for name in DEEP[module.__name__]):
        if not path.is_file():
            continue  # a build without CUDA
        try:
            ctypes.CDLL(str(path), mode=deep | os.RTLD_NOW)
        except OSError as error:
            report["errors"].append(str(path) + ": " + str(error))
        else:
            report["done"].append(path.name + " sees its own symbols first")


loader.register(loader.after, FLAGS, keep_local)
for package in DEEP:
    loader.register(loader.before, package, load_deep)
