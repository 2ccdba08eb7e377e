"""What a conda build string tells, and what rows say of the packages that a build was compiled against."""

import dataclasses

import msgspec
import pytest
from audit_stubs import small_matrices

from solver.core.answer import NOT_KNOWN, Answer, Verdict
from solver.matrix.builds import (
    Bound,
    bounds,
    broken_bounds,
    build_cuda,
    built_against,
    conda_rows,
    cuda_major,
    links_to,
    runs_on,
    stated,
    wheel_for,
)
from solver.matrix.load import Matrices
from solver.matrix.rows import Build, CondaBuild


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
    ("cuda", "version", "release"), [("12.8", "12.8", 12), ("none", None, None), (NOT_KNOWN, NOT_KNOWN, NOT_KNOWN)]
)
def test_no_cuda_and_a_cuda_that_nobody_read_are_two_things(cuda, version, release):
    build = Build(id="k", source="s", package="kit", version="1", platform="linux-64", cuda=cuda)
    assert (stated(build.cuda), cuda_major(build)) == (version, release)


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


CODED = Build(id="k", source="s", package="kit", version="1", platform="linux-64", sm=("8.0",), ptx=("8.0",))


@pytest.mark.parametrize(
    ("cuda", "gpu", "verdict"),
    [
        (NOT_KNOWN, "8.6", Verdict(Answer.YES)),
        (
            NOT_KNOWN,
            "7.0",
            Verdict(Answer.NO, "it has neither native code nor PTX for compute capability 7.0", "s", "k"),
        ),
        (
            NOT_KNOWN,
            "9.0",
            Verdict(
                Answer.NOT_KNOWN, "it has only PTX for compute capability 9.0, and nobody read of which CUDA", "s", "k"
            ),
        ),
        ("none", "7.0", Verdict(Answer.YES)),
    ],
)
def test_code_that_somebody_read_is_judged_also_where_its_cuda_was_not(cuda, gpu, verdict):
    assert runs_on(msgspec.structs.replace(CODED, cuda=cuda), gpu, "580.65.06", small_matrices()) == verdict


def _of(version, python, index="default"):
    return Build(
        id=version, source="a test", package="torch", version=version, platform="linux-64", python=python, index=index
    )


WHOLE, CPU = _of("2.11.0", ("3.11", "3.12")), _of("2.11.0+cpu", ("3.12",), "pytorch")
OTHER, UNREAD = _of("2.10.0+cpu", ("3.10",), "pytorch"), _of("2.9.0", NOT_KNOWN)


@pytest.mark.parametrize(
    ("row", "python", "answer"),
    [
        (WHOLE, "3.12", Answer.YES),
        (WHOLE, "3.10", Answer.NO),
        (CPU, "3.12", Answer.YES),
        # Nobody saw its wheel for the python that the release's other build is for.
        (CPU, "3.11", Answer.NOT_KNOWN),
        (CPU, "3.10", Answer.NO),
        (OTHER, "3.11", Answer.NO),
        (UNREAD, "3.11", Answer.NOT_KNOWN),
        (_of("2.8.0", ()), "3.11", Answer.YES),
    ],
)
def test_a_build_has_wheels_for_pythons(row, python, answer):
    assert wheel_for(Matrices(builds=(WHOLE, CPU, OTHER, UNREAD)), row, python) is answer
