"""Packages of several CUDA majors, with the shipped rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from solver.audit.codes import mixed_cuda
from solver.audit.inputs import read_given
from solver.audit.run import audit
from solver.core.model import Target
from solver.index.snapshot import SnapshotIndex
from solver.matrix.load import load_matrices

MATRICES = load_matrices()


RELEASES = [("1.23.2", None), ("1.26.0", None), ("1.27.0", "13.0"), ("1.31.1", "13.0")]


@pytest.mark.parametrize(("version", "cuda"), RELEASES)
def test_onnxruntime_gpu_of_cuda_13_beside_a_torch_of_cuda_12(version, cuda):
    text = f"onnxruntime-gpu=={version}\ntorch==2.10.0\n"
    packages = read_given(text, "requirements.txt", Path())
    target = Target(python="3.12", driver="580.65.06", gpus=("9.0",))
    findings = audit(packages, MATRICES, SnapshotIndex(Path("nowhere")), target)
    told = [(one.severity, one.why) for one in findings if one.code == mixed_cuda.CODE]
    why = f"onnxruntime-gpu=={version} is built for CUDA {cuda} and torch==2.10.0 for CUDA 12.8"
    assert told == ([] if cuda is None else [("error", f"{why}: one process would hold both")])
