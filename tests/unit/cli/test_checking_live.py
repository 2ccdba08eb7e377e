"""audit --live of whoever never ran it before: nothing lies in the cache."""

from __future__ import annotations

import hashlib

import pytest
from fault_server import make_wheel

from solver.core.model import pypi_name
from solver.index.pypi import INDEX_URL
from solver.index.snapshot import SnapshotIndex
from solver.matrix.load import matrices_dir

HEALTHY = (
    "nothing found: the set holds neither TensorFlow nor torch nor JAX; "
    "only requirements and wheels of {} were checked\n"
)
SIX = "six-1.17.0-py2.py3-none-any.whl"


@pytest.fixture
def cache(folder, monkeypatch, fault_server):
    """The empty cache; the index answers from the loopback interface."""
    monkeypatch.setenv(INDEX_URL, f"{fault_server.url}/simple/")
    monkeypatch.setenv("INTERLOCK_CACHE_DIR", str(folder / "cache"))
    return folder / "cache"


def recorded_sha256():
    releases = SnapshotIndex(matrices_dir() / "snapshot").releases(pypi_name("six"))
    return next(file.sha256 for release in releases for file in release.files if file.filename == SIX)


def audited(folder, interlock, text):
    (folder / "requirements.txt").write_text(text)
    return interlock("audit", "--live", "requirements.txt")


def test_a_recorded_wheel_is_compared_by_its_record(folder, interlock, cache, fault_server):
    # The index lists the very wheel that was recorded, and only the records of wheels are asked for.
    record = ("six-1.17.0.dist-info/RECORD", b"six.py,sha256=" + b"A" * 43 + b",1\n")
    fault_server.add_wheel(SIX, make_wheel("six", "1.17.0", members=[record]))
    fault_server.add_project("six", {SIX: {"hashes": {"sha256": recorded_sha256()}}})
    said = (0, HEALTHY.format("1 package"), "")
    assert audited(folder, interlock, "six==1.17.0\n") == said
    (kept,) = (path for path in (cache / "records").rglob("*") if path.is_file())
    assert kept.parts[-2:] == (recorded_sha256(), SIX)
    asked = len(fault_server.requests)
    assert audited(folder, interlock, "six==1.17.0\n") == said
    assert [path for path, _ in fault_server.requests[asked:]] == ["/simple/six/"]


def test_an_index_that_has_nothing_leaves_what_was_recorded(folder, interlock, cache):
    assert audited(folder, interlock, "six==1.17.0\n") == (0, HEALTHY.format("1 package"), "")


def test_two_wheels_that_nobody_recorded_are_compared(folder, interlock, cache, fault_server):
    for name, digest in (("one-kit", b"A"), ("two-kit", b"B")):
        stem = f"{name.replace('-', '_')}-1.0"
        record = (f"{stem}.dist-info/RECORD", b"kit/core.py,sha256=" + digest * 43 + b",1\n")
        fault_server.add_wheel(f"{stem}-py3-none-any.whl", make_wheel(name, "1.0", members=[record]))
        fault_server.add_project(name, {f"{stem}-py3-none-any.whl": {}})
    code, out, err = audited(folder, interlock, "one-kit==1.0\ntwo-kit==1.0\n")
    assert (code, err) == (1, "")
    assert out.splitlines()[0] == "error clobber: one-kit==1.0, two-kit==1.0"


def test_a_wheel_that_cannot_be_read_is_told_and_stops_nothing(folder, interlock, cache, fault_server):
    name = "lost_kit-1.0-py3-none-any.whl"
    fault_server.add_project("lost-kit", {name: {"hashes": {"sha256": hashlib.sha256(b"lost").hexdigest()}}})
    assert audited(folder, interlock, "lost-kit==1.0\nsix==1.17.0\n") == (
        0,
        "note metadata: lost-kit==1.0\n"
        "    why: nobody recorded what lost-kit==1.0 asks for, so that it is not known what else would be\n"
        "        installed and whether it goes together\n"
        "    cure: ask the index itself with --live, or audit what was installed\n"
        "    source: the recorded index\n"
        "1 note\n",
        "",
    )
