import pytest

from solver.core.answer import NOT_KNOWN, Answer
from solver.core.errors import NotRecorded
from solver.core.model import IndexFile, Release, Target, pypi_name
from solver.index import UnknownPackage
from solver.index.layered import LayeredIndex

NAME = pypi_name("demo")
OLD = Release(version="1", files=(), requires=("recorded",))
LIVE_OLD = Release(version="1", files=())
LIVE_NEW = Release(version="2", files=())
OTHER = Release(version="1+cu128", files=(), index="pytorch")


class Stub:
    def __init__(self, releases, error, extras=()):
        self.listing, self.error, self.extras = releases, error, extras

    def releases(self, name):
        if self.listing is None:
            raise self.error
        return self.listing

    def requires(self, release, extras=()):
        return ("live",)

    def provides(self, release, extra):
        return Answer.YES if extra in self.extras else self.otherwise

    otherwise = Answer.NOT_KNOWN

    def covers(self, name, version, target):
        return self.otherwise is Answer.NO


class Live(Stub):
    otherwise = Answer.NO


def layered(recorded, live):
    return LayeredIndex(
        Stub(recorded, NotRecorded(NAME), ["kept"]), Live(live, UnknownPackage("no package demo"), ["fast"])
    )


def test_live_releases_come_beside_the_recorded_ones():
    assert layered((OLD,), (LIVE_OLD, LIVE_NEW)).releases(NAME) == (OLD, LIVE_NEW)


def test_wheels_of_a_recorded_version_that_were_not_recorded_are_a_part_of_it():
    linux, windows = (
        IndexFile(filename=f"demo-1-cp312-cp312-{platform}.whl", sha256=None)
        for platform in ("manylinux_2_17_x86_64", "win_amd64")
    )
    recorded = Release(version="1", files=(linux,), requires=("recorded",))
    index = layered((recorded,), (Release(version="1", files=(windows, linux)),))
    assert index.releases(NAME) == (recorded, Release(version="1", files=(windows,)))
    assert [index.requires(release) for release in index.releases(NAME)] == [("recorded",), ("live",)]


def test_nothing_is_missing_that_the_live_index_has():
    assert layered((OLD,), (LIVE_OLD,)).covers(NAME, "1", Target())


def test_what_is_not_recorded_is_live():
    assert layered(None, (LIVE_NEW,)).releases(NAME) == (LIVE_NEW,)


def test_a_build_of_another_index_hides_no_live_release():
    assert layered((OTHER,), (LIVE_OLD,)).releases(NAME) == (OTHER, LIVE_OLD)


def test_a_recorded_name_need_not_be_live():
    assert layered((OTHER,), None).releases(NAME) == (OTHER,)


def test_what_nobody_knows_is_told():
    with pytest.raises(UnknownPackage, match="no package demo"):
        layered(None, None).releases(NAME)


def test_requirements_are_asked_live_only_where_they_are_not_recorded():
    index = layered((), ())
    assert [index.requires(release) for release in (OLD, LIVE_NEW, OTHER)] == [("recorded",), ("live",), NOT_KNOWN]


def test_an_extra_is_asked_live_only_where_it_is_not_recorded():
    index = layered((), ())
    assert [index.requires(OLD, extras) for extras in (["kept"], ["kept", "fast"], ["other"])] == [
        ("recorded",),
        ("live",),
        ("live",),
    ]
    assert index.requires(OTHER, ["fast"]) is NOT_KNOWN
    answers = [index.provides(OLD, extra) for extra in ("kept", "fast", "other")]
    assert answers == [Answer.YES, Answer.YES, Answer.NO]
    assert index.provides(OTHER, "fast") is Answer.NOT_KNOWN
