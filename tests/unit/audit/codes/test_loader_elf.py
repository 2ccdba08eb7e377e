"""Where the libraries of an installed environment are looked for, by the ELF files of stand-ins."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import pytest

from solver.audit.codes import loader_elf
from solver.core.errors import BadInput

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc makes the ELF files of the stand-ins")


def codes(findings):
    return [finding.code for finding in findings]


def cuda(prefix, tensorflow, torch):
    """A TensorFlow and a torch with the CUDA 12 packages that both use, of ELF files where it matters."""
    nvidia = "$ORIGIN/../nvidia"
    folders = ["cublas", "cuda_cupti", "cuda_runtime", "cudnn", "cufft", "cusparse", "nccl"]
    runpath = ":".join(f"{nvidia}/{folder}/lib" for folder in folders)
    prefix.library("tensorflow/libtensorflow_framework.so.2", f"-Wl,-rpath,{runpath}", "-Wl,--enable-new-dtags")
    prefix.install("tensorflow", tensorflow)
    prefix.install("torch", torch)
    prefix.install("tensorboard", "2.21.0")
    bring = {
        "nvidia-cublas-cu12==12.8.4.1": ["cublas/lib/libcublas.so.12", "cublas/lib/libcublasLt.so.12"],
        "nvidia-cuda-cupti-cu12==12.8.90": ["cuda_cupti/lib/libcupti.so.12"],
        "nvidia-cuda-runtime-cu12==12.8.90": ["cuda_runtime/lib/libcudart.so.12"],
        "nvidia-cudnn-cu12==9.10.2.21": ["cudnn/lib/libcudnn.so.9"],
        "nvidia-cufft-cu12==11.3.3.83": ["cufft/lib/libcufft.so.11"],
        "nvidia-cusolver-cu12==11.7.3.90": ["cusolver/lib/libcusolver.so.11"],
        "nvidia-cusparse-cu12==12.5.8.93": ["cusparse/lib/libcusparse.so.12"],
        "nvidia-nccl-cu12==2.27.7": ["nccl/lib/libnccl.so.2"],
    }
    for pin, paths in bring.items():
        name, _, version = pin.partition("==")
        prefix.install(name, version, {f"nvidia/{path}": b"" for path in paths})


@needs_gcc
def test_tensorflow_2_21_beside_torch_2_10_does_not_find_cusolver(prefix):
    cuda(prefix, "2.21.0", "2.10.0")
    (finding,) = prefix.findings()
    assert (finding.code, finding.severity) == ("loader", "error")
    assert finding.packages == ("nvidia-cusolver-cu12==11.7.3.90", "tensorflow==2.21.0")
    assert finding.paths == ("nvidia/cusolver/lib/libcusolver.so.11",)
    assert finding.source == "the RUNPATH of the installed libtensorflow_framework.so.2"


@needs_gcc
def test_a_library_path_or_the_system_leads_to_it(prefix, tmp_path, monkeypatch):
    cuda(prefix, "2.21.0", "2.10.0")
    folder = prefix.site / "nvidia" / "cusolver" / "lib"
    assert prefix.findings(environ={"LD_LIBRARY_PATH": f"/nowhere:{folder}"}) == ()
    cache = tmp_path / "ld.so.cache"
    cache.write_bytes(b"glibc-ld.so.cache1.1\0libcusolver.so.11\0/usr/lib/libcusolver.so.11\0")
    monkeypatch.setattr(loader_elf, "SYSTEM_CACHE", cache)
    assert prefix.findings() == ()


@needs_gcc
@pytest.mark.parametrize(("preload", "expected"), [(["cusolver"], []), (["cublas"], ["loader"])])
def test_the_loader_wheel_counts_for_what_it_loads(prefix, preload, expected):
    cuda(prefix, "2.21.0", "2.10.0")
    table = {"version": 1, "preload": [{"library": name} for name in preload]}
    prefix.install("interlock-loader", "1", {"_interlock_loader.json": json.dumps(table).encode()})
    assert codes(prefix.findings()) == expected


@needs_gcc
def test_a_library_that_nothing_brings(prefix):
    cuda(prefix, "2.21.0", "2.10.0")
    shutil.rmtree(prefix.site / "nvidia" / "cufft")
    nowhere = [finding.why for finding in prefix.findings() if finding.packages == ("tensorflow==2.21.0",)]
    assert nowhere == ["nothing here brings libcufft.so.11 for tensorflow==2.21.0, which therefore sees no GPU"]


@needs_gcc
def test_torch_is_linked_to_a_library_that_is_gone(prefix):
    gone = prefix.root / "lib" / "libcublas.so.12"
    prefix.library(gone, "-Wl,-soname,libcublas.so.12")
    prefix.library("torch/lib/libtorch_cuda.so", "-Wl,--no-as-needed", str(gone))
    gone.unlink()
    prefix.install("torch", "2.10.0")
    prefix.install("numpy", "2.2.6")
    (finding,) = prefix.findings()
    assert (finding.code, finding.packages) == ("loader", ("torch==2.10.0",))
    assert finding.why == ("torch==2.10.0 is linked to libcublas.so.12, which nothing here brings; importing it fails")
    assert finding.cure == "install nvidia-cublas-cu12"


def test_a_broken_library_is_bad_input(prefix):
    prefix.install("tensorflow", "2.21.0", {"tensorflow/libtensorflow_framework.so.2": b"no ELF"})
    with pytest.raises(BadInput, match="expected a shared library, but it cannot be read"):
        prefix.findings()


def test_a_framework_without_a_library_of_its_own_is_judged_by_its_rows(monkeypatch, tmp_path):
    monkeypatch.setattr(loader_elf, "_sites", lambda context: [tmp_path])
    assert loader_elf.opened_search(None, SimpleNamespace(major=12, framework="jax")) is None
