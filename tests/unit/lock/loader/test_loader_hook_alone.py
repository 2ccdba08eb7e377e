"""The loader wheel where torch carries CUDA libraries of its own, and on Windows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import solver.lock.loader

HOOK = Path(solver.lock.loader.__path__[0], "_loader_hook.py")


def place(folder: Path, preload: list[dict[str, object]]) -> None:
    """The hook and what it shall load, as the wheel installs them."""
    shutil.copyfile(HOOK, folder / "_interlock_loader.py")
    table = {"version": 1, "tensorflow": "2.9.0", "preload": preload, "xla": None}
    (folder / "_interlock_loader.json").write_text(json.dumps(table))


def run(folder: Path, code: str) -> dict[str, object]:
    """``code`` in a python of its own beside the hook; it prints JSON."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(folder)!r})\n{code}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not there to make stand-in libraries")
def test_parts_of_a_library_that_torch_carries_are_left_alone(tmp_path):
    for owner in ("torch/lib", "nvidia/cudnn/lib"):
        (tmp_path / owner).mkdir(parents=True)
        for name in ("libstandin_cudnn.so.8", "libstandin_cudnn_ops.so.8"):
            source = tmp_path / "source.c"
            source.write_text(f'const char *whose(void) {{ return "{owner}"; }}')
            made = str(tmp_path / owner / name)
            subprocess.run(["gcc", "-shared", "-fPIC", f"-Wl,-soname,{name}", "-o", made, str(source)], check=True)
    sonames = ["libstandin_cudnn.so.8", "libstandin_cudnn_ops.so.8"]
    place(tmp_path, [{"library": "cudnn", "directory": "nvidia/cudnn/lib", "sonames": sonames}])
    code = """
import ctypes, json
ctypes.CDLL(FOLDER + "/torch/lib/libstandin_cudnn.so.8")
import _interlock_loader as loader
loader.preload()
print(json.dumps(loader.report))
""".replace("FOLDER", repr(str(tmp_path)))
    assert run(tmp_path, code) == {
        "ran": True, "loaded": [], "there": ["libstandin_cudnn.so.8"], "missing": [], "errors": [], "xla": None,
    }  # fmt: skip


def test_on_windows_the_folders_of_the_dlls_are_put_on_the_path(tmp_path):
    (tmp_path / "nvidia" / "cublas" / "bin").mkdir(parents=True)
    place(
        tmp_path,
        [
            {"library": "cublaslt", "directory": "nvidia/cublas/lib", "sonames": ["libcublasLt.so.11"]},
            {"library": "cublas", "directory": "nvidia/cublas/lib", "sonames": ["libcublas.so.11"]},
            {"library": "cufft", "directory": "nvidia/cufft/lib", "sonames": ["libcufft.so.10"]},
        ],
    )
    code = """
import json, os
import _interlock_loader as loader
added = []
os.add_dll_directory = added.append
os.environ["PATH"] = "before"
sys.platform = "win32"
loader.preload()
print(json.dumps({"added": added, "path": os.environ["PATH"], **loader.report}))
"""
    folder = str(tmp_path / "nvidia" / "cublas" / "bin")
    assert run(tmp_path, code) == {
        "added": [folder], "path": folder + os.pathsep + "before", "ran": True, "loaded": [folder], "there": [],
        "missing": ["nvidia/cufft/bin"], "errors": [], "xla": None,
    }  # fmt: skip
