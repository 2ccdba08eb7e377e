import hashlib
import json
import random
from pathlib import Path

import msgspec
import pytest

from solver.core.answer import NOT_KNOWN, Answer
from solver.core.errors import BadInput, NotRecorded
from solver.core.indexes import Bindings
from solver.core.model import IndexFile, PrivateIndex, Release, Target, pypi_name
from solver.index.snapshot import SnapshotIndex, write_kept
from solver.index.snapshot_files import Coverage, package_text, read_package, release_line, write_package

NAME = pypi_name("demo")
REFRESH = "record it anew with `nox -s refresh`"
TAG = "py3-none-any.whl"
HEADER = '{"version":1,"name":"demo","index":"default","held":"all"}'


def sha(number):
    return f"{number:064x}"


def wheel(number, version="1.0", **keys):
    return IndexFile(filename=f"demo-{version}-{number}-py3-none-any.whl", sha256=sha(number), size=number, **keys)


RELEASES = [
    Release(version="2.0", files=(wheel(3, "2.0"),), requires=("six", "numpy<2"), requires_python=">=3.9"),
    Release(version="1.10", files=(wheel(1, "1.10"), wheel(2, "1.10", uploaded="2026-01-02")), requires=()),
    Release(version="1.9", files=(wheel(4, "1.9"),), requires=NOT_KNOWN, yanked=""),
]
TORCH = Release(
    version="1.9+cu128",
    files=(
        IndexFile(filename=f"demo-1.9+cu128-{TAG}", sha256=NOT_KNOWN, url="https://download.pytorch.org/whl/demo.whl"),
    ),
    index="pytorch",
    requires=("numpy",),
    source="somewhere",
)


def written(tmp_path, *lines, folder="default", name="demo"):
    path = tmp_path / folder / f"{name}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def refused(path):
    with pytest.raises(BadInput) as caught:
        read_package(path)
    return str(caught.value).removeprefix(str(path))


def test_what_is_written_is_read_back(tmp_path):
    write_package(tmp_path, NAME, "default", "all", RELEASES)
    write_package(tmp_path, NAME, "pytorch", "some", [TORCH])
    index = SnapshotIndex(tmp_path)
    oldest_first = tuple(reversed(RELEASES))
    sorted_requires = Release(**{**vars_of(RELEASES[0]), "requires": ("numpy<2", "six")})
    assert index.releases(NAME) == (*oldest_first[:2], sorted_requires, TORCH)
    assert index.requires(TORCH) == ("numpy",)
    assert index.extent(NAME) == "all; some"
    assert index.names() == (NAME,)


def test_a_project_s_own_record_hides_no_wheel_that_it_does_not_tell_of(tmp_path):
    write_package(tmp_path / "shipped", NAME, "default", "all", RELEASES)
    own = [Release(version="1.10", files=(wheel(2, "1.10", uploaded="2026-02-02"),), requires=("six",))]
    write_package(tmp_path / "own", NAME, "default", "newer", own)
    releases = SnapshotIndex(tmp_path / "shipped", own=tmp_path / "own").releases(NAME)
    assert [(r.version, r.requires, [f.size for f in r.files]) for r in releases] == [
        ("1.10", ("six",), [2]),
        ("1.9", NOT_KNOWN, [4]),
        ("1.10", (), [1]),
        ("2.0", ("numpy<2", "six"), [3]),
    ]


def test_an_extra_that_was_recorded_is_one_that_a_release_brings_something_by_or_not(tmp_path):
    under = Release(version="1.0", files=(wheel(5),), requires=("numpy", 'codec<2; extra == "fast"'))
    write_package(tmp_path, NAME, "default", "all", [under, RELEASES[1]], ["empty"])
    index = SnapshotIndex(tmp_path)
    answers = {
        release.version: [index.provides(release, extra) for extra in ("fast", "empty", "slow")]
        for release in index.releases(NAME)
    }
    assert answers == {
        "1.0": [Answer.YES, Answer.NO, Answer.NOT_KNOWN],
        RELEASES[1].version: [Answer.NO, Answer.NO, Answer.NOT_KNOWN],
    }


def test_an_extra_that_a_release_has_is_known_only_where_what_stands_under_it_was_recorded(tmp_path):
    new, old = (
        Release(version=version, files=(wheel(n, version),), requires=('codec; extra == "fast"',), provides=provides)
        for version, n, provides in (("2.0", 5, ("fast", "slow")), ("1.0", 6, ("slow",)))
    )
    write_package(tmp_path, NAME, "default", "all", [new, old])
    index = SnapshotIndex(tmp_path)
    answers = {
        release.version: [index.provides(release, extra) for extra in ("fast", "slow", "fsat")]
        for release in index.releases(NAME)
    }
    assert answers == {
        "1.0": [Answer.NO, Answer.NOT_KNOWN, Answer.NO],
        "2.0": [Answer.YES, Answer.NOT_KNOWN, Answer.NO],
    }


