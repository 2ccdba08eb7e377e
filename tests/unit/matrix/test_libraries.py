"""Which CUDA libraries a release brings, and what a build does that does not find its own."""

import pytest
from msgspec.structs import replace

from solver.core.answer import NOT_KNOWN, Answer
from solver.matrix.libraries import (
    Lookup,
    brings,
    brings_its_own,
    brought,
    bundled,
    decides_gpu,
    does_without,
    look_up,
    looks_up,
    opens,
    pins,
    places,
)
from solver.matrix.load import Matrices
from solver.matrix.rows import Build, Library


def _row(name, cuda, versions, distribution="nvidia-nvtx"):
    return Library(
        id=name, source="a test", library=name, cuda=cuda, distribution=distribution, versions=versions, directory=name
    )


OLD, NEW = _row("nvtx-12", 12, "<13"), _row("nvtx-13", 13, ">=13,<14")
NCCL = _row("nccl", 12, "", "nvidia_nccl_cu12")
CUBLAS = replace(_row("cublas", 12, "", "nvidia-cublas-cu12"), sonames=("libcublas.so.12",))
MATRICES = Matrices(libraries=(OLD, NEW, NCCL))


@pytest.mark.parametrize(
    ("distribution", "version", "rows"),
    [
        ("nvidia-nvtx", "12.8.90", (OLD,)),
        ("nvidia-nvtx", "13.0.85", (NEW,)),
        ("nvidia-nvtx", "14.0.1", NOT_KNOWN),
        ("nvidia-nvtx", "nightly", NOT_KNOWN),
        ("nvidia-nccl-cu12", "99.1", (NCCL,)),
        ("numpy", "2.1.0", ()),
    ],
)
def test_a_row_tells_of_its_own_releases_alone(distribution, version, rows):
    assert brings(MATRICES, distribution, version) == rows


def _build(package, **fields):
    return Build(id="b", source="a test", package=package, version="1", platform="linux-64", cuda="12.8", **fields)


@pytest.mark.parametrize(
    ("build", "looks", "without"),
    [
        (_build("tensorflow", opens=("cudart",)), Answer.YES, Answer.YES),
        (_build("tensorflow"), Answer.YES, Answer.YES),
        (_build("torch"), Answer.NOT_KNOWN, Answer.NO),
        (_build("kit", opens=("cudart",)), Answer.YES, Answer.NOT_KNOWN),
        (_build("kit"), Answer.NOT_KNOWN, Answer.NOT_KNOWN),
    ],
    ids=["tensorflow", "tensorflow-unread", "torch", "package", "package-unread"],
)
def test_a_row_tells_what_a_build_needs_and_not_whether_it_is_linked(build, looks, without):
    assert (looks_up(build), does_without(build)) == (looks, without)


def test_a_build_that_looks_nowhere_finds_nothing_whatever_it_opens():
    blind = _build("tensorflow", runpath=())
    assert places(blind, []) == Lookup(nothing=True)
    assert places(blind, [CUBLAS]) == Lookup(hidden=(CUBLAS,))
    assert places(_build("tensorflow"), []) == Lookup()


def test_of_a_build_of_which_nobody_read_the_cuda_it_is_not_known_what_it_finds():
    unread = replace(_build("tensorflow", runpath=()), cuda=NOT_KNOWN)
    assert places(unread, [CUBLAS]) is NOT_KNOWN
    assert places(replace(unread, cuda="none"), [CUBLAS]) == Lookup()


@pytest.mark.parametrize(
    ("opens", "versions", "lookup"),
    [
        (("cublas",), {"nvidia-cublas-cu12": "12.6"}, Lookup()),
        (("cublas",), {}, Lookup(nowhere=("cublas",))),
        (("cublas",), {"nvidia-cublas-cu12": "13.0"}, Lookup(unread=("cublas",))),
        (("cuthing",), {}, Lookup(unread=("cuthing",))),
    ],
    ids=["there", "not there", "of a release that no row tells of", "of which no row tells"],
)
def test_a_library_is_missing_only_where_rows_tell_who_would_bring_it(opens, versions, lookup):
    row = replace(CUBLAS, versions="<13")
    matrices = Matrices(libraries=(row,))
    build = _build("tensorflow", opens=opens, runpath=("cublas",))
    beside = brought(matrices.libraries, versions)
    assert look_up(build, beside, versions, matrices) == lookup


@pytest.mark.parametrize(
    ("build", "name", "decides"),
    [
        (_build("tensorflow"), "cusolver", True),
        (_build("tensorflow"), "curand", False),
        (_build("tensorflow"), "nccl", False),
        (_build("tensorflow", opens=("cudart", "curand", "nccl", "cupti")), "curand", True),
        (_build("tensorflow", opens=("cudart", "curand", "nccl", "cupti")), "nccl", False),
        (_build("tensorflow", opens=("cudart", "curand", "nccl", "cupti")), "cupti", False),
        (_build("kit", opens=("curand", "nccl", "cupti")), "nccl", True),
        (_build("kit", opens=("curand", "nccl", "cupti")), "cupti", False),
        (_build("kit", opens=("curand",), uses=("cudnn",)), "cudnn", False),
    ],
)
def test_which_library_decides_whether_a_build_sees_a_gpu(build, name, decides):
    assert decides_gpu(build, name) is decides


@pytest.mark.parametrize(
    ("build", "inside", "pinned", "own"),
    [
        (_build("torch"), Answer.NOT_KNOWN, Answer.NOT_KNOWN, Answer.NOT_KNOWN),
        (_build("torch", bundles=True), Answer.YES, Answer.NO, Answer.YES),
        (_build("torch", bundles=True, same_minor=True), Answer.YES, Answer.NO, Answer.YES),
        (_build("torch", bundles=False), Answer.NO, Answer.NOT_KNOWN, Answer.NOT_KNOWN),
        (_build("torch", same_minor=True), Answer.NO, Answer.YES, Answer.YES),
        (_build("torch", bundles=False, same_minor=False), Answer.NO, Answer.NO, Answer.NO),
    ],
)
def test_what_no_row_says_of_a_builds_libraries_is_neither_in_it_nor_pinned(build, inside, pinned, own):
    assert (bundled(build), pins(build), brings_its_own(build)) == (inside, pinned, own)


@pytest.mark.parametrize(
    ("build", "answer"),
    [
        (_build("kit"), Answer.NOT_KNOWN),
        (_build("kit", opens=()), Answer.NO),
        (_build("kit", opens=("cublas",)), Answer.NO),
        (_build("kit", opens=("cudart", "cudnn")), Answer.YES),
    ],
)
def test_a_build_of_which_nobody_read_what_it_opens_may_open_anything(build, answer):
    assert opens(build, "cudnn") is answer
