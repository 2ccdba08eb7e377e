"""Bodies as they were before a server compressed them (RFC 9110, section 8.4.1), to their very end.

Why not the client's own decoders: urllib3 takes a stream that ends before its end for a whole one, so that half
a listing, or metadata without their last lines, would be believed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

CODINGS = ("gzip", "deflate")
"""What a server may compress with, as the header Accept-Encoding names it."""
PIECE = 64 * 1024
"""Most bytes of one unpacked piece."""
_GZIP = 16 + zlib.MAX_WBITS
_ZLIB = zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS
_TELLING = 2
"""First bytes of a body in "deflate" that tell its format."""


def unpacked(pieces: Iterable[bytes], coding: str) -> Iterator[bytes]:
    """The body that came in ``pieces``, which the header Content-Encoding says to be in ``coding``.

    Raises ``urllib3.exceptions.DecodeError`` where it is in none that is read, and
    ``urllib3.exceptions.IncompleteRead`` where it ends too early.
    """
    from urllib3.exceptions import DecodeError

    match coding.strip().lower():
        case "" | "identity":
            yield from pieces
        case "gzip" | "x-gzip":
            yield from _inflated(pieces, gzip=True)
        case "deflate":
            yield from _inflated(pieces, gzip=False)
        case _:
            raise DecodeError("a coding that was not asked for")


def _inflated(pieces: Iterable[bytes], *, gzip: bool) -> Iterator[bytes]:
    from urllib3.exceptions import DecodeError, IncompleteRead

    stream, rest, taken, whole = None, b"", 0, False
    for piece in pieces:
        rest, taken = rest + piece, taken + len(piece)
        while rest and (gzip or stream is not None or len(rest) >= _TELLING):
            if whole and not gzip:
                raise DecodeError("something after its end")
            stream = stream or zlib.decompressobj(_GZIP if gzip else _window(rest))
            try:
                yield from _given(stream, rest)
            except zlib.error as error:
                raise DecodeError("no stream of this coding") from error
            rest = stream.unused_data
            if stream.eof:  # a body of gzip may have several members (RFC 1952, section 2.2)
                stream, whole = None, True
    if stream is not None or rest or not whole:
        raise IncompleteRead(taken, 1)  # that it ends is told by its last bytes alone


def _given(stream: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """All that ``stream`` gives for ``data``, in pieces: a few bytes may stand for many millions."""
    while out := stream.decompress(data, PIECE):
        yield out
        data = stream.unconsumed_tail


def _window(data: bytes) -> int:
    """What zlib is to expect of a body in "deflate": RFC 9110 means zlib's format, and some servers send without it."""
    return _ZLIB if data[0] & 0x0F == 8 and int.from_bytes(data[:2]) % 31 == 0 else _RAW
