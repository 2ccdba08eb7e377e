"""Which GPUs a toolkit and a cuDNN serve."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from solver.core.answer import NOT_KNOWN, Answer, Verdict
from solver.core.errors import BadInput
from solver.matrix.gpus import cudnn_serves, is_newer, is_older, resolve_gpus, toolkit_serves
from solver.matrix.load import load_matrices
from solver.matrix.rows import CudaToolkit, Cudnn, GpuModels

OLD = Cudnn(id="c8.0", source="older matrix", cudnn=">=8.0,<8.5", cuda=(11,), soname="8", gpus=("3.5", "8.0", "8.6"))
UNREAD = Cudnn(id="c8.5", source="old matrix", cudnn=">=8.5,<8.8", cuda=(11,), soname="8", oldest_gpu="3.5", forward=())
ENDS = Cudnn(
    id="c8.7",
    source="header",
    cudnn=">=8.7,<8.8",
    cuda=(11,),
    soname="8",
    oldest_gpu="3.5",
    newest_gpu="9.0",
    forward=(),
)
LAST8 = Cudnn(
    id="c8", source="matrix", cudnn=">=8.8,<9", cuda=(12,), soname="8", gpus=("5.0", "8.0", "8.6", "9.0"), forward=()
)
NINE = Cudnn(
    id="c9", source="matrix", cudnn=">=9", cuda=(11, 12), soname="9", gpus=("7.5", "8.0", "9.0", "10.0", "12.0"),
    forward=(12,),
)  # fmt: skip
SILENT = Cudnn(id="c10", source="matrix", cudnn=">=10", cuda=(13,), soname="10", gpus=("9.0",))
TOOLKIT = CudaToolkit(id="t", source="ptxas", cuda="12.8", gpus=("5.0", "8.0", "9.0", "12.0"))
LIST8 = "it serves compute capability 5.0, 8.0, 8.6 and 9.0"
OF9 = "it serves compute capability 7.5, 8.0, 9.0, 10.0 and 12.0"


@pytest.mark.parametrize(
    ("version", "gpu", "cuda", "verdict"),
    [
        ("8.9.7.29", "9.0", 12, Verdict(Answer.YES, "", "matrix", "c8")),
        ("8.9.7.29", "12.0", 12, Verdict(Answer.NO, f"{LIST8}, not 12.0", "matrix", "c8")),
        ("8.9.7.29", "3.7", 12, Verdict(Answer.NO, f"{LIST8}, not 3.7", "matrix", "c8")),
        ("8.9.7.29", "8.7", 12, Verdict(
            Answer.YES, f"{LIST8}, and 8.7 only by its kernels for 8.6", "matrix", "c8")),
        ("8.9.7.29", "6.1", 12, Verdict(
            Answer.NOT_KNOWN, "nobody read whether it serves compute capability 6.1", "matrix", "c8")),
        ("9.10.2.21", "12.1", 11, Verdict(
            Answer.YES, f"{OF9}, and 12.1 only by its kernels for 12.0", "matrix", "c9")),
        ("9.10.2.21", "10.3", 11, Verdict(
            Answer.YES, f"{OF9}, and 10.3 only by its kernels for 10.0", "matrix", "c9")),
        ("9.10.2.21", "11.0", 12, Verdict(
            Answer.NOT_KNOWN, "nobody read whether it serves compute capability 11.0", "matrix", "c9")),
        ("9.10.2.21", "13.0", 12, Verdict(
            Answer.YES, f"{OF9}, and 13.0 only by compiling its kernels first",
            "matrix", "c9")),
        ("9.10.2.21", "13.0", NOT_KNOWN, Verdict(
            Answer.YES, f"{OF9}, and 13.0 only by compiling its kernels first",
            "matrix", "c9")),
        ("9.10.2.21", "13.0", 11, Verdict(
            Answer.NO, f"{OF9}, not 13.0", "matrix", "c9")),
        ("10.1.0", "12.0", 13, Verdict(
            Answer.NOT_KNOWN, "nobody read whether it serves compute capability 12.0", "matrix", "c10")),
        ("7.6.5", "7.5", 10, Verdict(
            Answer.NOT_KNOWN, "no row tells which GPUs cuDNN 7.6.5 serves", "matrices/cudnn.yaml")),
    ],
)  # fmt: skip
def test_which_gpus_a_cudnn_serves(version, gpu, cuda, verdict):
    assert cudnn_serves(version, gpu, (LAST8, replace(NINE, cudnn=">=9,<10"), SILENT), cuda) == verdict


@pytest.mark.parametrize(
    ("version", "gpu", "answer", "row"),
    [
        ("8.5.0.96", "3.0", Answer.NO, "c8.5"),
        ("8.5.0.96", "8.6", Answer.YES, "c8.5"),
        ("8.5.0.96", "9.0", Answer.NOT_KNOWN, "c8.5"),
        ("8.5.0.96", "5.0", Answer.NOT_KNOWN, "c8.5"),
        ("8.5.0.96", "12.0", Answer.NO, "c8.7"),
        ("8.7.0.84", "9.0", Answer.YES, "c8.7"),
        ("8.7.0.84", "12.0", Answer.NO, "c8.7"),
    ],
)
def test_a_cudnn_of_which_nobody_read_the_list_lies_between_its_neighbours(version, gpu, answer, row):
    rows = (NINE, ENDS, OLD, replace(UNREAD, cudnn=">=8.5,<8.7"), LAST8)
    verdict = cudnn_serves(version, gpu, rows)
    assert (verdict.answer, verdict.row) == (answer, row)


def test_the_newest_gpu_of_later_releases_is_told_of_an_earlier_one():
    verdict = cudnn_serves("8.5.0.96", "12.0", (replace(UNREAD, cudnn=">=8.5,<8.7"), LAST8))
    why = "cuDNN >=8.8,<9 serves compute capability 5.0, 8.0, 8.6 and 9.0, and none before it a newer GPU than that"
    assert verdict == Verdict(Answer.NO, why, "matrix", "c8")


@pytest.mark.parametrize(
    ("gpu", "answer", "why"),
    [
        ("3.7", Answer.NO, "it serves compute capability 5.0, 8.0, 9.0 and 12.0, not 3.7"),
        ("5.0", Answer.YES, ""),
        ("12.0", Answer.YES, ""),
        ("12.1", Answer.YES, "its compiler does not know compute capability 12.1, which runs code for 12.0 alone"),
        ("11.0", Answer.YES,
         "its compiler does not know compute capability 11.0, which runs PTX that the driver compiles alone"),
    ],
)  # fmt: skip
def test_a_gpu_that_a_toolkit_does_not_know_is_served_through_older_code(gpu, answer, why):
    assert toolkit_serves(TOOLKIT, gpu) == Verdict(answer, why, "ptxas", "t")


def test_of_a_toolkit_that_nobody_read_no_gpu_is_known_to_be_served():
    unread = replace(TOOLKIT, gpus=NOT_KNOWN)
    assert toolkit_serves(unread, "9.0").why == "nobody read whether it serves compute capability 9.0"
    without = "no row tells whether it serves compute capability 9.0"
    assert toolkit_serves(NOT_KNOWN, "9.0") == Verdict(Answer.NOT_KNOWN, without, "matrices/cuda.yaml")
    assert toolkit_serves(unread, "9.0").answer is Answer.NOT_KNOWN


def test_a_gpu_newer_than_a_toolkit_or_older_than_a_cudnn_is_known_as_such():
    assert [is_newer(gpu, TOOLKIT) for gpu in ("3.7", "9.0", "12.1")] == [False, False, True]
    assert [is_older(gpu, UNREAD) for gpu in ("3.0", "3.5", "10.0")] == [True, False, False]
    assert not is_newer("99.0", replace(TOOLKIT, gpus=NOT_KNOWN))


GPUS = (
    GpuModels(id="1", source="test", gpu="12.0", architecture="B", products=("GeForce RTX 5090", "RTX PRO 6000 (WS)")),
    GpuModels(id="2", source="test", gpu="9.0", architecture="H", products=("H100", "GH200")),
    GpuModels(id="3", source="test", gpu="7.5", architecture="T", products=("Tesla T4", "Twin")),
    GpuModels(id="4", source="test", gpu="7.0", architecture="V", products=("Tesla V100", "Twin")),
)


@pytest.mark.parametrize("name", ["H100", "h100", "NVIDIA H100", "9.0", "GH200"])
def test_a_gpu_has_many_names(name):
    assert resolve_gpus([name], GPUS) == ("9.0",)


def test_gpus_are_ordered_by_capability():
    assert resolve_gpus(["RTX PRO 6000", "T4", "nvidia geforce rtx-5090", "H100"], GPUS) == ("7.5", "9.0", "12.0")


def test_an_ambiguous_name_is_refused():
    with pytest.raises(BadInput, match=r"compute capability 7\.0 and 7\.5; write the one you mean"):
        resolve_gpus(["Twin"], GPUS)


@pytest.mark.parametrize(
    ("name", "capability"),
    [
        ("NVIDIA GeForce RTX 5090", "12.0"),
        ("NVIDIA GeForce RTX 5090 Laptop GPU", "12.0"),
        ("NVIDIA H100 80GB HBM3", "9.0"),
        ("NVIDIA H100 PCIe", "9.0"),
        ("NVIDIA H100 NVL", "9.0"),
        ("NVIDIA GH200 480GB", "9.0"),
        ("NVIDIA A100-SXM4-80GB", "8.0"),
        ("NVIDIA A100-SXM4-40GB MIG 1g.5gb", "8.0"),
        ("NVIDIA A100 80GB PCIe", "8.0"),
        ("Tesla V100-SXM2-16GB", "7.0"),
        ("Tesla T4", "7.5"),
        ("Quadro RTX 6000", "7.5"),
        ("NVIDIA RTX 6000 Ada Generation", "8.9"),
        ("NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition", "12.0"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "12.0"),
        ("NVIDIA TITAN X (Pascal)", "6.1"),
        ("NVIDIA GB10", "12.1"),
        ("NVIDIA L40S", "8.9"),
        ("NVIDIA H800 PCIe", "9.0"),
        ("NVIDIA A800-SXM4-80GB", "8.0"),
        ("NVIDIA L20", "8.9"),
        ("NVIDIA GeForce RTX 5090 D", "12.0"),
        ("NVIDIA RTX PRO 5000", "12.0"),
        ("NVIDIA RTX PRO 6000 Blackwell Workstation Edition", "12.0"),
        ("NVIDIA A10-24Q", "8.6"),
        ("GRID T4-16Q", "7.5"),
        ("NVIDIA Jetson AGX Thor Developer Kit", "11.0"),
        ("Quadro P5200 with Max-Q Design", "6.1"),
    ],
)
def test_the_names_that_the_driver_tells(name, capability):
    assert resolve_gpus([name], load_matrices().gpus) == (capability,)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("H10O", "H100"),
        ("RTX 5900", "Quadro RTX 5000 or GeForce RTX 5090"),
        ("A6000", "RTX A6000"),
        ("RTX 4080 D", "GeForce RTX 4080"),
        ("Voodoo", None),
    ],
)
def test_a_misspelt_name_gets_near_names(name, near):
    with pytest.raises(BadInput) as caught:
        resolve_gpus([name], load_matrices().gpus)
    hint = "" if near is None else f"did you mean {near}? otherwise "
    assert str(caught.value) == (
        f'gpu: no GPU is known by the name "{name}"; {hint}write its compute capability, such as "9.0", '
        "or add it to the gpus matrix"
    )


@pytest.mark.parametrize(
    ("name", "capability"),
    [("sm_90", "9.0"), ("SM120", "12.0"), ("compute_86", "8.6"), ("90", "9.0"), ("120", "12.0"), ("sm_90a", "9.0")],
)
def test_a_capability_as_compilers_write_it_is_named(name, capability):
    with pytest.raises(BadInput) as caught:
        resolve_gpus([name], load_matrices().gpus)
    assert str(caught.value) == f'gpu: "{name}" is no compute capability; did you mean {capability}?'
