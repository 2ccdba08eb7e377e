"""Specifiers in conda's words, and which CUDAs a target admits."""

import pytest

from solver.core.model import Target
from solver.matrix.load import Matrices
from solver.matrix.rows import CudaFamily, CudaToolkit
from solver.solve.conda.traps import (
    admitted_cuda,
    conda_versions,
)


@pytest.mark.parametrize(
    ("pypi", "conda"),
    [(">=2.18,<2.21", "<2.21,>=2.18"), ("==2.10.*", "2.10.*"), ("==2.10.1", "==2.10.1"), ("~=1.4", "~=1.4"), ("", "")],
)
def test_a_specifier_becomes_conda(pypi, conda):
    assert conda_versions(pypi) == conda


def test_a_local_version_has_no_conda_counterpart():
    with pytest.raises(ValueError, match=r"conda has no version 2.11.0\+cu128"):
        conda_versions("==2.11.0+cu128")


def test_why_a_cuda_may_not_be_chosen():
    matrices = Matrices(
        families=(CudaFamily(id="f12", source="vendor", major=12, driver="525.60.13"),),
        toolkits=(CudaToolkit(id="t", source="vendor", cuda="12.9", driver="575.51", gpus=("7.5", "9.0")),),
    )
    target = Target(driver="530.30", gpus=("7.0",))
    fit, excluded = admitted_cuda(["13.0", "12.9", "12.4", "11.8"], ">=12", target, matrices)
    assert fit == ["12.4"]
    assert [(each.version, each.why, each.source) for each in excluded] == [
        ("13.0", "no row tells which driver CUDA 13.0 needs on linux-64", "matrices/cuda-families.yaml"),
        ("12.9", "it serves compute capability 7.5 and 9.0, not 7.0", "vendor"),
        ("11.8", "it asks for >=12", "the request"),
    ]
