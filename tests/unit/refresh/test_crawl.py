"""Which releases of which packages the roots bring into the record."""

import msgspec
import pytest
from tiny_index import ANY, TinyIndex, plain

from solver.core.answer import NOT_KNOWN
from solver.core.errors import IndexUnavailable
from solver.core.model import Target
from solver.refresh.crawl import Crawl, Group, applies_on, requires_with


def group(**keys):
    return Group(**{"platform": "linux-64", "pythons": ("3.10", "3.12"), "newest": 2, **keys})


def crawl(packages, index_keys=None, **keys):
    walk = Crawl(group(**keys), TinyIndex(packages, **(index_keys or {})))
    versions = {package.name: sorted({r.version for r in package.releases}) for package in walk.run()}
    return versions, walk.skipped


def test_the_newest_releases_of_each_requirement_are_held():
    packages = {
        "root": plain("1.0", requires=("lib<4", "other")),
        "lib": plain("1.0", "2.0", "3.0", "4.0", "5.0", "6.0"),
        "other": plain("1.0", requires=("lib",)),
    }
    versions, _ = crawl(packages, some=("root",))
    assert versions == {"root": ["1.0"], "other": ["1.0"], "lib": ["2.0", "3.0", "5.0", "6.0"]}


def test_of_a_whole_package_every_release_in_the_root_is_held():
    packages = {"lib": plain("1.0", "2.0", "3.0", "4.0"), "root": plain("1.0", requires=("lib<2",))}
    versions, _ = crawl(packages, whole=("lib>=2",), some=("root",))
    assert versions["lib"] == ["1.0", "2.0", "3.0", "4.0"]  # 1.0 because root asks for it


def test_the_record_says_of_which_releases_it_lacks_none():
    walk = Crawl(
        group(whole=("lib>=2", "all"), some=("root",)),
        TinyIndex(
            {"lib": plain("1", "2", "3"), "all": plain("1"), "root": plain("1")}, broken={"lib-3-py3-none-any.whl"}
        ),
    )
    wholes = {package.name: [span.whole for span in package.targets] for package in walk.run()}
    assert wholes == {"lib": [">=2,!=3"], "all": [""], "root": [NOT_KNOWN]}


def test_each_python_has_its_own_newest_releases():
    packages = {
        "lib": {
            str(n): (f"cp312-cp312-manylinux_2_17_x86_64 {'' if n > 2 else 'cp310-cp310-manylinux_2_17_x86_64'}", ())
            for n in range(1, 7)
        }
    }
    versions, _ = crawl(packages, some=("lib",))
    assert versions["lib"] == ["1", "2", "5", "6"]


def test_a_marker_decides_on_which_python_it_counts():
    packages = {
        "root": plain("1.0", requires=('old; python_version < "3.11"', 'mac; sys_platform == "darwin"')),
        "old": {"1": ("cp310-cp310-manylinux_2_17_x86_64", ()), "2": ("cp312-cp312-manylinux_2_17_x86_64", ())},
    }
    versions, skipped = crawl(packages, some=("root",))
    assert versions["old"] == ["1"]
    assert skipped == []


def test_requires_python_bounds_a_release():
    packages = {"lib": {"1": (ANY, (), ">=3.8"), "2": (ANY, (), ">=3.13")}}
    versions, _ = crawl(packages, some=("lib",))
    assert versions["lib"] == ["1"]


def test_other_platforms_pre_releases_and_sdists_are_left_out():
    tags = "cp312-cp312-macosx_11_0_arm64 cp312-cp312-musllinux_1_2_x86_64 cp312-cp312-manylinux_2_34_x86_64"
    packages = {"lib": {"1": (ANY, ()), "2rc1": (ANY, ()), "3": (tags, ()), "4": ("", ())}}
    versions, _ = crawl(packages, some=("lib",))
    assert versions["lib"] == ["1"]


def test_yanked_releases_are_held_only_of_whole_packages():
    packages = {"lib": plain("1", "2"), "all": plain("1", "2")}
    yanked = {"yanked": ("lib 2", "all 2")}
    versions, _ = crawl(packages, yanked, whole=("all",), some=("lib",))
    assert versions == {"all": ["1", "2"], "lib": ["1"]}


def test_an_extra_is_followed_once_somebody_asks_for_it():
    packages = {
        "kit": plain("1", requires=('gpu; extra == "cuda"', 'docs; extra == "docs"')),
        "gpu": plain("1"),
        "docs": plain("1"),
        "late": plain("1", requires=("kit[cuda]",)),
        "root": plain("1", requires=("late",)),
    }
    versions, _ = crawl(packages, some=("kit", "root"))
    assert set(versions) == {"kit", "root", "late", "gpu"}


def test_an_extra_of_an_extra_is_followed():
    packages = {
        "kit": plain("1", requires=('kit[b]; extra == "a"', 'deep; extra == "b"')),
        "deep": plain("1"),
    }
    versions, _ = crawl(packages, some=("kit[a]",))
    assert set(versions) == {"kit", "deep"}


def test_roots_can_be_held_alone():
    versions, _ = crawl({"root": plain("1", requires=("lib",))}, some=("root",), follow=False)
    assert versions == {"root": ["1"]}


def test_a_circle_ends():
    versions, _ = crawl({"a": plain("1", requires=("b",)), "b": plain("1", requires=("a",))}, some=("a",))
    assert set(versions) == {"a", "b"}


def test_each_name_is_listed_once():
    index = TinyIndex({"a": plain("1", requires=("b<2", "b")), "b": plain("1", "2")})
    Crawl(group(some=("a", "b")), index).run()
    assert sorted(index.questions) == ["a", "b"]


def test_an_address_is_no_release_of_the_index():
    versions, _ = crawl({"a": plain("1", requires=("b @ https://x.invalid/b.whl",))}, some=("a",))
    assert set(versions) == {"a"}


def test_an_unknown_name_is_skipped_and_told():
    versions, skipped = crawl({"a": plain("1", requires=("ghost",))}, some=("a",))
    assert versions == {"a": ["1"], "ghost": []}
    assert skipped == ["the package index has no package ghost"]


def test_a_release_that_cannot_be_read_is_skipped_and_told():
    broken = {"broken": ("a-2-py3-none-any.whl",)}
    versions, skipped = crawl({"a": plain("1", "2")}, broken, some=("a",))
    assert versions == {"a": ["1"]}
    assert skipped == ["a 2: a-2-py3-none-any.whl cannot be read"]


def test_an_index_that_does_not_answer_ends_the_crawl():
    class Dead(TinyIndex):
        def releases(self, name):
            raise IndexUnavailable("no answer")

    with pytest.raises(IndexUnavailable, match="no answer"):
        Crawl(group(some=("a",)), Dead({})).run()


def test_a_markers_extra_counts_for_who_asks():
    target = Target(python="3.12")
    assert applies_on("six", target, ())
    assert not applies_on('six; extra == "x"', target, ())
    assert applies_on('six; extra == "x_y"', target, ("X-y",))


def test_lines_of_other_extras_are_dropped():
    lines = ("six", 'a; extra == "x"', 'b; extra == "y" and python_version < "3.9"', 'c; extra == "x" or extra == "z"')
    assert requires_with(lines, {"X"}) == ("six", 'a; extra == "x"', 'c; extra == "x" or extra == "z"')


def test_groups_are_frozen():
    with pytest.raises(AttributeError):
        group().newest = 3
    assert msgspec.structs.replace(group(), newest=3).newest == 3
