import io
import random
import struct
import tracemalloc
import zipfile

import pytest
from fault_server import make_wheel

from solver.core.errors import IndexUnavailable
from solver.index import ranges
from solver.index.ranges import members, read_member, read_members
from solver.index.web import Web

FILENAME = "big-1.0-py3-none-any.whl"
FILLER = random.Random(1).randbytes(300_000)


@pytest.fixture
def session():
    with Web(retries=1, backoff=0) as session:
        yield session


@pytest.fixture
def wheel(fault_server):
    body = make_wheel("big", "1.0", ["numpy>=1"], members=[("big/first.bin", FILLER), ("big/second.txt", b"two")])
    return fault_server.add_wheel(FILENAME, body)


def fails(call, *arguments, **keys):
    with pytest.raises(IndexUnavailable) as caught:
        call(*arguments, **keys)
    assert caught.value.exit_code == 4
    return str(caught.value)


def test_metadata_is_read_without_the_rest(fault_server, wheel, session):
    assert b"Requires-Dist: numpy>=1" in read_member(wheel, "*.dist-info/METADATA", session)
    assert fault_server.requests == [(f"/files/{FILENAME}", f"bytes=-{ranges.TAIL}")]


def test_a_known_size_is_asked_for_by_number(fault_server, wheel, session):
    size = len(fault_server.answers[f"/files/{FILENAME}"].body)
    assert read_member(wheel, "big/second.txt", session, size=size) == b"two"
    assert fault_server.requests == [(f"/files/{FILENAME}", f"bytes={size - ranges.TAIL}-{size - 1}")]


def test_a_far_member_takes_one_more_request(fault_server, wheel, session):
    assert read_member(wheel, "big/first.bin", session) == FILLER
    assert len(fault_server.requests) == 2


def test_several_members_share_the_directory(fault_server, wheel, session):
    members = read_members(wheel, ["big/second.txt", "*.dist-info/METADATA"], session)
    assert members["big/second.txt"] == b"two"
    assert len(fault_server.requests) == 1


def test_members_are_listed_with_their_sizes(wheel, session):
    assert {"big/first.bin": 300_000, "big/second.txt": 3}.items() <= members(wheel, session).items()


def test_a_session_of_its_own_is_made_and_closed(wheel):
    assert read_member(wheel, "big/second.txt") == b"two"


def test_a_directory_larger_than_the_tail_is_read(fault_server, session):
    many = [(f"big/{number:04}.txt", b"") for number in range(2000)]
    url = fault_server.add_wheel(FILENAME, make_wheel("big", "1.0", members=many))
    assert len(members(url, session)) == 2001
    assert len(fault_server.requests) == 2


def test_a_server_without_ranges_is_refused_before_the_body(fault_server, wheel, session):
    fault_server.answers[f"/files/{FILENAME}"].ranges = False
    assert fails(read_member, wheel, "big/second.txt", session) == (
        f"the server of {wheel} ignores range requests, and the wheel is not read whole"
    )


def test_a_wheel_of_another_size_is_refused(fault_server, wheel, session):
    size = len(fault_server.answers[f"/files/{FILENAME}"].body)
    assert fails(read_member, wheel, "big/second.txt", session, size=size - 1) == (
        f"{wheel} has {size} bytes, and the index says {size - 1}"
    )


def test_a_missing_member_is_named(wheel, session):
    assert fails(read_member, wheel, "big/third.txt", session) == f"{wheel} has 0 members big/third.txt, expected one"


def test_metadata_of_a_vendored_package_is_not_taken(fault_server, session):
    vendored = [("big/_vendor/other-2.dist-info/METADATA", b"Name: other")]
    url = fault_server.add_wheel(FILENAME, make_wheel("big", "1.0", members=vendored))
    assert b"Name: big" in read_member(url, "*.dist-info/METADATA", session)


