"""Rows of TensorFlow: a new release is a new row, known rows keep what no wheel tells."""

from __future__ import annotations

import msgspec
import pytest
from elf_files import library
from wheel_shelf import X86, Shelf, metadata, only, tensorflow_row

from solver.core.answer import NOT_KNOWN
from solver.index import ReleaseRefused
from solver.matrix.builds import source_of
from solver.matrix.load import Matrices
from solver.matrix.rows import Build
from solver.refresh.derive import renew
from solver.refresh.derive_tensorflow import build_info

INFO = """import collections

build_info = collections.OrderedDict([('cuda_compute_capabilities', ['sm_80', 'compute_100']),
    ('cuda_version', '13.0.1'), ('cudnn_version', '9'), ('is_cuda_build', True)])
"""


def tensorflow_wheel(version: str = "2.22.0", **changed: bytes) -> dict[str, bytes]:
    return {
        "tensorflow/python/platform/build_info.py": INFO.encode(),
        "tensorflow/core/framework/graph_pb2.py": b"# header\n# Protobuf Python Version: 6.31.1\n",
        "tensorflow/libtensorflow_framework.so.2": library(
            runpath="$ORIGIN/x:$ORIGIN/../nvidia/cudnn/lib:$ORIGIN/../../nvidia/cufft/lib:$ORIGIN/../nvidia/cublas/lib/"
            ":$ORIGIN/../nvidia/cudnn/lib",
            symbols=["cudaMalloc", "cublasCreate_v2", "cudnnCreateTensor", "ncclCommInitRank"],
        ),
        "tensorflow/libtensorflow_cc.so.2": library(symbols=["cudnnCreate", "cusolverDnCreate"]),
        "tensorflow/python/other.so": library(symbols=["curandCreateGenerator"]),
        **metadata(
            "tensorflow",
            version,
            "numpy>=1.26",
            'nvidia-cudnn-cu13<10.0,>=9.12.0.46; extra == "and-cuda"',
            "nvidia-cublas (>=13.0) ; extra == 'and-cuda'",
            'tensorflow-io-gcs-filesystem>=0.23.1; extra == "gcs-filesystem"',
        ),
        **changed,
    }


def test_a_new_tensorflow_release_is_a_new_row() -> None:
    shelf = Shelf(
        {
            f"tensorflow-2.22.0-cp312-cp312-{X86}.whl": tensorflow_wheel(),
            f"tensorflow-2.22.0-cp39-cp39-{X86}.whl": {},
            f"tensorflow-2.22.0-cp310-cp310-{X86}.whl": tensorflow_wheel(),
            "tensorflow-2.22.0-cp310-cp310-win_amd64.whl": metadata("tensorflow", "2.22.0", "tensorflow-intel"),
            f"tensorflow-2.23.0rc1-cp310-cp310-{X86}.whl": {},
            "tensorflow-2.22.0-cp310-cp310-macosx_12_0_arm64.whl": {},
            f"tensorflow-2.12.0-cp310-cp310-{X86}.whl": {},
        }
    )
    renewal = renew(Matrices(builds=(tensorflow_row(),)), shelf)
    assert renewal.added == ("tensorflow-2.22.0", "tensorflow-2.22.0-win-64")
    assert only(renewal, "tensorflow") == [
        Build(
            id="tensorflow-2.22.0",
            source=f"wheel tensorflow-2.22.0-cp310-cp310-{X86}.whl (build_info.py, METADATA, RUNPATH, symbols)",
            derived=True,
            package="tensorflow",
            version="2.22.0",
            platform="linux-64",
            python=("3.9", "3.10", "3.12"),
            cuda="13.0",
            cudnn="9.12",
            sm=("8.0", "10.0"),
            ptx=("10.0",),
            opens=("cudart", "cublas", "cusolver", "cudnn", "nccl", "nvcc"),
            runpath=("cublas/lib", "cudnn/lib"),
            global_symbols=False,
            asks={"nvidia-cudnn-cu13": "<10.0,>=9.12.0.46", "nvidia-cublas": ">=13.0"},
            protobuf="6.31.1",
        ),
        Build(
            id="tensorflow-2.22.0-win-64",
            source="wheel tensorflow-2.22.0-cp310-cp310-win_amd64.whl (METADATA; it holds no library)",
            derived=True,
            package="tensorflow",
            version="2.22.0",
            platform="win-64",
            python=("3.10",),
            cuda="none",
            cudnn="none",
        ),
    ]


