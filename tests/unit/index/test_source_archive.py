"""What a source archive says that its package needs, by each of the ways in which tools wrote that down."""

import gzip
import hashlib
import io
import random
import tarfile
import tracemalloc
import zipfile

import pytest
from own_index import make_tar as tar

from solver.core.model import IndexFile
from solver.index import ReleaseRefused
from solver.index.source_archive import SourceMetadata, fetch, read_archive, read_start
from solver.index.web import Web

NAME = "tiny-pack-1.0.tar.gz"
OLD = "Metadata-Version: 1.1\nName: tiny-pack\nVersion: 1.0\n"
STATED = "Metadata-Version: 2.1\nName: tiny-pack\nVersion: 1.0\nRequires-Dist: six>=1\n"
STATIC = STATED.replace("2.1", "2.2")
CHANGED = STATIC + "Dynamic: Requires-Dist\n"
FOUND = "six\n\n[extra]\nwget>=3\n\n[:python_version < '3']\ntyping\n"
EGG = "tiny-pack-1.0/tiny_pack.egg-info/"


def zipped(files):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return body.getvalue()


@pytest.mark.parametrize(("pack", "name"), [(tar, NAME), (zipped, "tiny-pack-1.0.zip")])
@pytest.mark.parametrize(
    ("pkg_info", "others", "requires"),
    [
        (OLD, {}, ()),
        (STATED, {}, ("six>=1",)),
        (STATIC, {EGG + "requires.txt": "wget\n"}, ("six>=1",)),
        (CHANGED, {EGG + "requires.txt": "wget\n"}, ("wget",)),
        (OLD, {EGG + "PKG-INFO": OLD}, ()),
        (STATED, {EGG + "PKG-INFO": STATED}, ()),
        (OLD, {EGG + "requires.txt": FOUND}, ("six", 'wget>=3; extra == "extra"', "typing; python_version < '3'")),
        (OLD, {"tiny-pack-1.0/src/tiny_pack.egg-info/requires.txt": "wget\n"}, ("wget",)),
        (STATED, {"tiny-pack-1.0/vendored/other.egg-info/requires.txt": "wget\n"}, ("six>=1",)),
        (STATED, {"tiny-pack-1.0/vendored/PKG-INFO": OLD}, ("six>=1",)),
    ],
)
def test_requirements_are_those_that_no_build_changes_else_those_that_a_build_wrote(
    pack, name, pkg_info, others, requires
):
    archive = pack({"tiny-pack-1.0/PKG-INFO": pkg_info, **others})
    assert read_archive(io.BytesIO(archive), name) == SourceMetadata(pkg_info.encode(), requires)


def headed(kind, size, content, times=1):
    """A tar.gz of headers of ``kind`` that tell of the next member, and that member."""
    header, member = tarfile.TarInfo("x"), tarfile.TarInfo("y")
    header.type, header.size = kind, size
    packed = header.tobuf(tarfile.GNU_FORMAT) + content.ljust(512 if content else 0, b"\0")
    return gzip.compress(packed * times + member.tobuf(), mtime=0)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"no archive", "is no source archive that can be read: not a gzip file"),
        (tar({"tiny-pack-1.0/PKG-INFO": OLD})[:60], "is no source archive that can be read: "),
        (tar({"PKG-INFO": OLD}), "does not say what it needs: it has no PKG-INFO"),
        (tar({"tiny-pack-1.0/PKG-INFO": OLD + " " * 5_000_000}), "does not say what it needs: it has no PKG-INFO"),
        (
            headed(tarfile.XHDTYPE, 1 << 30, b""),
            "is no source archive that can be read: it has a header of 1073741824 ",
        ),
        (
            headed(tarfile.GNUTYPE_LONGNAME, 4, b"abc", times=3000),
            "is no source archive that can be read: maximum recur",
        ),
        (
            headed(tarfile.XHDTYPE, 25, b"25 GNU.sparse.map=1,x,3,\n"),
            "is no source archive that can be read: invalid li",
        ),
        (headed(tarfile.XHDTYPE, 31, b"9999999999999999999999 path=x\n"), "is no source archive that can be read: "),
    ],
    ids=[
        "no archive",
        "half",
        "no folder",
        "large",
        "header of a gigabyte",
        "headers of headers",
        "sparse",
        "length beyond a number",
    ],
)
def test_what_says_nothing_is_refused(data, why):
    with pytest.raises(ReleaseRefused) as refused:
        read_archive(io.BytesIO(data), NAME)
    assert str(refused.value).startswith(f"{NAME} {why}")


def test_what_inflates_to_more_than_is_read_is_refused(monkeypatch):
    monkeypatch.setattr("solver.index.source_archive._MOST_INFLATED", 10_000)
    data = tar({"tiny-pack-1.0/PKG-INFO": OLD, "tiny-pack-1.0/zeros": "0" * 10_000})
    with pytest.raises(ReleaseRefused, match="it has more than 10000 bytes"):
        read_archive(io.BytesIO(data), NAME)


