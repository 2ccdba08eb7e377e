"""MatchSpecs and build strings."""

import pytest

from solver.core.errors import BadInput
from solver.index.conda_spec import PlacedSpec, build_number, match_spec, meets_spec, placed_spec, read_spec, spec_name


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
    ("spec", "versions", "build", "version"),
    [
        ("numpy", "", "", None),
        ("Numpy=1.26", "=1.26", "", "1.26"),
        ("numpy == 1.26.4", "==1.26.4", "", "1.26.4"),
        ("numpy = 1.26 = py312_0", "=1.26", "py312_0", "1.26"),
        ("numpy 1.26.4 py312_0", "1.26.4", "py312_0", "1.26.4"),
        ("conda-forge/linux-64::numpy=1!2.0=py*", "=1!2.0", "py*", "1!2.0"),
        ("numpy[version='>=1.26,<2', build=py312_0]", ">=1.26,<2", "py312_0", None),
        ("numpy >= 1.26 , < 2", ">=1.26,<2", "", None),
        ("numpy>=1.2=py_0", ">=1.2", "py_0", None),
        ("numpy * py312*", "*", "py312*", None),
        ("numpy <1.8|(>2,<3)", "<1.8|(>2,<3)", "", None),
        ("numpy 1 2 3", "1 2 3", "", None),
    ],
)
def test_the_parts_of_a_spec_are_as_somebody_wrote_them(spec, versions, build, version):
    parts = read_spec(spec)
    assert (parts.name, parts.versions, parts.build, parts.version) == ("numpy", versions, build, version)


@pytest.mark.parametrize("spec", ["", "-x", "=1.2", "::", "*", "n" * 10_000])
def test_what_names_no_package_is_no_spec(spec):
    assert read_spec(spec) is None


def test_what_stands_in_brackets_is_kept_by_key():
    spec = read_spec(f"numpy[md5=x, sha256='{'a' * 64}',build=\"py*\"]")
    assert spec.fields == {"md5": "x", "sha256": "a" * 64, "build": "py*"}
    assert spec.exact_build is None


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


@pytest.mark.parametrize(
    ("text", "channel", "spec", "subdir"),
    [
        ("numpy >=2", "", "numpy >=2", ""),
        ("numpy[version='>=2,<3', build=py*]", "", "numpy[version='>=2,<3', build=py*]", ""),
        ("conda-forge::numpy=2", "conda-forge", "numpy=2", ""),
        ("conda-forge::numpy[version='>=2,<3']", "conda-forge", "numpy[version='>=2,<3']", ""),
        ("pkgs/main::numpy", "pkgs/main", "numpy", ""),
        ("pkgs/main/linux-64::numpy", "pkgs/main", "numpy", "linux-64"),
        ("numpy[subdir=noarch, build=py*]", "", "numpy[build='py*']", "noarch"),
        ("https://conda.invalid/a/::numpy", "https://conda.invalid/a", "numpy", ""),
        ("https://ann:pw@conda.invalid/a/noarch::numpy", "https://conda.invalid/a", "numpy", "noarch"),
        ("numpy[channel=ours/osx-arm64, version='>=2,<3']", "ours", "numpy[version='>=2,<3']", "osx-arm64"),
    ],
)
def test_the_channel_of_a_spec_is_read_apart(text, channel, spec, subdir):
    assert placed_spec(text) == PlacedSpec(channel, spec, subdir)


def test_a_spec_of_a_subdir_is_met_in_that_one_alone():
    met = [meets_spec("conda-forge/noarch::demo", "demo", "1", "0", subdir) for subdir in ("noarch", "linux-64")]
    assert met == [True, False]


@pytest.mark.parametrize("text", ["conda-forge:main:openssl", "conda-forge::main::openssl", "a:b >=1"])
def test_a_namespace_before_a_package_is_bad_input(text):
    with pytest.raises(BadInput) as caught:
        match_spec(text)
    told = f'"{text}" is no conda MatchSpec that names a package; write a channel as channel::package'
    assert str(caught.value) == told
