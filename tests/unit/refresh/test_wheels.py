"""The live index as a source of wheel members: in parts, checked, and never the whole wheel."""

import io
import random
import zipfile

import pytest
from fault_server import make_wheel

from solver.core.errors import IndexUnavailable
from solver.core.model import IndexFile, pypi_name
from solver.index.pypi import PypiIndex
from solver.index.web import Web
from solver.refresh import wheels
from solver.refresh.families import member_bytes, requirements
from solver.refresh.wheels import IndexWheels

NAME = pypi_name("big")
FILENAME = "big-1.0-py3-none-any.whl"
STORED = random.Random(1).randbytes(200_000)
PACKED = b"".join(b"%d," % number for number in range(60_000))


def packed_wheel():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as wheel:
        wheel.writestr("big/stored.bin", STORED)
        wheel.writestr("big/packed.txt", PACKED, zipfile.ZIP_DEFLATED)
        wheel.writestr("big/old.txt", PACKED, zipfile.ZIP_BZIP2)
        wheel.writestr("big/empty", b"")
        wheel.writestr("big-1.0.dist-info/METADATA", "Name: big\nVersion: 1.0\nRequires-Dist: torch (==2.1.0)\r\n\n")
    return stream.getvalue()


@pytest.fixture
def source(fault_server, tmp_path, monkeypatch):
    monkeypatch.setattr(wheels, "CHUNK", 10_000)
    fault_server.add_wheel(FILENAME, packed_wheel())
    fault_server.add_project("big", {FILENAME: {}, "big-0.9-py3-none-any.whl": {"yanked": True}})
    with Web(retries=0, backoff=0) as session:
        yield IndexWheels(PypiIndex(f"{fault_server.url}/simple/", tmp_path / "cache", session))


@pytest.fixture
def file(source):
    (wheel,) = source.wheels(NAME)
    return wheel


def test_yanked_wheels_and_unknown_names_are_left_out(source, file):
    assert file.filename == FILENAME
    assert source.wheels(pypi_name("nothing")) == ()


def test_members_come_in_parts_as_they_were(source, file, fault_server):
    assert list(source.members(file))[:2] == ["big/stored.bin", "big/packed.txt"]
    parts = list(source.chunks(file, "big/packed.txt"))
    assert len(parts) > 5 and b"".join(parts) == PACKED
    assert member_bytes(source, file, "big/stored.bin") == STORED
    assert member_bytes(source, file, "big/empty") == b""
    assert [str(requirement) for requirement in requirements(source, file)] == ["torch==2.1.0"]
    size = len(fault_server.answers[f"/files/{FILENAME}"].body)
    spans = [span for path, span in fault_server.requests if path.startswith("/files/")]
    assert all(span is not None for span in spans) and f"bytes=0-{size - 1}" not in spans


def problem(source, file, member):
    with pytest.raises(IndexUnavailable) as caught:
        member_bytes(source, file, member)
    return str(caught.value)


def test_a_member_that_is_not_there_is_told(source, file):
    assert problem(source, file, "big/absent") == f"{FILENAME} has no member big/absent"


def test_a_compression_that_is_not_read_is_told(source, file):
    assert problem(source, file, "big/old.txt") == (
        f"big/old.txt of {FILENAME} is compressed in a way that is not read"
    )


@pytest.mark.parametrize("member", ["big/stored.bin", "big/packed.txt"])
def test_damaged_bytes_are_told(source, file, fault_server, member):
    assert source.members(file)
    answer = fault_server.answers[f"/files/{FILENAME}"]
    place = 100_000 if member.endswith("bin") else 220_000
    answer.body = answer.body[:place] + bytes(50) + answer.body[place + 50 :]
    assert problem(source, file, member).startswith(f"{member} of {FILENAME} came damaged")


def test_a_server_that_ignores_ranges_is_told(source, file, fault_server):
    assert source.members(file)
    fault_server.answers[f"/files/{FILENAME}"].ranges = False
    assert problem(source, file, "big/packed.txt") == f"{FILENAME}: the index answered 200 to a range"


def test_a_server_that_breaks_off_is_told(source, file, fault_server):
    assert source.members(file)
    fault_server.answers[f"/files/{FILENAME}"].cut = 3
    assert "big-1.0-py3-none-any.whl could not be read: " in problem(source, file, "big/stored.bin")


def test_what_is_no_wheel_is_told(source, file, fault_server):
    fault_server.add_wheel(FILENAME, b"<html>" + bytes(100))
    assert problem(source, file, "big/stored.bin") == (
        f"{FILENAME} is no wheel that can be read: File is not a zip file"
    )


def test_a_wheel_without_metadata_is_told(source, fault_server):
    fault_server.add_wheel("none-1.0-py3-none-any.whl", make_wheel("none", "1.0").replace(b"METADATA", b"metadata"))
    fault_server.add_project("none", {"none-1.0-py3-none-any.whl": {}})
    (file,) = source.wheels(pypi_name("none"))
    assert isinstance(file, IndexFile)
    with pytest.raises(IndexUnavailable) as caught:
        requirements(source, file)
    assert str(caught.value) == "none-1.0-py3-none-any.whl has 0 members METADATA, expected one"