def test_what_nobody_reads_to_the_end_is_refused(monkeypatch):
    """Files in which requirements stand, of which each one is small, and members without end."""
    files = {f"tiny-pack-1.0/{number}/PKG-INFO": OLD for number in range(10)}
    monkeypatch.setattr("solver.index.source_archive._MOST_TOLD", 500)
    for pack, name in ((tar, NAME), (zipped, "tiny-pack-1.0.zip")):
        with pytest.raises(ReleaseRefused, match=r"its files PKG-INFO and requires\.txt have more than 500 bytes"):
            read_archive(io.BytesIO(pack(files)), name)
    monkeypatch.setattr("solver.index.source_archive._MOST_MEMBERS", 9)
    for pack, name in ((tar, NAME), (zipped, "tiny-pack-1.0.zip")):
        with pytest.raises(ReleaseRefused, match="it has more than 9 members"):
            read_archive(io.BytesIO(pack(files)), name)


def test_a_damaged_member_of_a_zip_is_told():
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("tiny-pack-1.0/PKG-INFO", OLD)
    data = bytearray(body.getvalue())
    data[60:72] = b"\xff" * 12
    with pytest.raises(ReleaseRefused, match="is no source archive that can be read: Corrupt input data"):
        read_archive(io.BytesIO(data), "tiny-pack-1.0.zip")


@pytest.mark.parametrize("version", ["", "9" * 5000, "\u00b2.2", "2", "2.2.1", "two"])
def test_metadata_of_an_odd_version_promise_nothing(version):
    body = tar({"tiny-pack-1.0/PKG-INFO": STATED.replace("2.1", version)})
    assert read_start(io.BytesIO(body), NAME) is None
    assert read_archive(io.BytesIO(body), NAME).requires == ("six>=1",)


@pytest.mark.parametrize(
    ("pkg_info", "requires"), [(STATIC, ("six>=1",)), (CHANGED, None), (STATED, None), (OLD, None)]
)
def test_the_start_is_enough_where_no_build_changes_what_it_says(pkg_info, requires):
    body = tar({"tiny-pack-1.0/PKG-INFO": pkg_info, "tiny-pack-1.0/blob": "".join(map(chr, range(32, 127))) * 9999})
    said = read_start(io.BytesIO(body[:-500]), NAME)
    assert (None if said is None else said.requires) == requires
    assert read_start(io.BytesIO(body[:5]), NAME) is None


@pytest.fixture
def served(fault_server):
    def fetched(body, digest=None, **fault):
        url = fault_server.add_wheel(NAME, body, **fault)
        known = {} if digest is None else {"sha256": digest}
        with Web(retries=0) as web:
            return fetch(web, url, IndexFile(filename=NAME, **known))

    return fetched


def test_a_whole_archive_is_checked_by_its_hash(served):
    body = tar({"tiny-pack-1.0/PKG-INFO": OLD})
    with pytest.raises(ReleaseRefused, match="has another sha256 than the listing says"):
        served(body, "0" * 64)
    assert served(body).requires == ()


def test_a_server_without_ranges_gives_the_whole(served, fault_server):
    body = tar({"tiny-pack-1.0/PKG-INFO": OLD})
    assert served(body, ranges=False).requires == ()
    assert [path for path, _ in fault_server.requests] == [f"/files/{NAME}"]


def test_only_the_start_of_a_large_archive_is_read_where_that_is_enough(served, fault_server):
    noise = "".join(chr(33 + (number * number) % 90) for number in range(600_000))
    body = tar({"tiny-pack-1.0/PKG-INFO": STATIC, "tiny-pack-1.0/noise": noise})
    assert served(body).requires == ("six>=1",)
    assert [span for _, span in fault_server.requests] == ["bytes=0-262143"]


def test_a_large_archive_is_never_in_memory_as_a_whole(served, monkeypatch):
    monkeypatch.setattr("solver.index.source_archive._MOST_IN_MEMORY", 100_000)
    noise = random.Random(1).randbytes(2_000_000).decode("latin-1")
    body = tar({"tiny-pack-1.0/a": noise, "tiny-pack-1.0/PKG-INFO": STATED})
    tracemalloc.start()
    try:
        assert served(body, hashlib.sha256(body).hexdigest()).requires == ("six>=1",)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < len(body) / 2


def test_a_directory_of_a_zip_without_end_is_refused(monkeypatch):
    monkeypatch.setattr("solver.index.source_archive._MOST_DIRECTORY", 5000)
    body = zipped({f"tiny-pack-1.0/{number}": "" for number in range(100)})
    with pytest.raises(ReleaseRefused, match=r"it has a directory of [0-9]{4} bytes"):
        read_archive(io.BytesIO(body), "tiny-pack-1.0.zip")
