"""What the build string of a conda package tells."""

import pytest

from solver.matrix.builds import build_cuda, is_cpu_build


@pytest.mark.parametrize(
    ("build", "cuda"),
    [
        ("cuda129_mkl_py312_h2ff76c1_300", "12.9"),
        ("cuda112py310h457873b_1", "11.2"),
        ("cuda102py38_0", "10.2"),
        ("py3.10_cuda12.4_cudnn9.1.0_0", "12.4"),
        ("cuda_py313_h6be0d2c_2", None),
        ("cpu_py312_0", None),
        ("h092f7fd_3", None),
    ],
)
def test_the_build_string_tells_the_cuda(build, cuda):
    assert build_cuda(build) == cuda


def test_a_cpu_build_is_told_by_its_string():
    assert is_cpu_build("cpu_mkl_py312_0")
    assert not is_cpu_build("cuda129_mkl_0")
