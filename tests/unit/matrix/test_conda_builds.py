"""What a conda build string tells, and what rows say of conda's builds."""

import dataclasses

import pytest
from audit_stubs import small_matrices

from solver.core.answer import NOT_KNOWN
from solver.matrix.conda_builds import build_cuda, built_against, conda_rows, is_for, links_to, share_a_python
from solver.matrix.rows import CondaBuild


@pytest.mark.parametrize(
    ("build", "cuda"),
    [
        ("cuda129_mkl_py312_h2ff76c1_300", "12.9"),
        ("cuda112py310h457873b_1", "11.2"),
        ("cuda102py38_0", "10.2"),
        ("py3.10_cuda12.4_cudnn9.1.0_0", "12.4"),
        ("cuda_py313_h6be0d2c_2", NOT_KNOWN),
        ("gpu_py37h7db9008_0", NOT_KNOWN),
        ("h092f7fd_3", NOT_KNOWN),
        (NOT_KNOWN, NOT_KNOWN),
        ("cpu_py312_0", "none"),
        ("cpu_mkl_py312_0", "none"),
        ("py3.11_cpu_0", "none"),
    ],
)
def test_the_build_string_tells_the_cuda(build, cuda):
    assert build_cuda(build) == cuda


@pytest.mark.parametrize(
    ("build", "cudas"),
    [
        ("cuda129_py313_1", ["12.9"]),
        ("cpu_py313_1", ["none"]),
        ("cuda_py313_1", ["12.9"]),
        ("gpu_py37_1", []),
        ("py313_1", []),
        (NOT_KNOWN, ["12.9", "none"]),
    ],
)
def test_a_build_string_that_names_no_cuda_is_no_cpu_build(build, cudas):
    rows = tuple(
        CondaBuild(
            id=f"r{cuda}",
            source="s",
            package="torch",
            version="2.9.1",
            build_numbers=(1,),
            platform="linux-64",
            cuda=cuda,
            python=(),
        )
        for cuda in ("12.9", "none")
    )
    matrices = dataclasses.replace(small_matrices(), conda_builds=rows)
    assert [row.cuda for row in conda_rows(matrices, "torch", "2.9.1", build, "linux-64")] == cudas


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


@pytest.mark.parametrize("tail", ["9" * 5000, "\u00b2", "\u0661"])
def test_digits_that_are_no_build_number_are_of_no_build_that_rows_number(tail):
    row = CondaBuild(
        id="r",
        source="s",
        package="torch",
        version="2.9.1",
        build_numbers=(1,),
        platform="linux-64",
        cuda="12.9",
        python=(),
    )
    matrices = dataclasses.replace(small_matrices(), conda_builds=(row,))
    assert conda_rows(matrices, "torch", "2.9.1", "cuda129_1", "linux-64") == [row]
    assert conda_rows(matrices, "torch", "2.9.1", f"cuda129_{tail}", "linux-64") == [row]


def _for(*pythons):
    return CondaBuild(
        id="c", source="s", package="torch", version="2.9.1", build_numbers=(), platform="linux-64", cuda="none",
        python=pythons,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "shared"),
    [
        ([_for("3.11"), _for("3.11", "3.12")], True),
        ([_for("3.11"), _for("3.12")], False),
        ([_for("3.11"), _for()], True),
        ([_for(), _for()], True),
    ],
)
def test_builds_share_a_python_that_each_is_for(rows, shared):
    assert share_a_python(rows) is shared


def test_a_build_that_lists_no_python_is_for_any():
    assert [is_for(_for(), "3.9"), is_for(_for("3.11"), "3.9"), is_for(_for("3.11"), "3.11")] == [True, False, True]
