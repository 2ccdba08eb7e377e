import msgspec
import pytest

from solver.core.errors import BadInput, IndexUnavailable
from solver.core.model import IndexFile, Release, Target, pypi_name
from solver.index import UnknownPackage
from solver.index.metadata import Metadata
from solver.index.snapshot import SnapshotIndex, read_package
from solver.refresh.crawl import Crawl, Group, holds, kept_requires
from solver.refresh.record import read_roots, record, record_index


class TinyIndex:
    """Packages as ``name -> version -> (wheel tags, requirements[, requires_python])``."""

    def __init__(self, packages, yanked=(), broken=()):
        self.packages, self.yanked, self.broken = packages, yanked, broken
        self.asked = []

    def releases(self, name):
        self.asked.append(name)
        if name not in self.packages:
            raise UnknownPackage(f"the package index has no package {name}")
        return tuple(
            Release(
                version=version,
                files=tuple(
                    IndexFile(filename=f"{name.replace('-', '_')}-{version}-{tag}.whl", sha256="0" * 64)
                    for tag in tags.split()
                ),
                requires_python=python[0] if python else None,
                yanked="bad" if f"{name} {version}" in self.yanked else None,
            )
            for version, (tags, _, *python) in self.packages[name].items()
        )

    def metadata(self, file):
        name, version, tag = file.filename.removesuffix(".whl").split("-", 2)
        if file.filename in self.broken:
            raise IndexUnavailable(f"{file.filename} cannot be read")
        requires = self.packages[name.replace("_", "-")][version][1]
        found = requires.get(tag, ()) if isinstance(requires, dict) else requires
        return Metadata(requires=tuple(found), extras=())


ANY = "py3-none-any"


def plain(*versions, requires=()):
    return dict.fromkeys(versions, (ANY, requires))


def group(**keys):
    return Group(**{"platform": "linux-64", "pythons": ("3.10", "3.12"), "newest": 2, **keys})


def crawl(packages, index_keys=None, **keys):
    walk = Crawl(group(**keys), TinyIndex(packages, **(index_keys or {})))
    held = {package.name: sorted({r.version for r in package.releases}) for package in walk.run()}
    return held, walk.skipped


def test_the_newest_releases_of_each_requirement_are_held():
    packages = {
        "root": plain("1.0", requires=("lib<4", "other")),
        "lib": plain("1.0", "2.0", "3.0", "4.0", "5.0", "6.0"),
        "other": plain("1.0", requires=("lib",)),
    }
    held, _ = crawl(packages, some=("root",))
    assert held == {"root": ["1.0"], "other": ["1.0"], "lib": ["2.0", "3.0", "5.0", "6.0"]}


def test_of_a_whole_package_every_release_in_the_root_is_held():
    packages = {"lib": plain("1.0", "2.0", "3.0", "4.0"), "root": plain("1.0", requires=("lib<2",))}
    held, _ = crawl(packages, whole=("lib>=2",), some=("root",))
    assert held["lib"] == ["1.0", "2.0", "3.0", "4.0"]  # 1.0 because root asks for it


def test_each_python_has_its_own_newest_releases():
    packages = {
        "lib": {
            str(n): (f"cp312-cp312-manylinux_2_17_x86_64 {'' if n > 2 else 'cp310-cp310-manylinux_2_17_x86_64'}", ())
            for n in range(1, 7)
        }
    }
    held, _ = crawl(packages, some=("lib",))
    assert held["lib"] == ["1", "2", "5", "6"]


def test_a_marker_decides_on_which_python_it_counts():
    packages = {
        "root": plain("1.0", requires=('old; python_version < "3.11"', 'mac; sys_platform == "darwin"')),
        "old": {"1": ("cp310-cp310-manylinux_2_17_x86_64", ()), "2": ("cp312-cp312-manylinux_2_17_x86_64", ())},
    }
    held, skipped = crawl(packages, some=("root",))
    assert held["old"] == ["1"]
    assert skipped == []


def test_requires_python_bounds_a_release():
    packages = {"lib": {"1": (ANY, (), ">=3.8"), "2": (ANY, (), ">=3.13")}}
    held, _ = crawl(packages, some=("lib",))
    assert held["lib"] == ["1"]


