"""What the audit knows of a set: requirements as the set or the index tells them."""

from __future__ import annotations

import pytest
from audit_stubs import StubIndex, pinned, small_matrices

from solver.audit.fix.needs import asks_of
from solver.audit.package_set import Package
from solver.audit.run import audit, context_of
from solver.core.answer import NOT_KNOWN
from solver.core.model import Target, pypi_name
from solver.index import ReleaseRefused, UnknownPackage

TARGET = Target(python="3.12", driver=None)
LINUX = "a-1-cp312-cp312-manylinux_2_17_x86_64.whl"
WINDOWS = "a-1-cp312-cp312-win_amd64.whl"


class LiveIndex(StubIndex):
    """It lists all that there is."""

    def releases(self, name):
        if name not in self.listings:
            raise UnknownPackage(f"no package {name}")
        return self.listings[name]

    def complete(self, name):
        return True


class RefusingIndex(StubIndex):
    """What it says of any release cannot be of that release."""

    def requires(self, release, extras=()):
        raise ReleaseRefused("its metadata is of another package")


def context(package_set, index):
    return context_of(package_set, small_matrices(), index, TARGET)


def test_the_requirements_are_those_of_the_wheel_that_the_target_takes():
    releases = [
        {"version": "1", "files": [WINDOWS], "requires": ["for-windows"]},
        {"version": "1", "files": [LINUX], "requires": ["for-linux"]},
    ]
    here = context(pinned("a==1"), StubIndex({"a": releases}))
    assert here.requires(here.packages["a"]) == ("for-linux",)


@pytest.mark.parametrize(
    ("package", "recorded", "live"),
    [
        ({"version": "1"}, ["1"], ["1"]),
        ({"version": "2"}, NOT_KNOWN, []),
        ({"version": "1", "name": "b"}, NOT_KNOWN, []),
        ({"version": "2rc1"}, NOT_KNOWN, NOT_KNOWN),
        ({"version": "2", "index": "pytorch"}, NOT_KNOWN, NOT_KNOWN),
        ({"version": "2", "sources": ("https://wheels.example/simple", "")}, NOT_KNOWN, NOT_KNOWN),
        ({"version": "1", "elsewhere": "wheels.example"}, NOT_KNOWN, NOT_KNOWN),
        ({"version": "1", "origin": "conda"}, NOT_KNOWN, NOT_KNOWN),
        ({"version": None}, NOT_KNOWN, NOT_KNOWN),
    ],
)
def test_that_there_is_no_release_is_said_only_by_an_index_that_lists_all(package, recorded, live):
    one = Package(**{"name": pypi_name("a"), "origin": "pypi", **package})
    releases = {"a": [{"version": "1", "files": [LINUX], "requires": []}]}
    for index, versions in ((StubIndex(releases), recorded), (LiveIndex(releases), live)):
        given = context(pinned(packages=(one,)), index).releases(one)
        assert (given if given is NOT_KNOWN else [release.version for release in given]) == versions


def test_what_the_set_says_itself_goes_before_the_index():
    index = StubIndex({"a": [{"version": "1", "files": [LINUX], "requires": ["b"]}]})
    package = Package(name=pypi_name("a"), version="1", requires=("c",))
    here = context(pinned(packages=(package,)), index)
    assert here.requires(package) == ("c",)


def test_requirements_about_one_package_whatever_way_its_name_is_spelt():
    texts = ("Some_Package>=2", "some-package<3; python_version > '3'", "some-package-more", "other", "no requirement!")
    package = Package(name=pypi_name("a"), version="1", requires=texts)
    here = context(pinned(packages=(package,)), StubIndex())
    assert [str(one.specifier) for one in here.requirements(package, about="some-package")] == [">=2", "<3"]
    assert [one.name for one in here.requirements(package)] == [
        "Some_Package",
        "some-package",
        "some-package-more",
        "other",
    ]


def test_a_refused_release_is_told_once_and_stops_nothing():
    # Whether a framework pins this nccl is asked too: of requirements that are not its own.
    index = RefusingIndex({"tensorflow": [{"version": "2.20.0", "files": [], "requires": []}]})
    given = pinned("nvidia-nccl-cu12==2.0", "tensorflow==2.20.0")
    refused = [one for one in audit(given, small_matrices(), index, TARGET) if one.severity == "error"]
    assert [one.why for one in refused] == [
        "the package index cannot mean tensorflow==2.20.0: its metadata is of another package"
    ]
    here = context(given, index)
    assert list(here.requirements(here.packages["tensorflow"])) == []
    assert asks_of(here) == {"tensorflow": ()}
