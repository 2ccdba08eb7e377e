import pytest

from solver.core.answer import NOT_KNOWN, Answer
from solver.core.errors import IndexUnavailable, NotRecorded
from solver.core.indexes import Bindings
from solver.core.model import IndexFile, Release, Target, pypi_name
from solver.index import ReleaseRefused, UnknownPackage
from solver.index.layered import LayeredIndex, Questions

NAME = pypi_name("demo")


def live(version, **fields):
    return Release(
        version=version, files=(IndexFile(filename=f"demo-{version}-py3-none-any.whl", sha256=NOT_KNOWN),), **fields
    )


OLD = live("1", requires=("recorded",))
LIVE_OLD = live("1")
LIVE_NEW = live("2")
OTHER = Release(version="1+cu128", files=(), index="pytorch")


class Stub:
    remedy = "ask"
    bindings = Bindings()

    def __init__(self, releases, error, extras=()):
        self.listing, self.error, self.extras, self.kept = releases, error, extras, {}

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
        Stub(recorded, NotRecorded(NAME), ["kept"]), Live(live, UnknownPackage("no package demo"), ["fast"]), wide=True
    )


def test_live_releases_come_beside_the_recorded_ones():
    assert layered((OLD,), (LIVE_OLD, LIVE_NEW)).releases(NAME) == (OLD, LIVE_NEW)


def test_wheels_of_a_recorded_version_that_were_not_recorded_are_a_part_of_it():
    linux, windows = (
        IndexFile(filename=f"demo-1-cp312-cp312-{platform}.whl", sha256=NOT_KNOWN)
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
    index = layered((OTHER,), (LIVE_OLD,))
    assert index.releases(NAME) == (OTHER, LIVE_OLD)


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


def test_a_release_that_may_not_be_chosen_says_why_when_it_is_asked():
    release = Release(version="2", files=(), refused="the listing is wrong about it")
    with pytest.raises(ReleaseRefused, match=r"^the listing is wrong about it$"):
        layered((), (release,)).requires(release)


def lacking(recorded, live):
    """An index that is asked for what the record lacks alone, and may be asked."""
    index = LayeredIndex(Stub(recorded, NotRecorded(NAME)), Live(live, UnknownPackage("no package demo")))
    assert index.more([pypi_name("other")], [])
    return index


def test_what_is_recorded_is_not_asked_for_until_it_is_found_to_lack_something():
    index = lacking((OLD,), (LIVE_OLD, LIVE_NEW))
    assert (index.releases(NAME), index.questions.packages, index.complete(NAME)) == ((OLD,), set(), False)
    assert not index.covers(NAME, "1", Target())
    assert not index.more([], [NAME])  # it did not lack anything
    assert index.more([NAME], [])
    assert (index.releases(NAME), index.questions.packages, index.complete(NAME)) == ((OLD, LIVE_NEW), {NAME}, True)
    assert index.covers(NAME, "1", Target())
    assert not index.more([NAME], [NAME])  # there is no more


def test_of_what_is_not_recorded_the_newest_are_looked_at_first():
    there = [live(f"1.{minor}") for minor in reversed(range(10))]
    index = lacking(None, there)
    assert index.looked_at(NAME, there) == there[:8]
    assert not index.complete(NAME)
    assert index.more([], [NAME])
    assert (index.looked_at(NAME, there), index.complete(NAME)) == (there, True)
    assert index.releases(NAME) == tuple(there)


def test_of_what_is_recorded_everything_is_looked_at():
    there = [live(f"1.{minor}", requires=()) for minor in range(10)]
    assert lacking(there, ()).looked_at(NAME, there) == there


def test_an_index_that_does_not_answer_is_asked_once():
    index = LayeredIndex(Stub(None, NotRecorded(NAME)), Live(None, IndexUnavailable("no answer")))
    assert index.more([NAME], [])
    for _ in range(2):
        with pytest.raises(NotRecorded, match="demo"):
            index.releases(NAME)
        index.live.error = AssertionError("asked again")
    assert index.remedy == "no answer"
    assert not index.more([NAME], [NAME])


def test_what_is_recorded_stands_where_the_index_does_not_answer():
    index = LayeredIndex(Stub((OLD,), None), Live(None, IndexUnavailable("no answer")))
    assert index.more([NAME], [])
    assert not index.more([NAME], [])
    assert (index.releases(NAME), index.complete(NAME), index.covers(NAME, "1", Target())) == ((OLD,), False, False)


def test_an_index_that_was_to_be_asked_for_everything_must_answer():
    index = LayeredIndex(Stub((OLD,), None), Live(None, IndexUnavailable("no answer")), wide=True)
    with pytest.raises(IndexUnavailable, match="no answer"):
        index.releases(NAME)


def test_what_the_live_index_told_is_remembered():
    index = lacking((), (LIVE_NEW,))
    index.requires(OLD)
    assert index.live_releases == {}
    index.requires(LIVE_NEW)
    assert index.live_releases == {"demo-2-py3-none-any.whl": LIVE_NEW}


def test_nothing_is_asked_while_the_record_does():
    index = LayeredIndex(Stub(None, NotRecorded(NAME)), Live((LIVE_NEW,), None))
    with pytest.raises(NotRecorded, match="demo"):
        index.releases(NAME)
    index.requires(LIVE_NEW)
    assert (index.questions, index.live_releases) == (Questions(), {})
    assert not index.more([], [])
    assert index.more([NAME], [])
    assert index.releases(NAME) == (LIVE_NEW,)


def test_what_is_kept_is_not_all_there_is():
    index = LayeredIndex(Stub((OLD,), None), Live((LIVE_OLD, LIVE_NEW), None))
    assert not index.more([], [NAME])
    index.recorded.kept = {NAME: (OLD,)}
    assert index.more([], [NAME])
    assert index.more([], [NAME])
    assert index.releases(NAME) == (OLD, LIVE_NEW)
