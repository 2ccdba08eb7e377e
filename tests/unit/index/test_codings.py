"""A body is unpacked to its very end, or not at all, however its bytes come in pieces."""

import gzip
import zlib

import pytest
from urllib3.exceptions import DecodeError, IncompleteRead

from solver.index import codings
from solver.index.codings import unpacked

BODY = bytes(range(256)) * 40 + bytes(3 * codings.PIECE)


def raw(data):
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKERS = {"gzip": ("gzip", gzip.compress), "zlib": ("deflate", zlib.compress), "raw": ("Deflate", raw)}


def whole(sent, coding, step):
    return b"".join(unpacked((sent[start : start + step] for start in range(0, len(sent), step)), coding))


@pytest.mark.parametrize("step", [1, 2, 7, 10**6])
@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("body", [b"", b"x", BODY], ids=["empty", "short", "long"])
def test_a_body_comes_out_as_it_was(kind, body, step):
    coding, pack = PACKERS[kind]
    assert whole(pack(body), coding, step) == body


@pytest.mark.parametrize("step", [1, 10**6])
def test_a_body_of_several_members_is_all_of_them(step):
    assert whole(gzip.compress(b"one ") + gzip.compress(b"two"), "x-gzip", step) == b"one two"


@pytest.mark.parametrize("coding", ["", "identity", " Identity "])
def test_a_body_that_is_not_compressed_is_itself(coding):
    assert whole(b"hello", coding, 2) == b"hello"


@pytest.mark.parametrize("kind", PACKERS)
def test_a_body_that_ends_anywhere_before_its_end_broke_off(kind):
    coding, pack = PACKERS[kind]
    sent = pack(BODY[:2000])
    for end in range(len(sent)):
        with pytest.raises(IncompleteRead):
            whole(sent[:end], coding, 10**6)


def test_half_a_second_member_broke_off():
    with pytest.raises(IncompleteRead):
        whole(gzip.compress(b"one") + gzip.compress(b"two")[:-1], "gzip", 5)


BROKEN = {
    "none at all": (b"no gzip", "gzip"),
    "more after its end": (gzip.compress(b"one") + b"and more", "gzip"),
    "more after zlib's end": (zlib.compress(b"one") + b"and more", "deflate"),
    "no deflate": (b"\xff" * 50, "deflate"),
    "a wrong checksum": (gzip.compress(b"one")[:-8] + b"12345678", "gzip"),
    "two at once": (gzip.compress(gzip.compress(b"one")), "gzip, gzip"),
    "brotli": (b"x", "br"),
    "zstd": (b"x", "zstd"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_in_no_coding_that_was_asked_for_cannot_be_read(kind):
    with pytest.raises(DecodeError):
        whole(*BROKEN[kind], 10**6)


def test_a_bomb_comes_in_small_pieces():
    pieces = unpacked([gzip.compress(bytes(1 << 24))], "gzip")
    assert {len(next(pieces)) for _ in range(10)} == {codings.PIECE}
