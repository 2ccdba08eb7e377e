"""Which GPUs a toolkit and a cuDNN serve."""

from __future__ import annotations

import pytest

from solver.core.answer import Answer, Verdict
from solver.core.errors import BadInput
from solver.matrix.gpus import cudnn_serves, is_newer, resolve_gpus, toolkit_serves
from solver.matrix.load import load_matrices
from solver.matrix.rows import CudaToolkit, Cudnn, GpuModels

UNREAD = Cudnn(id="c8.5", source="old matrix", cudnn=">=8.5,<8.8", cuda=(11,), soname="libcudnn.so.8", gpu_min="3.5")
NEW = Cudnn(id="c9.7", source="new", cudnn=">=9.7,<9.12", cuda=(12,), soname="9", gpu_min="5.0", gpu_max="12.0")
TOOLKIT = CudaToolkit(id="t", source="ptxas", cuda="12.8", gpu_min="5.0", gpu_max="12.0")
BOTH = Cudnn(
    id="c8", source="matrix", cudnn=">=8.8,<9", cuda=(12,), soname="libcudnn.so.8", gpu_min="5.0", gpu_max="9.0"
)
OPEN = Cudnn(id="c9", source="matrix", cudnn=">=9.12", cuda=(12,), soname="libcudnn.so.9", gpu_min="7.5")


@pytest.mark.parametrize(
    ("version", "gpu", "verdict"),
    [
        ("8.9.7.29", "9.0", Verdict(Answer.YES, "", "matrix", "c8")),
        ("8.9.7.29", "5.0", Verdict(Answer.YES, "", "matrix", "c8")),
        ("8.9.7.29", "12.0", Verdict(
            Answer.NO, "it serves compute capability 5.0 to 9.0, not 12.0", "matrix", "c8")),
        ("8.9.7.29", "3.7", Verdict(
            Answer.NO, "it serves compute capability 5.0 to 9.0, not 3.7", "matrix", "c8")),
        ("9.12.0.46", "7.0", Verdict(
            Answer.NO, "it serves compute capability 7.5 to the newest, not 7.0", "matrix", "c9")),
        ("9.12.0.46", "12.0", Verdict(
            Answer.NOT_KNOWN, "nobody read whether it serves compute capability 12.0", "matrix", "c9")),
        ("9.1.0", "9.0", Verdict(
            Answer.NOT_KNOWN, "no row tells which GPUs cuDNN 9.1.0 serves", "matrices/cudnn.yaml")),
    ],
)  # fmt: skip
def test_which_gpus_a_cudnn_serves(version, gpu, verdict):
    assert cudnn_serves(version, gpu, (BOTH, OPEN)) == verdict


@pytest.mark.parametrize(
    ("version", "gpu", "answer", "row"),
    [
        ("8.7.0.84", "9.0", Answer.NOT_KNOWN, "c8.5"),
        ("8.7.0.84", "12.0", Answer.NO, "c8"),
        ("9.12.0.46", "12.0", Answer.YES, "c9"),
        ("9.12.0.46", "12.1", Answer.NOT_KNOWN, "c9"),
        ("9.12.0.46", "7.0", Answer.NO, "c9"),
    ],
)
def test_a_cudnn_of_which_nobody_read_the_newest_gpu_lies_between_its_neighbours(version, gpu, answer, row):
    verdict = cudnn_serves(version, gpu, (OPEN, NEW, UNREAD, BOTH))
    assert (verdict.answer, verdict.row) == (answer, row)


@pytest.mark.parametrize(
    ("gpu", "answer"), [("3.7", Answer.NO), ("5.0", Answer.YES), ("12.0", Answer.YES), ("12.1", Answer.YES)]
)
def test_a_gpu_newer_than_a_toolkit_is_served_through_ptx(gpu, answer):
    assert toolkit_serves(TOOLKIT, gpu).answer is answer


def test_a_gpu_newer_than_a_row_is_known_as_such():
    assert [is_newer(gpu, BOTH) for gpu in ("3.7", "9.0", "10.0")] == [False, False, True]
    assert not is_newer("99.0", OPEN)


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
        ("RTX 4090 D", "GeForce RTX 4090"),
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
