"""Releases that lie nearer to the one before than the one that was found."""

import pytest

from solver.audit.fix.nearness import nearer_versions
from solver.audit.package_set import Package
from solver.core.errors import IndexUnavailable
from solver.core.model import Release, pypi_name


class Listing:
    """An index that lists some releases."""

    def __init__(self, *releases):
        self._releases = releases

    def releases(self, name):
        if not self._releases:
            raise IndexUnavailable(f"no answer about {name}")
        return self._releases


def release(version, **fields):
    return Release(version=version, files=(), **fields)


EVERY = ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5")


@pytest.mark.parametrize(
    ("before", "after", "nearer"),
    [
        ("1.2", "1.5", ["1.3", "1.1", "1.4", "1.0"]),
        ("1.2", "1.3", []),
        ("1.4", "1.2", ["1.5", "1.3"]),
        ("1.2.1", "1.5", ["1.3", "1.2", "1.4", "1.1"]),
        ("0.9", "1.2", ["1.0", "1.1"]),
        ("1.2", "1.5+cu126", ["1.3", "1.1", "1.4", "1.0", "1.5"]),
        ("none", "1.2", []),
    ],
)
def test_nearest_first_and_of_two_the_newer(before, after, nearer):
    index = Listing(*map(release, EVERY))
    package = Package(name=pypi_name("tool"), version=before)
    assert nearer_versions(index, package, Package(name=pypi_name("tool"), version=after)) == nearer


def test_only_final_releases_of_the_default_index_that_stand_are_tried():
    index = Listing(
        release("1.0"),
        release("1.1", yanked="bad"),
        release("1.2rc1"),
        release("1.3+cu1", index="pytorch"),
        release("1.4"),
    )
    before, after = (Package(name=pypi_name("tool"), version=version) for version in ("0.9", "1.9"))
    assert nearer_versions(index, before, after) == ["1.0", "1.4"]
    assert nearer_versions(Listing(), before, after) == []