def test_nccl_that_is_linked_in_is_not_opened() -> None:
    inside = {"tensorflow/libtensorflow_cc.so.2": library(symbols=["ncclCommInitRank"], text="libnvidia-ml.so.1")}
    shelf = Shelf({f"tensorflow-2.22.0-cp310-cp310-{X86}.whl": tensorflow_wheel() | inside})
    (row,) = only(renew(Matrices(), shelf), "tensorflow")
    assert isinstance(row, Build) and "nccl" not in row.opens


def test_a_known_row_is_not_read_again_but_gains_a_python() -> None:
    known = tensorflow_row(version="2.22.0", id="tensorflow-2.22.0", python=("3.10",))
    shelf = Shelf({f"tensorflow-2.22.0-cp310-cp310-{X86}.whl": {}, f"tensorflow-2.22.0-cp314-cp314-{X86}.whl": {}})
    renewal = renew(Matrices(builds=(known,)), shelf)
    assert only(renewal, "tensorflow") == [msgspec.structs.replace(known, python=("3.10", "3.14"))]
    assert (renewal.added, renewal.changed, shelf.read) == ((), ("tensorflow-2.22.0",), [])


def test_a_row_written_by_hand_is_left_alone() -> None:
    known = tensorflow_row(version="2.22.0", id="tensorflow-2.22.0", derived=False)
    shelf = Shelf({f"tensorflow-2.22.0-cp310-cp310-{X86}.whl": tensorflow_wheel()})
    for again in (False, True):
        assert renew(Matrices(builds=(known,)), shelf, again=again).rows == {}


def test_reading_again_keeps_what_the_wheel_does_not_tell() -> None:
    wheel = tensorflow_wheel("2.13.0") | metadata("tensorflow", "2.13.0", "numpy>=1.22")
    shelf = Shelf({f"tensorflow-2.13.0-cp310-cp310-{X86}.whl": wheel})
    (row,) = only(renew(Matrices(builds=(tensorflow_row(),)), shelf, again=True), "tensorflow")
    assert isinstance(row, Build)
    assert (row.cudnn, row.cuda, row.asks) == ("8.6", "13.0", {})
    assert row.source.endswith("(build_info.py, METADATA, RUNPATH, symbols)")
    assert source_of(row) == f"{row.source}; cuDNN: tensorflow.org/install/source"


def test_windows_spells_cuda_its_own_way() -> None:
    text = "build_info = {'is_cuda_build': True, 'cuda_version': '64_112', 'cudnn_version': '64_8'}"
    wheel = {
        "tensorflow/python/platform/build_info.py": text.encode(),
        **metadata("tensorflow", "2.10.0"),
    }
    (row,) = only(renew(Matrices(), Shelf({"tensorflow-2.10.0-cp310-cp310-win_amd64.whl": wheel})), "tensorflow")
    assert isinstance(row, Build)
    assert (row.cuda, row.cudnn, row.runpath, row.opens) == ("11.2", "8", NOT_KNOWN, NOT_KNOWN)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x = 1\n", "holds no build_info"),
        ("build_info = {'a': open('x')}\n", "cannot be read: build_info is no plain mapping"),
        ("build_info = dict(\n", "cannot be read: build_info is no plain mapping"),
        ("build_info = OrderedDict()\n", "cannot be read: build_info is no plain mapping"),
    ],
)
def test_build_info_that_is_none_is_told(text: str, problem: str) -> None:
    with pytest.raises(ReleaseRefused) as caught:
        build_info(text, "tensorflow-1.whl")
    assert str(caught.value) == f"tensorflow/python/platform/build_info.py of tensorflow-1.whl {problem}"


