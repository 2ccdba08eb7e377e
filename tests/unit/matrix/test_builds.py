"""What the rows of builds say: of which CUDA they are, for which pythons, and compiled against what."""

import pytest

from solver.core.answer import NOT_KNOWN, Answer
from solver.matrix.builds import Bound, bounds, broken_bounds, cuda_major, stated, wheel_for
from solver.matrix.load import Matrices
from solver.matrix.rows import Build


@pytest.mark.parametrize(
    ("cuda", "version", "release"), [("12.8", "12.8", 12), ("none", None, None), (NOT_KNOWN, NOT_KNOWN, NOT_KNOWN)]
)
def test_no_cuda_and_a_cuda_that_nobody_read_are_two_things(cuda, version, release):
    build = Build(id="k", source="s", package="kit", version="1", platform="linux-64", cuda=cuda)
    assert (stated(build.cuda), cuda_major(build)) == (version, release)


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
