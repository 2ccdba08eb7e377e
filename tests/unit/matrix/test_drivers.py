"""Which drivers serve a CUDA, on Linux and on Windows, and what is known where rows are missing."""

from __future__ import annotations

import pytest

from solver.core.answer import NOT_KNOWN, Answer, Verdict
from solver.core.errors import BadInput
from solver.matrix.drivers import (
    FirstOfBranch,
    Oldest,
    driver_serves,
    first_of_branch,
    newest_cuda,
    oldest,
    oldest_of,
    own,
)
from solver.matrix.load import Matrices, load_matrices
from solver.matrix.place import Place
from solver.matrix.rows import Build, CudaFamily, CudaToolkit, DriverBranch

FAMILY, TOOLKIT, OLD = "families.html", "toolkits.html", "archive.html"
MATRICES = Matrices(
    families=(
        CudaFamily(id="cuda-11", source=FAMILY, major=11, driver="450.80.02", driver_windows="452.39"),
        CudaFamily(id="cuda-13", source=FAMILY, major=13, driver="580.65.06"),
    ),
    toolkits=(
        CudaToolkit(id="cuda-10.2", source=OLD, cuda="10.2", driver="440.33", driver_windows="441.22"),
        CudaToolkit(id="cuda-11.8", source=TOOLKIT, cuda="11.8", driver="520.61.05", driver_windows="520.06"),
        CudaToolkit(id="cuda-13.1", source=TOOLKIT, cuda="13.1", driver="590.44.01"),
    ),
)


@pytest.mark.parametrize(
    ("cuda", "platform", "expected"),
    [
        ("11.8", "linux-64", Oldest("450.80.02", FAMILY, "cuda-11")),
        ("11.8", "linux-aarch64", Oldest("450.80.02", FAMILY, "cuda-11")),
        ("11.8", "win-64", Oldest("452.39", FAMILY, "cuda-11")),
        # A toolkit that has no row is of its family all the same.
        ("11.2", "win-64", Oldest("452.39", FAMILY, "cuda-11")),
        # Without a family's row there is no word of minor-version compatibility.
        ("10.2", "linux-64", Oldest("440.33", OLD, "cuda-10.2", surely=False)),
        ("10.2", "win-64", Oldest("441.22", OLD, "cuda-10.2", surely=False)),
        ("13.1", "linux-64", Oldest("580.65.06", FAMILY, "cuda-13")),
        ("13.1", "win-64", NOT_KNOWN),
        ("12.4", "linux-64", NOT_KNOWN),
    ],
)
def test_the_oldest_driver(cuda, platform, expected):
    assert oldest(cuda, platform, MATRICES) == expected


def test_without_the_row_of_a_family_an_older_driver_may_be_enough():
    verdicts = [
        driver_serves("10.2", Place("linux-64", driver=driver), MATRICES) for driver in ("440.33", "418.39", None)
    ]
    why = "CUDA 10.2 came with driver 440.33, and nobody read whether 418.39 is enough"
    none = "CUDA 10.x needs a driver >= 440.33 and the target has none"
    assert verdicts == [
        Verdict(Answer.YES),
        Verdict(Answer.NOT_KNOWN, why, OLD, "cuda-10.2"),
        Verdict(Answer.NO, none, OLD, "cuda-10.2"),
    ]


def test_a_toolkits_own_driver_is_newer_than_the_oldest():
    assert own("11.8", "linux-64", MATRICES) == Oldest("520.61.05", TOOLKIT, "cuda-11.8")
    assert own("11.8", "win-64", MATRICES) == Oldest("520.06", TOOLKIT, "cuda-11.8")
    assert own("11.2", "linux-64", MATRICES) is NOT_KNOWN


@pytest.mark.parametrize(
    ("driver", "platform", "verdict"),
    [
        ("450.80.02", "linux-64", Verdict(Answer.YES)),
        ("450.80.02", "win-64", Verdict(
            Answer.NO, "CUDA 11.x needs a driver >= 452.39 and the target promises only 450.80.02", FAMILY, "cuda-11")),
        (None, "linux-64", Verdict(
            Answer.NO, "CUDA 11.x needs a driver >= 450.80.02 and the target has none", FAMILY, "cuda-11")),
        (NOT_KNOWN, "linux-64", Verdict(Answer.NOT_KNOWN, "nobody named a driver")),
    ],
)  # fmt: skip
def test_whether_a_driver_serves_and_why_not(driver, platform, verdict):
    assert driver_serves("11.8", Place(platform, driver=driver), MATRICES) == verdict


def test_a_cuda_of_which_no_row_tells_is_not_known():
    why = "no row tells which driver CUDA 13.1 needs on win-64"
    known = driver_serves("13.1", Place("win-64", driver="999"), MATRICES)
    assert known == Verdict(Answer.NOT_KNOWN, why, "matrices/cuda-families.yaml")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"cuda": "11.8"}, Oldest("450.80.02", FAMILY, "cuda-11")),
        ({"cuda": "11.8", "driver": "470.1"}, Oldest("470.1", "wheel", "b")),
        ({"cuda": "11.8", "driver": "400.1"}, Oldest("450.80.02", FAMILY, "cuda-11")),
        ({"driver": "470.1"}, Oldest("470.1", "wheel", "b")),
        ({"cuda": "none"}, None),
        ({"cuda": "none", "driver": "470.1"}, None),
        ({}, NOT_KNOWN),
    ],
)
def test_a_build_may_need_a_newer_driver_than_its_cuda(fields, expected):
    build = Build(id="b", source="wheel", package="torch", version="1", platform="linux-64", **fields)
    assert oldest_of(build, MATRICES) == expected


DRIVERS = tuple(
    DriverBranch(id=str(branch), source="s", branch=branch, cuda=cuda)
    for branch, cuda in ((450, "11.0"), (525, "12.0"), (550, "12.4"), (580, "13.0"))
)


@pytest.mark.parametrize(
    ("driver", "cuda"),
    [("525.60.13", "12.0"), ("550", "12.4"), ("560.35.03", "12.4"), ("999.1", "13.0"), ("450.80.02", "11.0")],
)
def test_the_driver_says_which_cuda_conda_sees(driver, cuda):
    assert newest_cuda(driver, DRIVERS) == cuda


def test_a_driver_older_than_every_row_is_bad_input():
    with pytest.raises(BadInput, match=r"driver: no row of the drivers matrix covers driver 390.1; ask for a newer"):
        newest_cuda("390.1", DRIVERS)


@pytest.mark.parametrize(
    ("branch", "platform", "driver", "does"),
    [
        ("525", "linux-64", "525.60.13", "run CUDA 12.x"),
        ("580", "linux-64", "580.65.06", "run CUDA 13.x"),
        ("450", "linux-64", "450.80.02", "run CUDA 11.x"),
        ("550", "linux-64", "550.54.14", "come with CUDA 12.4"),
        ("528", "win-64", "528.33", "run CUDA 12.x"),
    ],
)
def test_a_branch_begins_with_the_release_that_a_row_tells_of(branch, platform, driver, does):
    first = first_of_branch(branch, platform, load_matrices())
    assert isinstance(first, FirstOfBranch)
    assert (first.driver, first.does) == (driver, does)


def test_a_branch_that_no_row_tells_of():
    assert first_of_branch("999", "linux-64", load_matrices()) is NOT_KNOWN
    assert first_of_branch("525", "win-64", load_matrices()) is NOT_KNOWN
