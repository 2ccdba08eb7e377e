"""What "nothing found" says was looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest
from audit_stubs import StubIndex, pinned, small_matrices

from solver.audit.checked import Checked, checked, nothing_found
from solver.audit.inputs import read_given
from solver.audit.run import context_of

INDEX = {
    "numpy": [{"version": "2.2.6", "files": ["numpy-2.2.6-cp312-cp312-manylinux_2_17_x86_64.whl"], "requires": []}],
}


def _of(*pins):
    return checked(context_of(pinned(*pins), small_matrices(), StubIndex(INDEX)))


def test_frameworks_and_cuda_libraries_are_named():
    pins = ["torch==2.10.0", "numpy==2.2.6", "nvidia-cudnn-cu12==9.10.2.21", "nvidia-cublas-cu12==12.8.4.1"]
    assert _of(*pins) == Checked(
        packages=4,
        frameworks=("torch 2.10.0",),
        libraries=2,
        unrecorded=("nvidia-cublas-cu12==12.8.4.1", "nvidia-cudnn-cu12==9.10.2.21", "torch==2.10.0"),
    )


def test_what_only_conda_has_and_our_own_wheel_are_no_gaps_of_the_index(tmp_path):
    text = "dependencies:\n  - pytorch=2.10.0=cuda129_generic_py312_h0_0\n  - numpy=2.2.6=py312_0\n"
    read = read_given(text, "environment.yml", tmp_path)
    assert checked(context_of(read, small_matrices(), StubIndex())).unrecorded == ()
    assert _of("interlock-loader==1").unrecorded == ()


def test_packages_of_open_version_are_not_counted(tmp_path):
    read = read_given("numpy==2.2.6\nrequests>=2\n", "requirements.txt", tmp_path)
    assert checked(context_of(read, small_matrices(), StubIndex(INDEX))) == Checked(packages=1, open=("requests",))


BOTH = Checked(packages=45, frameworks=("tensorflow 2.20.0", "torch 2.9.1"), libraries=16)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (BOTH, "nothing found: 45 packages checked (tensorflow 2.20.0, torch 2.9.1; 16 CUDA libraries)"),
        (
            replace(BOTH, libraries=0, unrecorded=("a==1", "b==2"), absent=("d==9",), open=("c",)),
            "nothing found: 45 packages checked (tensorflow 2.20.0, torch 2.9.1); nobody recorded requirements or "
            "wheels of a==1 and b==2; the package index has no wheel of d==9; without a version, and so not checked: c",
        ),
        (
            Checked(packages=1),
            "nothing found: the set holds neither TensorFlow nor torch nor JAX; only requirements and wheels of "
            "1 package were checked",
        ),
        (
            Checked(packages=2, libraries=1, installed=True),
            "nothing found: the set holds neither TensorFlow nor torch nor JAX; only requirements and files of 2 "
            "packages (1 CUDA library) were checked",
        ),
    ],
)
def test_nothing_found_says_where(what, said):
    assert nothing_found(what) == said