def test_other_platforms_pre_releases_and_sdists_are_left_out():
    tags = "cp312-cp312-macosx_11_0_arm64 cp312-cp312-musllinux_1_2_x86_64 cp312-cp312-manylinux_2_34_x86_64"
    packages = {"lib": {"1": (ANY, ()), "2rc1": (ANY, ()), "3": (tags, ()), "4": ("", ())}}
    held, _ = crawl(packages, some=("lib",))
    assert held["lib"] == ["1"]


def test_yanked_releases_are_held_only_of_whole_packages():
    packages = {"lib": plain("1", "2"), "all": plain("1", "2")}
    yanked = {"yanked": ("lib 2", "all 2")}
    held, _ = crawl(packages, yanked, whole=("all",), some=("lib",))
    assert held == {"all": ["1", "2"], "lib": ["1"]}


def test_an_extra_is_followed_once_somebody_asks_for_it():
    packages = {
        "kit": plain("1", requires=('gpu; extra == "cuda"', 'docs; extra == "docs"')),
        "gpu": plain("1"),
        "docs": plain("1"),
        "late": plain("1", requires=("kit[cuda]",)),
        "root": plain("1", requires=("late",)),
    }
    held, _ = crawl(packages, some=("kit", "root"))
    assert set(held) == {"kit", "root", "late", "gpu"}


def test_an_extra_of_an_extra_is_followed():
    packages = {
        "kit": plain("1", requires=('kit[b]; extra == "a"', 'deep; extra == "b"')),
        "deep": plain("1"),
    }
    held, _ = crawl(packages, some=("kit[a]",))
    assert set(held) == {"kit", "deep"}


def test_roots_can_be_held_alone():
    held, _ = crawl({"root": plain("1", requires=("lib",))}, some=("root",), follow=False)
    assert held == {"root": ["1"]}


def test_a_circle_ends():
    held, _ = crawl({"a": plain("1", requires=("b",)), "b": plain("1", requires=("a",))}, some=("a",))
    assert set(held) == {"a", "b"}


def test_each_name_is_listed_once():
    index = TinyIndex({"a": plain("1", requires=("b<2", "b")), "b": plain("1", "2")})
    Crawl(group(some=("a", "b")), index).run()
    assert sorted(index.asked) == ["a", "b"]


def test_an_address_is_no_release_of_the_index():
    held, _ = crawl({"a": plain("1", requires=("b @ https://x.invalid/b.whl",))}, some=("a",))
    assert set(held) == {"a"}


def test_an_unknown_name_is_skipped_and_told():
    held, skipped = crawl({"a": plain("1", requires=("ghost",))}, some=("a",))
    assert held == {"a": ["1"], "ghost": []}
    assert skipped == ["the package index has no package ghost"]


def test_a_release_that_cannot_be_read_is_skipped_and_told():
    broken = {"broken": ("a-2-py3-none-any.whl",)}
    held, skipped = crawl({"a": plain("1", "2")}, broken, some=("a",))
    assert held == {"a": ["1"]}
    assert skipped == ["a 2: a-2-py3-none-any.whl cannot be read"]


def test_an_index_that_does_not_answer_ends_the_crawl():
    class Dead(TinyIndex):
        def releases(self, name):
            raise IndexUnavailable("no answer")

    with pytest.raises(IndexUnavailable, match="no answer"):
        Crawl(group(some=("a",)), Dead({})).run()


def test_a_markers_extra_counts_for_who_asks():
    target = Target(python="3.12")
    assert holds("six", target, ())
    assert not holds('six; extra == "x"', target, ())
    assert holds('six; extra == "x_y"', target, ("X-y",))


def test_lines_of_other_extras_are_dropped():
    lines = ("six", 'a; extra == "x"', 'b; extra == "y" and python_version < "3.9"', 'c; extra == "x" or extra == "z"')
    assert kept_requires(lines, {"X"}) == ("six", 'a; extra == "x"', 'c; extra == "x" or extra == "z"')


# The record


ROOTS = """version: 1
groups:
  - {platform: linux-64, pythons: ["3.12"], newest: 2, some: [root]}
  - {platform: win-64, pythons: ["3.10"], newest: 2, whole: [lib>=1]}
"""
LINUX, WINDOWS = "cp312-cp312-manylinux_2_17_x86_64", "cp310-cp310-win_amd64"
PACKAGES = {
    "root": plain("1", requires=("lib", 'x; extra == "dev"')),
    "lib": {
        "1": (f"{LINUX} {WINDOWS}", {LINUX: ("six",), WINDOWS: ("colorama",)}),
        "2": (f"{LINUX} {WINDOWS}", ("six",)),
    },
    "six": plain("1"),
    "colorama": plain("1"),
}


