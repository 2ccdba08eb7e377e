"""MatchSpecs and build strings."""

import pytest

from solver.core.errors import BadInput
from solver.index.conda_spec import build_number, match_spec, meets_spec, spec_name


@pytest.mark.parametrize("spec", ["pytorch=*=cuda*", "pytorch * cuda*", "python=3.12", "conda-forge::numpy>=2"])
def test_specs_are_taken_as_people_write_them(spec):
    assert match_spec(spec).name.normalized in {"pytorch", "python", "numpy"}


@pytest.mark.parametrize("spec", ["numpy >=", "", "numpy[colour=red]"])
def test_a_spec_that_is_none_is_bad_input(spec):
    with pytest.raises(BadInput, match=r'is no conda MatchSpec.*write one such as "numpy >=2"'):
        match_spec(spec)


@pytest.mark.parametrize(
    "spec",
    [
        "pytorch",
        "pytorch >=2",
        "pytorch>=2",
        "pytorch=2.5=cuda*",
        "PyTorch",
        "pytorch[build_number=3]",
        "a/b::pytorch!=2",
    ],
)
def test_the_name_in_a_spec_is_the_one_that_conda_reads(spec):
    assert spec_name(spec) == match_spec(spec).name.normalized == "pytorch"


@pytest.mark.parametrize(
    ("spec", "build", "meets"),
    [
        ("pytorch=2.5", "cpu_13", True),
        ("pytorch=2.5.1=cpu*_13", "cpu_13", True),
        ("pytorch=2.5.1=cuda*", "cpu_13", False),
        ("pytorch[build_number=13]", "cpu_13", True),
        ("pytorch >2.5.1", "cpu_13", False),
        ("libtorch", "cpu_13", False),
        ("pytorch =2.5", None, True),
        ("pytorch=2.5.1=*_13", None, False),
        ("pytorch", "a build", False),
    ],
)
def test_a_package_of_a_foreign_file_meets_a_spec(spec, build, meets):
    assert meets_spec(spec, "pytorch", "2.5.1", build, "linux-64") is meets


def test_what_is_no_version_of_conda_meets_nothing():
    assert meets_spec("pytorch", "pytorch", "2!!5", "cpu_13", "linux-64") is False


@pytest.mark.parametrize(
    ("build", "number"), [("py312h_1", 1), ("cuda126_mkl_py311_h3846359_313", 313), ("0", 0), ("h1", 0)]
)
def test_a_build_string_ends_with_its_number(build, number):
    assert build_number(build) == number
