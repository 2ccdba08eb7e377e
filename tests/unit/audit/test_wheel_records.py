"""RECORDs of wheels on an index: read once, by parts, and compared."""

from __future__ import annotations

import hashlib
import io
import zipfile

import pytest
from audit_stubs import StubIndex, pinned, small_matrices

from solver.audit.run import audit
from solver.audit.wheel_records import parse_record, record_reader
from solver.core.answer import NOT_KNOWN
from solver.core.errors import IndexUnavailable
from solver.core.model import IndexFile, Target
from solver.core.vouched import vouching

TARGET = Target(python="3.12", driver=None)
# sha256 of b"one" and of b"two", as a RECORD spells them
ONE = "sha256=dpLDrTVAu4A8Ags67mbNiIcSMjTqDG5xQ8Ct1z_0Me0"
TWO = "sha256=P8TM_nRYcOLA2Z9x8w_wZWyN7dQcwdfT03aw2-aF4vM"


def test_a_record_by_path_without_the_wheels_own_folder():
    text = f'a/x.py,{ONE},3\n"a/with, comma.py",{TWO},3\na/no-hash.py,,\na-1.dist-info/METADATA,{ONE},3\n'
    record = parse_record(text, "a-1-py3-none-any.whl")
    assert list(record) == ["a/x.py", "a/with, comma.py"]
    assert record["a/x.py"] == "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"


def reader(tmp_path, records, requests, index=""):
    def read_member(url, member):
        requests.append((url, member))
        return records[url].encode()

    source = "https://index.example/{}".format
    return record_reader(lambda file: source(file.filename), tmp_path, read_member, index_of=lambda file: index)


def test_each_wheel_is_asked_once(tmp_path):
    requests = []
    file = IndexFile(filename="a-1-py3-none-any.whl", sha256="e" * 64)
    read = reader(tmp_path, {"https://index.example/a-1-py3-none-any.whl": f"a/x.py,{ONE},3\n"}, requests)
    assert read(file) == read(file)
    assert requests == [("https://index.example/a-1-py3-none-any.whl", "*.dist-info/RECORD")]
    other = reader(tmp_path, {}, requests)
    assert list(other(file)) == ["a/x.py"]


@pytest.mark.parametrize("kept", [b'{"a/x', b"[]", b'{"a/x.py": 5}', b"[" * 100_000, b"{}"])
def test_a_damaged_or_changed_cache_is_read_anew(tmp_path, kept):
    file = IndexFile(filename="a-1-py3-none-any.whl", sha256="e" * 64)
    requests = []
    read = reader(tmp_path, {"https://index.example/a-1-py3-none-any.whl": f"a/x.py,{ONE},3\n"}, requests)
    read(file)
    (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
    for content in (kept, vouching(kept)[:-1]):
        path.write_bytes(content)
        assert list(read(file)) == ["a/x.py"]
    assert len(requests) == 3
    assert list(read(file)) == ["a/x.py"]
    assert len(requests) == 3


def test_what_one_index_told_of_a_wheel_is_not_believed_of_another(tmp_path):
    file = IndexFile(filename="a-1-py3-none-any.whl", sha256="e" * 64)
    requests = []
    url = "https://index.example/a-1-py3-none-any.whl"
    assert list(reader(tmp_path, {url: f"a/lie.py,{ONE},3\n"}, requests, "http://lies.example/")(file)) == ["a/lie.py"]
    assert list(reader(tmp_path, {url: f"a/x.py,{ONE},3\n"}, requests)(file)) == ["a/x.py"]
    assert len(requests) == 2


def test_a_record_that_is_none_is_told_and_hinders_no_audit(tmp_path):
    text = f"{'x' * 200_000},{ONE},3\n"
    with pytest.raises(IndexUnavailable) as caught:
        parse_record(text, "a-1-py3-none-any.whl")
    assert str(caught.value) == (
        "the RECORD of a-1-py3-none-any.whl cannot be read: field larger than field limit (131072)"
    )
    records = {f"https://index.example/{name}-1-py3-none-any.whl": text for name in ("a", "b")}
    read = reader(tmp_path, records, [])
    assert audit(pinned("a==1", "b==1"), small_matrices(), INDEX, TARGET, record_of=read) == ()


INDEX = StubIndex(
    {
        "a": [{"version": "1", "files": ["a-1-py3-none-any.whl"], "requires": []}],
        "b": [{"version": "1", "files": ["b-1-py3-none-any.whl"], "requires": []}],
    }
)


def test_wheels_that_no_row_compares_are_compared_by_their_records(tmp_path):
    records = {
        "https://index.example/a-1-py3-none-any.whl": f"both.py,{ONE},3\nsame.py,{ONE},3\na.py,{ONE},3\n",
        "https://index.example/b-1-py3-none-any.whl": f"both.py,{TWO},3\nsame.py,{ONE},3\n",
    }
    requests = []
    findings = audit(
        pinned("a==1", "b==1"), small_matrices(), INDEX, TARGET, record_of=reader(tmp_path, records, requests)
    )
    (finding,) = findings
    assert (finding.code, finding.packages, finding.paths) == ("clobber", ("a==1", "b==1"), ("both.py",))
    assert finding.why == (
        "a and b write 2 common paths, 1 of them with different bytes; the one that is installed last wins, and "
        "nothing here tells which that is"
    )
    assert len(requests) == 2


def test_an_index_that_does_not_answer_hinders_nothing():
    def read(file):
        raise IndexUnavailable("down")

    assert audit(pinned("a==1", "b==1"), small_matrices(), INDEX, TARGET, record_of=read) == ()


def test_the_record_is_read_by_ranges_of_a_real_server(tmp_path, monkeypatch):
    from solver.index import ranges

    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as wheel:
        wheel.writestr("a-1.dist-info/RECORD", f"a/x.py,{ONE},3\n")
    seen = []

    def read_member(url, member, *args, **kwargs):
        seen.append((url, member))
        with zipfile.ZipFile(data) as wheel:
            return wheel.read("a-1.dist-info/RECORD")

    monkeypatch.setattr(ranges, "read_member", read_member)
    read = record_reader(lambda file: "https://index.example/a.whl", tmp_path)
    assert list(read(IndexFile(filename="a-1-py3-none-any.whl", sha256=NOT_KNOWN))) == ["a/x.py"]
    assert seen == [("https://index.example/a.whl", "*.dist-info/RECORD")]
    assert list(tmp_path.iterdir()) == []  # without a hash nothing can be kept


@pytest.mark.parametrize("text", ["", "a/x.py,md5=abc,3\n", "a/x.py,sha256=!!,3\n"])
def test_lines_without_a_usable_hash_are_left_out(text):
    assert parse_record(text, "a-1-py3-none-any.whl") == {}


def test_what_is_kept_lies_below_the_cache_and_belongs_to_one_wheel(tmp_path):
    requests = []
    urls = {f"https://index.example/{name}-1-py3-none-any.whl": f"{name}/x.py,{ONE},3\n" for name in ("a", "b")}
    read = reader(tmp_path, urls, requests)
    for name in ("a", "b"):
        file = IndexFile(filename=f"{name}-1-py3-none-any.whl", sha256="e" * 64)
        assert list(read(file)) == list(read(file)) == [f"{name}/x.py"]
    files = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    place = f"records/{hashlib.sha256(b'').hexdigest()[:16]}/ee/{'e' * 64}"
    assert files == [f"{place}/{name}-1-py3-none-any.whl" for name in ("a", "b")]
