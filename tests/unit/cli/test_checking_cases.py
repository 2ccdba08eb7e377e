"""Open lists and GPU packages of no row, as people have them: what is told of them, word for word."""

from __future__ import annotations

import pytest
from paths import ROOT

CASES = ROOT / "tests" / "data" / "cases"
FLOOD = """\
    why: the set does not say which version of jax-cuda12-plugin, nvidia-cublas-cu12,
        nvidia-cuda-cccl-cu12, nvidia-cuda-cccl, nvidia-cuda-cupti-cu12, nvidia-cuda-nvcc-cu12,
        nvidia-cuda-runtime-cu12, nvidia-cudnn-cu12, nvidia-cufft-cu12, nvidia-cusolver-cu12,
        nvidia-cusparse-cu12, nvidia-nccl-cu12 and tensorflow it means, so nothing was checked for
        these 13 packages
    cure: audit a lock, the output of pip freeze, or the installed prefix; `uv pip compile` or
        `interlock lock` makes a lock of an open list
    source: the set itself
1 warning
"""
NIGHTLY = """\
note unknown: tf-nightly==2.21.0.dev20250729
    why: not checked, since no row tells of tf-nightly==2.21.0.dev20250729 (a nightly build of
        TensorFlow)
    cure: add a row of it to the matrices; until then nothing can be said about this one
    source: the matrices
1 note
"""
UNSEEN = """\
note unknown: cupy-cuda11x==13.3.0, xformers==0.0.30
    why: not checked, since no row tells of cupy-cuda11x==13.3.0 and xformers==0.0.30
    cure: add rows of them to the matrices; until then nothing can be said about these
    source: the matrices
1 note
"""


def test_an_open_list_of_gpu_packages_is_one_warning(folder, interlock):
    code, out, err = interlock("audit", CASES / "flood-of-unknown" / "requirements.txt")
    first, rest = out.split("\n", 1)
    assert (code, err, rest) == (0, "", FLOOD)
    assert first.startswith("warning unknown: jax-cuda12-plugin>=0.10.0, nvidia-cublas-cu12>=12.9.2.10, ")


@pytest.mark.parametrize(("file", "said"), [("a.txt", NIGHTLY), ("b.txt", UNSEEN)])
def test_gpu_packages_of_no_row_are_not_passed_over(folder, interlock, file, said):
    assert interlock("audit", CASES / "nightly-and-gpu-packages-unseen" / file) == (0, said, "")
