import random

import msgspec
import pytest

from solver.core.model import CondaName
from solver.index.conda_record import (
    CondaRecord,
    by_name_and_build,
    depends_first,
    from_repodata,
    repodata_fields,
    split_archive_name,
)


def record(name, *depends, version="1.0", build="h_0", **fields):
    return CondaRecord(
        name=CondaName(name),
        version=version,
        build=build,
        build_number=0,
        subdir="linux-64",
        channel="https://conda.anaconda.org/conda-forge",
        filename=f"{name}-{version}-{build}.conda",
        sha256="a" * 64,
        depends=depends,
        **fields,
    )


@pytest.mark.parametrize(
    ("filename", "parts"),
    [
        ("numpy-2.1.0-py312h_0.conda", ("numpy", "2.1.0", "py312h_0")),
        ("_x86_64-microarch-level-3-2_x86_64_v3.conda", ("_x86_64-microarch-level", "3", "2_x86_64_v3")),
        ("ld_impl_linux-64-2.46.1-default_1.tar.bz2", ("ld_impl_linux-64", "2.46.1", "default_1")),
    ],
)
def test_an_archive_is_named_by_name_version_and_build(filename, parts):
    assert split_archive_name(filename) == parts


@pytest.mark.parametrize("filename", ["numpy-2.1.0.conda", "numpy.whl", "numpy-2.1.0-0.zip"])
def test_other_names_are_refused(filename):
    with pytest.raises(ValueError, match="is no name of a conda archive"):
        split_archive_name(filename)


@pytest.mark.parametrize(
    "filename", ["", "../numpy-2.1.0-0.conda", "numpy-2.1.0-0.conda\n", "a/b-1-0.conda", "b-1-0\0.conda"]
)
def test_what_is_no_file_name_is_refused(filename):
    with pytest.raises(ValueError, match="is no plain file name"):
        split_archive_name(filename)


@pytest.mark.parametrize("channel", ["", "https://x/a b", "https://x/a\nhttps://y", "https://x/a#b", "conda-forge"])
def test_a_channel_has_an_address(channel):
    with pytest.raises(ValueError, match="is no address"):
        msgspec.structs.replace(record("numpy"), channel=channel)


def test_a_record_knows_its_address_and_its_exact_names():
    one = record("numpy", version="2.1.0", build="py312_0")
    assert one.url == "https://conda.anaconda.org/conda-forge/linux-64/numpy-2.1.0-py312_0.conda"
    assert one.pin == "numpy=2.1.0=py312_0"
    assert one.spec == "numpy ==2.1.0 py312_0"


def test_order_is_by_name_and_each_record_stands_once():
    some = [record("b"), record("a"), record("b"), record("a", version="0.9")]
    assert [r.pin for r in by_name_and_build(some)] == ["a=0.9=h_0", "a=1.0=h_0", "b=1.0=h_0"]


def test_what_is_depended_on_comes_first_in_any_order_of_input():
    some = [record("app", "lib >=1", "Tool"), record("lib", "base"), record("base", "__glibc >=2.17"), record("tool")]
    expected = ["base", "tool", "lib", "app"]
    for seed in range(5):
        shuffled = random.Random(seed).sample(some, len(some))
        assert [r.name for r in depends_first(shuffled)] == expected


def test_a_cycle_of_dependencies_ends():
    some = [record("python", "pip"), record("pip", "python", "setuptools"), record("setuptools", "python")]
    assert sorted(r.name for r in depends_first(some)) == ["pip", "python", "setuptools"]
    assert depends_first(some) == depends_first(reversed(some))


def test_repodata_goes_in_and_out():
    one = record(
        "numpy",
        "python >=3.12",
        constrains=("x <2",),
        md5="b" * 32,
        size=5,
        noarch="python",
        license="MIT",
        timestamp=7,
        track_features=("a", "b"),
        python_site_packages_path="lib/python3.13/site-packages",
    )
    assert from_repodata(repodata_fields(one), one.channel, one.filename, inferred=False) == one


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sha256": None}, "gives no sha256"),
        ({"sha256": "A" * 64}, "is no sha256 of 64 lower-case hex digits"),
        ({"sha256": "a" * 64 + "\n"}, "is no sha256 of 64 lower-case hex digits"),
        ({"sha256": 7}, "7 is no sha256 of 64 lower-case hex digits"),
        ({"md5": "a" * 32 + "\n"}, "is no md5"),
        ({"subdir": "../../x"}, "'../../x' is no platform of a channel"),
        ({"name": "torch"}, "is no archive of torch "),
        ({"version": "9"}, "is no archive of numpy 9 "),
        ({"build": "x"}, "is no archive of numpy "),
        ({"depends": ["python\n- x"]}, r"asks for or tells 'python\\n- x', which is no line of text"),
        ({"depends": [""]}, "asks for or tells '', which is no line of text"),
        ({"md5": "short"}, "is no md5"),
        ({"name": "no name"}, "is no conda package name"),
    ],
)
def test_records_that_could_not_be_verified_are_refused(change, message):
    one = record("numpy")
    with pytest.raises(ValueError, match=message):
        from_repodata({**repodata_fields(one), **change}, one.channel, one.filename, inferred=False)


def test_a_record_is_strict_about_its_fields():
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert({**msgspec.to_builtins(record("numpy")), "colour": "red"}, CondaRecord)
