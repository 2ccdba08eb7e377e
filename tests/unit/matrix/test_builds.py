"""What a conda build string tells, and what rows say of the packages that a build was compiled against."""

import dataclasses

import pytest
from audit_stubs import small_matrices

from solver.core.answer import NOT_KNOWN
from solver.matrix.builds import (
    Bound,
    bounds,
    broken_bounds,
    build_cuda,
    built_against,
    conda_rows,
    is_cpu_build,
    links_to,
)
from solver.matrix.rows import Build, CondaBuild


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


KIT = Build(
    id="kit-1", source="a test", package="kit", version="1", platform="linux-64", cuda="12.8",
    needs={"torch": ">=2.9", "protobuf": "<7"}, protobuf="6.31.1",
)  # fmt: skip
OLDER, NEWER = Bound("protobuf", ">=6.31.1", "6.31.1"), Bound("protobuf", "<7")


def test_generated_code_and_what_it_was_compiled_against_both_bound_a_build():
    assert bounds(KIT) == (NEWER, OLDER, Bound("torch", ">=2.9"))


@pytest.mark.parametrize(
    ("versions", "broken"),
    [
        ({"protobuf": "6.31.1", "torch": "2.9.1+cu128"}, []),
        ({}, []),
        ({"protobuf": "6.30.0"}, [(OLDER, "protobuf")]),
        ({"protobuf": "7.1.0", "torch": "2.8.0"}, [(NEWER, "protobuf"), (Bound("torch", ">=2.9"), "torch")]),
        ({"protobuf": NOT_KNOWN, "torch": "nightly"}, []),
    ],
    ids=["met", "absent", "older", "newer", "not-known"],
)
def test_only_what_surely_breaks_a_bound_is_told(versions, broken):
    assert list(broken_bounds(KIT, versions)) == broken


def test_a_bound_on_a_framework_is_one_on_each_of_its_distributions():
    build = Build(id="k", source="s", package="kit", version="1", platform="linux-64", needs={"tensorflow": "<2.20"})
    assert [name for _, name in broken_bounds(build, {"tensorflow-cpu": "2.21.0", "tensorflow": "2.19.0"})] == [
        "tensorflow-cpu"
    ]


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