def test_of_what_is_kept_every_extra_is_known(tmp_path):
    release = Release(
        version="1.0", files=(wheel(5),), requires=('codec; extra == "fast"',), provides=("empty", "fast")
    )
    write_kept(tmp_path, {NAME: [release]})
    index = SnapshotIndex(tmp_path / "none", own=tmp_path)
    (kept,) = index.releases(NAME)
    answers = [index.provides(kept, extra) for extra in ("fast", "empty", "slow")]
    assert answers == [Answer.YES, Answer.YES, Answer.NO]


def test_a_requirement_under_several_extras_tells_of_none_that_it_was_recorded(tmp_path):
    either = 'codec<2; extra == "fast" or extra == "all"'
    under = Release(version="1.0", files=(wheel(5),), requires=(either, 'six; extra == "plain"'))
    write_package(tmp_path, NAME, "default", "all", [under], ["all"])
    index = SnapshotIndex(tmp_path)
    (release,) = index.releases(NAME)
    answers = {extra: index.provides(release, extra) for extra in ("all", "plain", "fast")}
    assert answers == {"all": Answer.YES, "plain": Answer.YES, "fast": Answer.NOT_KNOWN}


def test_the_header_lists_the_extras_that_were_recorded():
    text = package_text(NAME, "default", "all", [], {"slow", "fast"})
    assert text == HEADER.removesuffix("}") + ',"extras":["fast","slow"]}\n'


LINUX = Coverage(platform="linux-64", glibc="2.28", pythons=("3.12",))
WINDOWS = Coverage(platform="win-64", glibc="2.28", pythons=("3.12", "3.13"))


def test_the_header_tells_for_which_targets_was_recorded():
    text = package_text(NAME, "default", "all", [], targets=[WINDOWS, LINUX, WINDOWS])
    assert text == HEADER.removesuffix("}") + (
        ',"targets":[{"platform":"linux-64","glibc":"2.28","pythons":["3.12"]},'
        '{"platform":"win-64","glibc":"2.28","pythons":["3.12","3.13"]}]}\n'
    )


@pytest.mark.parametrize(
    ("changes", "targets", "covered"),
    [
        ({}, [LINUX], True),
        ({}, [], False),
        ({"python": "3.13"}, [LINUX], False),
        ({"glibc": "2.17"}, [LINUX], True),
        ({"glibc": "2.31"}, [LINUX], False),
        ({"platform": "linux-aarch64"}, [LINUX], False),
        ({"platform": "win-64", "glibc": "2.31"}, [WINDOWS], True),
        # Read for two platforms: a release without a wheel for one of them may not have been read for that one.
        ({}, [LINUX, WINDOWS], True),
        ({"platform": "win-64"}, [LINUX, WINDOWS], False),
    ],
)
def test_a_wheel_is_known_not_to_exist_only_where_it_would_have_been_recorded(tmp_path, changes, targets, covered):
    file = IndexFile(filename="demo-1.0-cp312-cp312-manylinux_2_17_x86_64.whl", sha256=sha(1))
    release = Release(version="1.0", files=(file,), requires=())
    write_package(tmp_path, NAME, "default", "all", [release], targets=targets)
    target = Target(**{"python": "3.12", "glibc": "2.28", **changes})
    assert SnapshotIndex(tmp_path).covers(NAME, "1.0", target) is covered


def test_a_record_says_for_which_targets_it_lacks_no_release(tmp_path):
    spans = [LINUX, msgspec.structs.replace(WINDOWS, whole=">=1")]
    write_package(tmp_path, NAME, "default", "all", [Release(version="1.0", files=(), requires=())], targets=spans)
    index = SnapshotIndex(tmp_path)
    assert index.listed_whole(NAME, Target(python="3.12", platform="win-64")) == ">=1"
    assert index.listed_whole(NAME, Target(python="3.12", glibc="2.28")) is NOT_KNOWN
    assert index.listed_whole("other", Target(python="3.12", platform="win-64")) is NOT_KNOWN
    private = Bindings((PrivateIndex(name="own", url="", packages=(NAME,)),))
    bound = SnapshotIndex(tmp_path, bindings=private)
    assert bound.listed_whole(NAME, Target(python="3.12", platform="win-64")) is NOT_KNOWN


