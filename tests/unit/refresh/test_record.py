"""The record written anew, and the file of its roots."""

import pytest
from tiny_index import TinyIndex, plain

from solver.core.errors import BadInput, IndexUnavailable
from solver.core.model import pypi_name
from solver.index.snapshot import SnapshotIndex
from solver.index.snapshot_files import read_package
from solver.refresh.record import read_roots, record, record_index

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
    packages, skipped = record(read_roots(snapshot / "roots.yaml"), TinyIndex(PACKAGES))
    assert skipped == ()
    lib = packages[pypi_name("lib")]
    assert lib.extent == (
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
    assert packages[pypi_name("root")].releases[0].requires == ("lib",)


def test_a_refresh_records_which_extras_it_followed(snapshot):
    packages = {**PACKAGES, "root": plain("1", requires=("lib[Fast,bare]",))}
    packages["lib"] = {"1": (f"{LINUX} {WINDOWS}", ("six; extra == 'fast'", "colorama; extra == 'slow'"))}
    record_index(snapshot, TinyIndex(packages))
    header, releases = read_package(snapshot / "default" / "lib.jsonl")
    assert header.extras == ("bare", "fast")
    assert {release.extras for release in releases} == {("bare", "fast")}
    assert {release.provides for release in releases} == {("fast", "slow")}


def test_a_refresh_tells_what_it_did(snapshot):
    heard = []
    first = record_index(snapshot, TinyIndex(PACKAGES), heard.append)
    assert (first.packages, first.releases, len(first.new)) == (4, 5, 5)
    assert heard[-1] == "win-64: 3 packages, 4 releases read"
    again = record_index(snapshot, TinyIndex(PACKAGES))
    assert (again.new, again.changed, again.removed) == ((), (), ())

    changed = {**PACKAGES, "six": plain("1", "2"), "lib": {"2": (LINUX, ("six",))}}
    third = record_index(snapshot, TinyIndex(changed))
    assert third.new == (("six", "2"),)
    assert third.changed == (("lib", "2"),)
    assert third.removed == (("colorama", "1"), ("lib", "1"))
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
