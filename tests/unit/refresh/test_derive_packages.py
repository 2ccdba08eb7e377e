"""Rows of packages that tell in a file of their wheels how they were built."""

from __future__ import annotations

from wheel_shelf import X86, Shelf, metadata

from solver.core.answer import NOT_KNOWN
from solver.matrix.load import Matrices
from solver.matrix.rows import Build
from solver.refresh.derive import renew

LISTED = b'{"version": {"cuda": 1208, "torch": "2.10.0+cu128"}, "env": {"TORCH_CUDA_ARCH_LIST": "7.5 8.0+PTX 9.0a"}}'


def test_what_a_file_of_the_wheel_says_of_its_cuda_and_its_gpus_is_a_row() -> None:
    name = f"xformers-0.0.34-cp39-abi3-{X86}.whl"
    wheel = {"xformers/cpp_lib.json": LISTED, **metadata("xformers", "0.0.34", "numpy", "torch>=2.10")}
    assert renew(Matrices(), Shelf({name: wheel})).rows == {
        "packages": (
            Build(
                id="xformers-0.0.34",
                source=f"wheel {name} (xformers/cpp_lib.json, METADATA)",
                derived=True,
                package="xformers",
                version="0.0.34",
                platform="linux-64",
                python=(),
                cuda="12.8",
                bundles=False,
                sm=("7.5", "8.0", "9.0"),
                ptx=("8.0",),
                needs={"torch": ">=2.10"},
            ),
        )
    }


def test_one_that_serves_a_whole_major_has_no_minor() -> None:
    wheel = {"cupy/.data/_wheel.json": b'{"cuda": "12.x", "packaging": "pip"}', **metadata("cupy-cuda12x", "14.2.0")}
    (row,) = renew(Matrices(), Shelf({f"cupy_cuda12x-14.2.0-cp312-cp312-{X86}.whl": wheel})).rows["packages"]
    assert (row.cuda, row.python, row.sm, row.needs) == ("12", ("3.12",), NOT_KNOWN, {})


def test_a_file_that_tells_no_cuda_is_told() -> None:
    name = f"cupy_cuda12x-12.0.0-cp312-cp312-{X86}.whl"
    wheel = {"cupy/.data/_wheel.json": b'{"cuda": null}', **metadata("cupy-cuda12x", "12.0.0")}
    renewal = renew(Matrices(), Shelf({name: wheel}))
    assert (renewal.rows, renewal.passed_over) == ({}, (f"cupy/.data/_wheel.json of {name} tells no CUDA",))


def test_a_known_row_keeps_what_was_read_and_has_its_pythons_looked_at() -> None:
    old, new = (f"torch_tensorrt-2.14.0-{tag}-{tag}-{X86}.whl" for tag in ("cp312", "cp313"))
    wheel = {"torch_tensorrt/_version.py": b'__cuda_version__ = "13.2"\n', **metadata("torch-tensorrt", "2.14.0")}
    (row,) = renew(Matrices(), Shelf({old: wheel})).rows["packages"]
    shelf = Shelf({old: wheel, new: wheel})
    (again,) = renew(Matrices(builds=(row,)), shelf).rows["packages"]
    assert (again.cuda, again.python, again.source) == ("13.2", ("3.12", "3.13"), row.source)
    assert shelf.read == []