FILE = f"tensorflow-2.22.0-cp310-cp310-{X86}.whl"
UNTOLD = f"tensorflow/python/platform/build_info.py of {FILE} does not tell {{}}, which is not known therefore"


@pytest.mark.parametrize(
    ("text", "untold", "row"),
    [
        (
            "{'is_cuda_build': True}",
            ["cuda_version", "cudnn_version", "cuda_compute_capabilities"],
            (NOT_KNOWN, "9.12", NOT_KNOWN),
        ),
        (
            "{}",
            ["is_cuda_build", "cuda_version", "cudnn_version", "cuda_compute_capabilities"],
            (NOT_KNOWN, "9.12", NOT_KNOWN),
        ),
        (
            "{'is_cuda_build': True, 'cuda_version': '12.5', 'cudnn_version': '9'}",
            ["cuda_compute_capabilities"],
            ("12.5", "9.12", NOT_KNOWN),
        ),
        ("{'is_cuda_build': False}", [], ("none", "none", NOT_KNOWN)),
    ],
)
def test_what_build_info_does_not_tell_is_not_known(text: str, untold: list[str], row: tuple[object, ...]) -> None:
    shelf = Shelf(
        {FILE: tensorflow_wheel() | {"tensorflow/python/platform/build_info.py": f"build_info = {text}".encode()}}
    )
    renewal = renew(Matrices(), shelf)
    (made,) = only(renewal, "tensorflow")
    assert isinstance(made, Build)
    assert (made.cuda, made.cudnn, made.sm) == row
    assert renewal.passed_over == tuple(map(UNTOLD.format, untold))


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        (
            {"tensorflow/libtensorflow_framework.so.2": library(symbols=["cudaMalloc"])[:70]},
            f"tensorflow/libtensorflow_framework.so.2 of {FILE} cannot be read: it is cut short",
        ),
        (
            {"tensorflow/python/platform/build_info.py": b"\xff"},
            f"tensorflow/python/platform/build_info.py of {FILE} is no text",
        ),
        (
            {"tensorflow/python/platform/build_info.py": INFO.replace("13.0.1", "?").encode()},
            f"tensorflow/python/platform/build_info.py of {FILE} tells the cuda_version '?', which is none",
        ),
        (
            metadata("tensorflow", "2.22.0", "numpy (>=1.*)"),
            f"{FILE} asks for what is no requirement: .* suffix can only be used with `==` or `!=` operators",
        ),
    ],
)
def test_a_wheel_that_cannot_be_read_is_passed_over(changed: dict[str, bytes], problem: str) -> None:
    known = tensorflow_row(version="2.22.0", id="tensorflow-2.22.0")
    newer = "tensorflow-2.23.0-cp310-cp310-" + X86 + ".whl"
    shelf = Shelf({FILE: tensorflow_wheel(**changed), newer: tensorflow_wheel("2.23.0")})
    renewal = renew(Matrices(builds=(known,)), shelf, again=True)
    assert (renewal.passed_over, renewal.added, renewal.changed) == ((problem,), ("tensorflow-2.23.0",), ())


def test_a_wheel_that_holds_the_module_for_them_asks_for_global_symbols() -> None:
    flags = {"tensorflow/python/pywrap_dlopen_global_flags.py": b""}
    shelf = Shelf(
        {
            f"tensorflow-2.22.0-cp310-cp310-{X86}.whl": tensorflow_wheel(**flags),
            "tensorflow-2.22.0-cp310-cp310-win_amd64.whl": tensorflow_wheel(**flags),
        }
    )
    rows = only(renew(Matrices(builds=(tensorflow_row(),)), shelf), "tensorflow")
    # Windows has no such flag, and what the module does there nobody read.
    assert {row.id: row.global_symbols for row in rows} == {
        "tensorflow-2.22.0": True,
        "tensorflow-2.22.0-win-64": NOT_KNOWN,
    }