def test_a_member_over_the_limit_is_refused(fault_server, wheel, session):
    assert fails(read_member, wheel, "big/first.bin", session, limit=1000) == (
        f"big/first.bin of {wheel} has 300000 bytes; at most 1000 are read of it"
    )
    assert len(fault_server.requests) == 1


def packed(data, said=None):
    """A wheel with one deflated member, of whose size the directory says ``said``."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("big/first.bin", data)
    size, told = (struct.pack("<I", number) for number in (len(data), len(data) if said is None else said))
    return stream.getvalue().replace(size, told)


def test_a_member_that_inflates_over_the_limit_is_refused(fault_server, session):
    wheel = fault_server.add_wheel(FILENAME, packed(bytes(300_000)))
    assert fails(read_member, wheel, "big/first.bin", session, limit=1000) == (
        f"big/first.bin of {wheel} has 300000 bytes; at most 1000 are read of it"
    )


def test_a_directory_that_lies_about_a_size_does_not_fill_the_memory(fault_server, session):
    wheel = fault_server.add_wheel(FILENAME, packed(bytes(1 << 25), said=1000))
    tracemalloc.start()
    try:
        said = fails(read_member, wheel, "big/first.bin", session)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert said == f"{wheel} is no wheel that can be read: Bad CRC-32 for file 'big/first.bin'"
    assert most < 1 << 22


def test_a_missing_wheel_is_told(fault_server, session):
    url = f"{fault_server.url}/files/none.whl"
    assert fails(members, url, session) == f"{url} answered 404 Not Found"


def test_a_failing_server_is_asked_again(fault_server, wheel, session):
    fault_server.answers[f"/files/{FILENAME}"].fail_first = [503]
    assert read_member(wheel, "big/second.txt", session) == b"two"


def test_a_server_that_keeps_failing_is_told(fault_server, wheel, session):
    fault_server.answers[f"/files/{FILENAME}"].fail_first = [503, 503]
    assert fails(members, wheel, session) == f"{wheel} answered 503 Service Unavailable"


def test_a_cut_answer_is_no_wheel(fault_server, wheel, session):
    fault_server.answers[f"/files/{FILENAME}"].cut = 10
    assert fails(members, wheel, session).startswith(f"bytes -65536 of {wheel} could not be read: ")


def test_a_false_range_is_refused(fault_server, wheel, session):
    fault_server.answers[f"/files/{FILENAME}"].content_range = "bytes 0-9/10"
    assert fails(members, wheel, session) == (
        f"bytes -65536 of {wheel} could not be read: its answer has 65536 bytes, and at most 10 are read"
    )


def test_a_senseless_range_is_refused(fault_server, wheel, session):
    fault_server.answers[f"/files/{FILENAME}"].content_range = "bytes */*"
    assert fails(members, wheel, session) == f"{wheel} answered with the range 'bytes */*'"


def test_what_is_no_zip_is_told(fault_server, session):
    url = fault_server.add_wheel(FILENAME, b"<html>" * 100)
    assert fails(members, url, session) == f"{url} is no wheel that can be read: File is not a zip file"


def test_a_broken_member_fails_its_checksum(fault_server, wheel, session):
    answer = fault_server.answers[f"/files/{FILENAME}"]
    answer.body = answer.body.replace(b"two", b"owt")
    assert fails(read_member, wheel, "big/second.txt", session) == (
        f"{wheel} is no wheel that can be read: Bad CRC-32 for file 'big/second.txt'"
    )


def test_a_directory_without_end_is_given_up(fault_server, wheel, session, monkeypatch):
    monkeypatch.setattr(ranges, "DIRECTORY_LIMIT", 1000)
    assert fails(members, wheel, session) == f"{wheel} needs more than 1000 bytes to be read"


def test_no_server_at_all_is_told(fault_server, session):
    url = f"{fault_server.url}/files/x.whl"
    fault_server.close()
    assert fails(members, url, session).startswith(f"bytes -65536 of {url} could not be read: ")