def vars_of(release):
    return {key: getattr(release, key) for key in release.__struct_fields__}


def test_the_text_is_exact():
    assert package_text(NAME, "default", "all", RELEASES) == "\n".join(
        [
            HEADER,
            f'{{"version":"1.9","files":[["demo-1.9-4-py3-none-any.whl","{sha(4)}",4,null]],"requires":null,"yanked":""}}',
            f'{{"version":"1.10","files":[["demo-1.10-1-py3-none-any.whl","{sha(1)}",1,null],'
            f'["demo-1.10-2-py3-none-any.whl","{sha(2)}",2,"2026-01-02"]],"requires":[]}}',
            f'{{"version":"2.0","files":[["demo-2.0-3-py3-none-any.whl","{sha(3)}",3,null]],'
            '"requires":["numpy<2","six"],"requires_python":">=3.9"}',
            "",
        ]
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_input_does_not_matter(seed):
    chance = random.Random(seed)

    def shuffled(items):
        return tuple(chance.sample(items, len(items)))

    mixed = [
        Release(
            **{**vars_of(r), "files": shuffled(r.files), "requires": r.requires and shuffled(r.requires + r.requires)}
        )
        for r in shuffled(RELEASES)
    ]
    assert package_text(NAME, "default", "all", mixed) == package_text(NAME, "default", "all", RELEASES)


def test_writing_leaves_no_other_file(tmp_path):
    path = write_package(tmp_path, NAME, "default", "all", RELEASES)
    assert [p.name for p in path.parent.iterdir()] == ["demo.jsonl"]


def test_a_package_without_wheels_is_known(tmp_path):
    written(tmp_path, HEADER)
    assert SnapshotIndex(tmp_path).releases(NAME) == ()


def test_an_index_that_was_not_opened_is_not_seen(tmp_path):
    write_package(tmp_path, NAME, "default", "all", RELEASES)
    write_package(tmp_path, NAME, "pytorch", "some", [TORCH])
    assert TORCH not in SnapshotIndex(tmp_path, ("default",)).releases(NAME)


def test_a_name_that_is_not_recorded_is_told(tmp_path):
    with pytest.raises(NotRecorded) as caught:
        SnapshotIndex(tmp_path).releases(NAME)
    assert str(caught.value) == (
        "the snapshot holds no release of it: demo; run the command with --live to ask the index, "
        "or `interlock refresh` to record it"
    )
    assert caught.value.exit_code == 4


def test_a_file_is_read_once(tmp_path):
    path = write_package(tmp_path, NAME, "default", "all", RELEASES)
    index = SnapshotIndex(tmp_path)
    first = index.releases(NAME)
    path.unlink()
    assert index.releases(NAME) == first


def test_a_digest_covers_its_version_alone(tmp_path):
    write_package(tmp_path, NAME, "default", "all", RELEASES)
    before = {r.version: SnapshotIndex(tmp_path).digest(NAME, r.version) for r in RELEASES}
    assert before["2.0"] == hashlib.sha256(release_line(RELEASES[0]).encode()).hexdigest()
    newer = Release(version="3.0", files=(wheel(9, "3.0"),), requires=())
    write_package(tmp_path, NAME, "default", "more", [*RELEASES, newer])
    assert {r.version: SnapshotIndex(tmp_path).digest(NAME, r.version) for r in RELEASES} == before


def test_a_digest_covers_every_line_of_a_version(tmp_path):
    write_package(tmp_path, NAME, "default", "all", RELEASES)
    one = SnapshotIndex(tmp_path).digest(NAME, "2.0")
    other = Release(version="2.0", files=(wheel(8, "2.0"),), requires=("other",))
    write_package(tmp_path, NAME, "default", "all", [*RELEASES, other])
    assert SnapshotIndex(tmp_path).digest(NAME, "2.0") != one


def test_no_digest_of_what_is_not_held(tmp_path):
    write_package(tmp_path, NAME, "default", "all", RELEASES)
    with pytest.raises(NotRecorded, match="nothing of this release: demo 7"):
        SnapshotIndex(tmp_path).digest(NAME, "7")


def test_a_newer_format_is_refused_by_number(tmp_path):
    path = written(tmp_path, '{"version":2,"name":"demo","index":"default","held":"all","new":1}')
    assert refused(path) == (
        ":1: the snapshot is of format 2; this Interlock reads format 1; install a newer Interlock"
    )


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("", "no header of a snapshot: Expecting value: line 1 column 1 (char 0)"),
        ("[1]", "no header of a snapshot: 'list' object has no attribute 'get'"),
        (
            '{"version":1,"name":"demo","index":"default"}',
            "no header of a snapshot: Object missing required field `held`",
        ),
        (HEADER[:-1] + ',"x":1}', "no header of a snapshot: Object contains unknown field `x`"),
        (
            HEADER.replace("default", "-"),
            r"no header of a snapshot: Expected `str` matching regex '^[a-z][a-z0-9\\-]{0,39}\\Z' - at `$.index`",
        ),
    ],
)
def test_a_bad_header_is_refused(tmp_path, header, problem):
    assert refused(written(tmp_path, header)) == f":1: {problem}; {REFRESH}"


