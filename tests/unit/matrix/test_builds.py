"""What the build string of a conda package tells, and what its row says of the libraries that it links to."""

import pytest

from solver.matrix.builds import build_cuda, built_against, is_cpu_build, links_to
from solver.matrix.rows import CondaBuild


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


@pytest.mark.parametrize(
    ("built", "version", "links"),
    [("6.31.1", "6.31.1", True), ("6.3", "6.31.1", False), ("20260526", "20260526.0", True), ("5.1.2", "5.1", False)],
)
def test_a_library_is_linked_by_the_leading_parts_of_its_version(built, version, links):
    assert links_to(built, version) is links


def test_a_build_was_built_against_what_its_row_states():
    row = CondaBuild(
        id="r",
        source="s",
        package="pytorch",
        version="2.5",
        build_numbers=(),
        platform="linux-64",
        cuda="12.8",
        python=(),
        libabseil="20240722",
    )
    assert built_against(row) == {"libabseil": "20240722"}
