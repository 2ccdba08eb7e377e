"""Wheels and markers of a target, whatever machine and python the tests run on."""

from __future__ import annotations

import platform
import sys

import pytest
from packaging.markers import Marker
from packaging.tags import Tag, parse_tag, sys_tags

from solver.core.answer import NOT_KNOWN
from solver.core.model import IndexFile, Target
from solver.core.target import (
    PLATFORMS,
    admits_python,
    glibc_wanted,
    marker_environment,
    platform_of_machine,
    platform_of_tag,
    usable_files,
    wheel_tags,
)


def files(*names: str) -> tuple[IndexFile, ...]:
    return tuple(IndexFile(filename=name, sha256=NOT_KNOWN) for name in names)


def usable(target: Target, *names: str) -> list[str]:
    return [file.filename for file in usable_files(files(*names), target)]


def test_linux_tags_go_from_the_newest_glibc_down_with_the_old_names_between():
    platforms = [tag.platform for tag in wheel_tags(Target(python="3.12", glibc="2.18")) if tag.abi == "cp312"]
    assert platforms == [
        "linux_x86_64",
        "manylinux_2_18_x86_64",
        "manylinux_2_17_x86_64",
        "manylinux2014_x86_64",
        "manylinux_2_16_x86_64",
        "manylinux_2_15_x86_64",
        "manylinux_2_14_x86_64",
        "manylinux_2_13_x86_64",
        "manylinux_2_12_x86_64",
        "manylinux2010_x86_64",
        "manylinux_2_11_x86_64",
        "manylinux_2_10_x86_64",
        "manylinux_2_9_x86_64",
        "manylinux_2_8_x86_64",
        "manylinux_2_7_x86_64",
        "manylinux_2_6_x86_64",
        "manylinux_2_5_x86_64",
        "manylinux1_x86_64",
    ]


def test_aarch64_begins_with_manylinux_2_17():
    platforms = {tag.platform for tag in wheel_tags(Target(platform="linux-aarch64", glibc="2.18"))} - {"any"}
    assert platforms == {
        "manylinux_2_18_aarch64",
        "manylinux_2_17_aarch64",
        "manylinux2014_aarch64",
        "linux_aarch64",
    }


def test_windows_has_one_platform():
    assert {tag.platform for tag in wheel_tags(Target(platform="win-64"))} == {"win_amd64", "any"}