@pytest.mark.parametrize(
    "header", [HEADER.replace("demo", "omed"), HEADER.replace("default", "pytorch"), HEADER.replace(":1", ":0")]
)
def test_a_header_of_another_file_is_refused(tmp_path, header):
    assert refused(written(tmp_path, header)).endswith(
        "; name the file after the package and its folder after the index"
    )


GOOD = {"version": "1.0", "files": [[f"demo-1.0-{TAG}", sha(1), 1, "2026-01-01"]], "requires": []}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"version": "oops"}, "'oops' is no version"),
        ({"hash": 1}, "Object contains unknown field `hash`"),
        ({"requires": "six"}, "Expected `array | null`, got `str` - at `$.requires`"),
        ({"files": [[f"demo-1.0-{TAG}"]]}, "Expected `array` of at least length 4, got 1 - at `$.files[0]`"),
        (
            {"files": [[f"demo-1.0-{TAG}", "abc", 1, None]]},
            "Expected `str` matching regex '^[0-9a-f]{64}\\\\Z' - at `$.files[0][1]`",
        ),
        (
            {"files": [[f"demo-1.0-{TAG}", sha(1) + "\n", 1, None]]},
            "Expected `str` matching regex '^[0-9a-f]{64}\\\\Z' - at `$.files[0][1]`",
        ),
        ({"files": [["../demo-1.0.whl", sha(1), 1, None]]}, "'../demo-1.0.whl' is no plain file name"),
        (
            {"files": [[f"torch-1.0-{TAG}", sha(1), 1, None]]},
            f"torch-1.0-{TAG} is a wheel of torch, not of demo",
        ),
        (
            {"files": [[f"demo-2.0-{TAG}", sha(1), 1, None]]},
            f"demo-2.0-{TAG} is a wheel of version 2.0, not of 1.0",
        ),
    ],
)
def test_a_bad_release_is_refused_by_line(tmp_path, changes, problem):
    path = written(tmp_path, HEADER, json.dumps(GOOD), json.dumps({**GOOD, **changes}))
    assert refused(path) == f":3: not a release of the snapshot: {problem}; {REFRESH}"


def test_a_missing_field_is_refused_by_line(tmp_path):
    path = written(tmp_path, HEADER, '{"version":"1.0","files":[]}')
    assert refused(path) == f":2: not a release of the snapshot: Object missing required field `requires`; {REFRESH}"


def test_the_default_index_has_no_address(tmp_path):
    line = json.dumps({**GOOD, "files": [[f"demo-1.0-{TAG}", sha(1), 1, None, "https://x.invalid/demo.whl"]]})
    problem = f"demo-1.0-{TAG} of the index default has an address"
    assert refused(written(tmp_path, HEADER, line)) == f":2: not a release of the snapshot: {problem}; {REFRESH}"


def test_another_index_has_addresses(tmp_path):
    path = written(tmp_path, HEADER.replace("default", "pytorch"), json.dumps(GOOD), folder="pytorch")
    problem = f"demo-1.0-{TAG} of the index pytorch has no address"
    assert refused(path) == f":2: not a release of the snapshot: {problem}; {REFRESH}"


@pytest.mark.parametrize("lies", ["/etc/demo", "../demo", "demo\n", "a" * 300])
def test_a_name_leads_to_no_file_but_its_own(tmp_path, lies):
    written(tmp_path, HEADER)
    written(tmp_path, HEADER, folder=".")
    with pytest.raises(NotRecorded):
        SnapshotIndex(tmp_path).releases(lies)


def test_the_path_is_in_the_error(tmp_path):
    path = written(tmp_path, HEADER, "{")
    with pytest.raises(BadInput) as caught:
        SnapshotIndex(tmp_path).releases(NAME)
    assert Path(str(caught.value.file)) == path
    assert caught.value.exit_code == 2