@pytest.fixture
def snapshot(tmp_path):
    (tmp_path / "roots.yaml").write_text(ROOTS)
    return tmp_path


def test_groups_are_recorded_together(snapshot):
    found, skipped = record(read_roots(snapshot / "roots.yaml"), TinyIndex(PACKAGES))
    assert skipped == ()
    lib = found[pypi_name("lib")]
    assert lib.held == (
        "linux-64, python 3.12 to 3.12: the newest 2 final releases that each requirement admits; "
        "win-64, python 3.10 to 3.10: every final release in >=1"
    )
    assert [(one.platform, one.glibc, one.pythons) for one in lib.targets] == [
        ("linux-64", "2.28", ("3.12",)),
        ("win-64", "2.28", ("3.10",)),
    ]
    assert sorted((r.version, r.requires, sorted(f.filename for f in r.files)) for r in lib.releases) == [
        ("1", ("colorama",), [f"lib-1-{WINDOWS}.whl"]),
        ("1", ("six",), [f"lib-1-{LINUX}.whl"]),
        ("2", ("six",), [f"lib-2-{WINDOWS}.whl", f"lib-2-{LINUX}.whl"]),
    ]
    assert found[pypi_name("root")].releases[0].requires == ("lib",)


def test_a_refresh_records_which_extras_it_followed(snapshot):
    packages = {**PACKAGES, "root": plain("1", requires=("lib[Fast,bare]",))}
    packages["lib"] = {"1": (f"{LINUX} {WINDOWS}", ("six; extra == 'fast'", "colorama; extra == 'slow'"))}
    record_index(snapshot, TinyIndex(packages))
    header, releases = read_package(snapshot / "default" / "lib.jsonl")
    assert header.extras == ("bare", "fast")
    assert {release.extras for release in releases} == {("bare", "fast")}


def test_a_refresh_tells_what_it_did(snapshot):
    heard = []
    first = record_index(snapshot, TinyIndex(PACKAGES), heard.append)
    assert (first.packages, first.releases, len(first.new)) == (4, 5, 5)
    assert heard[-1] == "win-64: 3 packages, 4 releases read"
    again = record_index(snapshot, TinyIndex(PACKAGES))
    assert (again.new, again.changed, again.removed) == ((), (), ())

    changed = {**PACKAGES, "six": plain("1", "2"), "lib": {"2": (LINUX, ("six",))}}
    third = record_index(snapshot, TinyIndex(changed))
    assert third.new == ("six 2",)
    assert third.changed == ("lib 2",)
    assert third.removed == ("colorama 1", "lib 1")
    assert SnapshotIndex(snapshot).names() == ("lib", "root", "six")


def test_a_refresh_that_fails_writes_nothing(snapshot):
    record_index(snapshot, TinyIndex(PACKAGES))
    before = {path: path.read_bytes() for path in snapshot.rglob("*.jsonl")}

    class Failing(TinyIndex):
        def releases(self, name):
            if name == "six":
                raise IndexUnavailable("no answer")
            return super().releases(name)

    with pytest.raises(IndexUnavailable):
        record_index(snapshot, Failing({**PACKAGES, "root": plain("9", requires=("lib",))}))
    assert {path: path.read_bytes() for path in snapshot.rglob("*.jsonl")} == before


def test_a_refresh_leaves_other_indexes_alone(snapshot):
    other = snapshot / "pytorch" / "torch.jsonl"
    other.parent.mkdir()
    other.write_text("as it was")
    record_index(snapshot, TinyIndex(PACKAGES))
    assert other.read_text() == "as it was"


def test_a_newer_file_of_roots_is_refused(tmp_path):
    path = tmp_path / "roots.yaml"
    path.write_text("version: 2\ngroups: []\n")
    with pytest.raises(BadInput) as caught:
        read_roots(path)
    assert str(caught.value).endswith(
        "version: version 2 is not known; this Interlock reads version 1; install a newer Interlock"
    )


def test_an_unknown_word_in_the_roots_is_refused(tmp_path):
    path = tmp_path / "roots.yaml"
    path.write_text(ROOTS.replace("newest: 2, some", "latest: 2, some"))
    with pytest.raises(BadInput, match="latest"):
        read_roots(path)


def test_groups_are_frozen():
    with pytest.raises(AttributeError):
        group().newest = 3
    assert msgspec.structs.replace(group(), newest=3).newest == 3