@pytest.mark.parametrize("python", ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"])
def test_every_python_takes_its_own_the_stable_and_the_pure_tags(python):
    tags = wheel_tags(Target(python=python))
    own = "cp" + python.replace(".", "")
    order = [
        Tag(own, own, "manylinux_2_17_x86_64"),
        Tag(own, "abi3", "manylinux_2_17_x86_64"),
        Tag(own, "none", "manylinux_2_17_x86_64"),
        Tag("cp38", "abi3", "manylinux_2_17_x86_64"),
        Tag("py3", "none", "manylinux_2_17_x86_64"),
        Tag("py3", "none", "any"),
    ]
    assert sorted(tags.index(tag) for tag in order) == [tags.index(tag) for tag in order]
    foreign = ("cp312-cp312t", "cp315-abi3", "cp27-cp27mu", "pp310-pypy310_pp73", "py2-none")
    for tag in (f"{name}-manylinux_2_17_x86_64" for name in foreign):
        assert parse_tag(tag).isdisjoint(tags)


def test_packaging_agrees_about_the_python_and_machine_at_hand():
    libc, version = platform.libc_ver()
    if libc != "glibc" or platform.machine() != "x86_64" or platform.python_implementation() != "CPython":
        pytest.skip("this machine is no target of the kind")
    target = Target(python=f"{sys.version_info.major}.{sys.version_info.minor}", glibc=version)
    assert list(wheel_tags(target)) == [tag for tag in sys_tags() if "musllinux" not in tag.platform]


def test_the_best_wheel_comes_first_and_the_others_of_use_after_it():
    names = [
        "x-1-py3-none-any.whl",
        "x-1-cp312-abi3-manylinux_2_28_x86_64.whl",
        "x-1-cp312-cp312-linux_x86_64.whl",
        "x-1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "x-1-cp312-cp312-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
        "x-1-cp39-abi3-manylinux1_x86_64.whl",
    ]
    expected = [names[2], names[4], names[3], names[1], names[5], names[0]]
    unusable = [
        "x-1-cp312-cp312-manylinux_2_35_x86_64.whl",
        "x-1-cp312-cp312-manylinux_2_17_aarch64.whl",
        "x-1-cp312-cp312t-manylinux_2_17_x86_64.whl",
        "x-1-cp311-cp311-manylinux_2_17_x86_64.whl",
        "x-1-cp312-cp312-win_amd64.whl",
        "x-1-cp312-cp312-musllinux_1_2_x86_64.whl",
        "x-1.tar.gz",
        "no-wheel.whl",
        "x-1.egg",
    ]
    for order in (names + unusable, unusable[::-1] + names[::-1]):
        assert usable(Target(python="3.12"), *order) == expected


def test_of_two_builds_the_newer_is_better():
    assert usable(Target(), "x-1-2-py3-none-any.whl", "x-1-py3-none-any.whl", "x-1-10-py3-none-any.whl") == [
        "x-1-10-py3-none-any.whl",
        "x-1-2-py3-none-any.whl",
        "x-1-py3-none-any.whl",
    ]


def test_an_older_glibc_takes_fewer_wheels():
    name = "tensorflow-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl"
    assert usable(Target(glibc="2.27"), name) == [name]
    assert usable(Target(glibc="2.26"), name) == []


@pytest.mark.parametrize(
    ("marker", "linux", "windows"),
    [
        ('platform_system == "Linux" and platform_machine == "x86_64"', True, False),
        ('sys_platform == "win32"', False, True),
        ('os_name == "nt"', False, True),
        ('platform_machine == "AMD64"', False, True),
        ('python_version < "3.13"', True, True),
        ('python_full_version < "3.12.3"', False, False),
        ('python_full_version >= "3.12.3"', True, True),
        ('implementation_name == "cpython" and platform_python_implementation != "PyPy"', True, True),
        ('implementation_version >= "3.12"', True, True),
        ('platform_release >= "20.9.0" and sys_platform == "darwin"', False, False),
        ('platform_version == "x"', False, False),
        ('extra == "dev"', False, False),
    ],
)
def test_markers_are_those_of_the_target(marker, linux, windows):
    for name, expected in (("linux-64", linux), ("win-64", windows)):
        environment = {**marker_environment(Target(platform=name)), "extra": ""}
        assert Marker(marker).evaluate(environment) is expected


def test_the_marker_environment_is_whole():
    from packaging.markers import default_environment

    assert set(marker_environment(Target())) == set(default_environment())


@pytest.mark.parametrize(
    ("requires", "admitted"),
    [
        (">=3.9", True),
        (">=3.9,<3.13", True),
        ("<3.12", False),
        ("==3.12.*", True),
        ("!=3.12.0", True),
        (">=3.12.1", True),
        (">=3.13", False),
        (">=3.12.dev0", True),
        ("", True),
        (None, True),
        ("three", True),
    ],
)
def test_requires_python(requires, admitted):
    assert admits_python(requires, Target(python="3.12")) is admitted


@pytest.mark.parametrize("named", PLATFORMS)
def test_a_platform_is_known_by_each_of_its_tags_and_by_its_markers(named):
    target = Target(platform=named, python="3.12", glibc="2.39")
    assert {platform_of_tag(tag.platform) for tag in wheel_tags(target) if tag.platform != "any"} == {named}
    markers = marker_environment(target)
    assert platform_of_machine(markers["platform_system"], markers["platform_machine"]) == named


@pytest.mark.parametrize("tag", ["any", "macosx_11_0_arm64", "win32", "manylinux2014_i686", "linux_ppc64le"])
def test_a_tag_of_a_platform_that_no_lock_is_for_names_none(tag):
    assert platform_of_tag(tag) is None


def test_musl_is_linux_too():
    assert platform_of_tag("musllinux_1_2_aarch64") == "linux-aarch64"


WHEELS = files("it-1.0-cp312-cp312-manylinux_2_34_x86_64.whl", "it-1.0-cp312-cp312-manylinux_2_31_x86_64.whl")


@pytest.mark.parametrize(
    ("wheels", "target", "glibc"),
    [
        (WHEELS, Target(python="3.12", glibc="2.28"), "2.31"),
        (WHEELS, Target(python="3.12", glibc="2.31"), "2.34"),
        (WHEELS, Target(python="3.12", glibc="2.34"), None),
        (WHEELS, Target(python="3.13", glibc="2.28"), None),
        (WHEELS, Target(python="3.12", glibc="2.28", platform="linux-aarch64"), None),
        (files("it-1.0-cp313-cp313-manylinux_2_28_x86_64.whl"), Target(python="3.12"), None),
    ],
)
def test_the_oldest_glibc_with_which_a_wheel_could_be_used(wheels, target, glibc):
    assert glibc_wanted(wheels, target) == glibc
