"""Rows of JAX's plugins."""

from __future__ import annotations

from elf_files import fat_binary, library
from wheel_shelf import X86, Shelf, metadata

from solver.core.answer import NOT_KNOWN
from solver.matrix.load import Matrices
from solver.matrix.rows import Build, PtxVersion
from solver.refresh.derive import renew

PTX = PtxVersion(id="ptx-9.0", source="s", ptx="9.0", cuda=("13.0",))
CUDNN = 'nvidia-cudnn-cu13<10.0,>=9.12.0.46; sys_platform == "linux" and extra == "with-cuda"'


def plugin(version: str, *requires: str) -> dict[str, bytes]:
    folders = "$ORIGIN/../nvidia/cu13/lib:$ORIGIN/../../../elsewhere:$ORIGIN/../tensorrt"
    return {
        "jax_cuda13_plugin/_solver.so": library(runpath=folders, symbols=("cudaMalloc", "cusolverDnCreate"))
        + fat_binary(),
        "jax_cuda13_plugin/_rnn.so": library(symbols=("cudnnCreate",)),
        **metadata("jax-cuda13-plugin", version, *requires),
    }


def test_a_plugin_tells_its_gpus_its_cuda_and_where_it_looks() -> None:
    name = f"jax_cuda13_plugin-0.12.0-cp312-cp312-{X86}.whl"
    shelf = Shelf({name: plugin("0.12.0", "jax-cuda13-pjrt==0.12.0", CUDNN)})
    assert renew(Matrices(ptx=(PTX,)), shelf).rows["jax"] == (
        Build(
            id="jax-cuda13-plugin-0.12.0",
            source=(
                f"wheel {name} (RUNPATH, symbols, fat binaries); cuDNN: METADATA of jax-cuda13-plugin; "
                "jaxlib/plugin_support.py (check_plugin_version)"
            ),
            derived=True,
            package="jax-cuda13-plugin",
            version="0.12.0",
            platform="linux-64",
            python=("3.12",),
            cuda="13.0",
            cudnn="9.12",
            bundles=False,
            sm=("7.5", "9.0"),
            ptx=("12.0",),
            opens=("cudart", "cusolver", "cudnn", "nvcc"),
            runpath=("cu13/lib",),
            needs={"jaxlib": "==0.12.0"},
        ),
    )


def test_before_the_plugin_asked_for_cudnn_jax_did() -> None:
    shelf = Shelf(
        {
            f"jax_cuda13_plugin-0.4.20-cp312-cp312-{X86}.whl": plugin("0.4.20"),
            "jax-0.4.20-py3-none-any.whl": metadata("jax", "0.4.20", 'nvidia-cudnn-cu13>=8.9; extra == "cuda13-pip"'),
        }
    )
    (row,) = renew(Matrices(ptx=(PTX,)), shelf).rows["jax"]
    assert (row.cudnn, "cuDNN: METADATA of jax;" in row.source) == ("8.9", True)


def test_what_no_row_of_ptx_tells_is_not_known() -> None:
    shelf = Shelf({f"jax_cuda13_plugin-0.12.0-cp312-cp312-{X86}.whl": plugin("0.12.0", CUDNN)})
    (row,) = renew(Matrices(), shelf).rows["jax"]
    assert row.cuda is NOT_KNOWN


def test_a_plugin_that_is_known_is_not_read_again() -> None:
    name = f"jax_cuda13_plugin-0.12.0-cp312-cp312-{X86}.whl"
    shelf = Shelf({name: plugin("0.12.0", CUDNN)})
    (row,) = renew(Matrices(ptx=(PTX,)), shelf).rows["jax"]
    shelf.read.clear()
    assert "jax" not in renew(Matrices(ptx=(PTX,), builds=(row,)), shelf).rows
    assert [each for each in shelf.read if each.endswith(".so")] == []


def test_a_wheel_without_a_library_is_passed_over() -> None:
    name = f"jax_cuda13_plugin-0.12.0-cp312-cp312-{X86}.whl"
    renewal = renew(Matrices(), Shelf({name: metadata("jax-cuda13-plugin", "0.12.0")}))
    assert (renewal.rows, renewal.passed_over) == ({}, (f"{name} holds no library",))
