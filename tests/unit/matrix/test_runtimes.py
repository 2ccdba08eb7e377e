"""Which CUDA and which cuDNN lie inside a wheel, and whether they are what a request asks for."""

import msgspec
import pytest

from solver.core.answer import NOT_KNOWN, Answer
from solver.matrix.load import Matrices
from solver.matrix.rows import Build, Library
from solver.matrix.runtimes import Inside, decides, inside, insides, is_within_request, of_packages

replace = msgspec.structs.replace
KIT = Build(
    id="kit-1",
    source="a test",
    package="kit",
    version="1",
    platform="linux-64",
    cuda="12.8.1",
    cudnn="9.10.2.21",
    bundles=True,
)
UNSAID = replace(KIT, bundles=NOT_KNOWN)
CUDART = Library(
    id="cudart",
    source="a test",
    library="cudart",
    cuda=12,
    distribution="nvidia-cuda-runtime-cu12",
    directory="nvidia/cuda_runtime/lib",
    same_minor=True,
)
CUDNN = replace(CUDART, id="cudnn", library="cudnn", distribution="nvidia-cudnn-cu12", same_minor=False)


def versions(build):
    found = (inside(build, "cuda"), inside(build, "cudnn"))
    return [None if one is None else (one.version, one.surely) for one in found]


def test_a_wheel_that_bundles_has_the_cuda_and_the_cudnn_of_its_row_inside():
    assert versions(KIT) == [("12.8", True), ("9.10.2.21", True)]
    assert versions(replace(KIT, cudnn=NOT_KNOWN)) == [("12.8", True), (NOT_KNOWN, True)]
    assert versions(replace(KIT, cudnn="none")) == [("12.8", True), None]
    assert versions(replace(KIT, cuda="none", cudnn=NOT_KNOWN)) == [None, None]


@pytest.mark.parametrize(
    "build",
    [
        replace(KIT, bundles=False),
        replace(UNSAID, same_minor=True),
        replace(UNSAID, opens=("cudart", "cudnn")),
        replace(UNSAID, package="tensorflow"),
        replace(UNSAID, package="torchvision"),
    ],
    ids=["it says so", "its metadata pins them", "it opens them", "it dlopens", "those of torch"],
)
def test_what_takes_its_libraries_from_elsewhere_has_none_inside(build):
    assert versions(build) == [None, None]


def test_where_nobody_read_whether_it_bundles_what_it_was_built_with_may_lie_inside():
    assert versions(UNSAID) == [("12.8", False), ("9.10.2.21", False)]


@pytest.mark.parametrize(
    ("version", "specifier", "answer"),
    [
        ("9.10.2.21", ">=9.10", Answer.YES),
        ("9.10.2.21", ">=9.11", Answer.NO),
        ("9.10.2.21", "", Answer.YES),
        (NOT_KNOWN, "", Answer.YES),
        (NOT_KNOWN, ">=8", Answer.NOT_KNOWN),
        # Of a release of which only the minor was read
        ("9.10", ">=9.10", Answer.YES),
        ("9.10", ">=9.10.0", Answer.YES),
        ("9.10", "==9.10.*", Answer.YES),
        ("9.10", "~=9.10", Answer.YES),
        ("9.10", "<9.10", Answer.NO),
        ("9.10", "!=9.10.*", Answer.NO),
        ("9.10", ">=9.10.2", Answer.NOT_KNOWN),
        ("9.10", "==9.10.2.21", Answer.NOT_KNOWN),
        ("9.10", "==9.10.2.*", Answer.NOT_KNOWN),
        ("9.10", "<=9.10", Answer.NOT_KNOWN),
        ("9.10", ">9.10", Answer.NOT_KNOWN),
        ("9.10", ">=9.10.2,<9", Answer.NO),
    ],
)
def test_a_cudnn_inside_is_within_a_specifier_as_far_as_it_was_read(version, specifier, answer):
    assert is_within_request(Inside("cudnn", version), specifier) is answer


def test_a_cuda_is_read_whole_by_its_minor():
    answers = [is_within_request(Inside("cuda", "12.8"), text) for text in ("==12.8", "<=12.8", "==12.*", ">12.8")]
    assert answers == [Answer.YES, Answer.YES, Answer.YES, Answer.NO]


def test_what_only_may_lie_inside_is_not_known_to_be_another_than_asked_for():
    perhaps = Inside("cuda", "12.8", surely=False)
    assert is_within_request(perhaps, "==12.8") is Answer.YES
    assert is_within_request(perhaps, "==12.6") is Answer.NOT_KNOWN


def test_what_a_set_has_comes_with_a_distribution_or_inside_a_wheel():
    matrices = Matrices(builds=(KIT,), libraries=(CUDART, CUDNN, replace(CUDART, id="nccl", library="nccl")))
    assert [decides(row) for row in matrices.libraries] == ["cuda", "cudnn", None]
    assert decides(replace(CUDART, same_minor=False)) is None
    assert of_packages(matrices, {"nvidia-cudnn-cu12": "9.10.2.21"}, "linux-64") == {"cudnn"}
    assert of_packages(matrices, {"kit": "1"}, "linux-64") == {"cuda", "cudnn"}
    assert of_packages(matrices, {"kit": "1"}, "win-64") == set()
    assert list(insides(matrices, {"kit": "1", "numpy": "2"}, "linux-64")) == [
        Inside("cuda", "12.8"),
        Inside("cudnn", "9.10.2.21"),
    ]
