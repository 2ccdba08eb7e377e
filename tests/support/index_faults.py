"""A package index that fails: each kind of fault is one function that spoils what the fault server gives of ``victim``.

``hostile_index`` lies about one release while its listing stands; here the listing, the metadata of its one release
or its wheel cannot be had at all. ``FAULTS`` gives, by the name of the fault, how it is served and the sentence that
ends the command with exit code 4 (``{host}``: the server).
"""

import gzip
import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from fault_server import HTML, JSON, Answer, make_wheel

from solver.index import listing, pypi

NAME = "victim"
VERSION = "2.0"
WHEEL = f"{NAME}-{VERSION}-py3-none-any.whl"
LISTING = f"/simple/{NAME}/"
MEMBER = f"{NAME}-{VERSION}.dist-info/METADATA"
METADATA = f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n".encode()
NEEDED = 'honest; python_version < "3"'
"""What the release asks for: nothing for any python of today, and yet it can be seen whether it was read."""
GOOD = make_wheel(NAME, VERSION, [NEEDED])
OWN = zipfile.ZipFile(io.BytesIO(GOOD)).read(MEMBER)
"""The metadata inside the wheel, which are also those that an honest index has beside it."""
LIMITS = (
    (pypi, "MOST_LISTING", 1 << 20),
    (pypi, "MOST_METADATA", 1 << 16),
    (listing, "MOST_HTML", 1 << 18),
    (listing, "MOST_FILES", 20),
)
"""Module, name and value of each, for faults that would take long to make at full size."""


@dataclass
class Fault:
    """One way to fail."""

    spoil: Callable
    """Called with the server, which serves an honest index by then."""
    sentence: str


def entry(server, **keys):
    digest = hashlib.sha256(GOOD).hexdigest()
    return {"filename": WHEEL, "url": f"{server.url}/files/{WHEEL}", "hashes": {"sha256": digest}, **keys}


def listing(*entries, **keys):
    body = {"meta": {"api-version": "1.1"}, "name": NAME, "files": list(entries), "versions": [], **keys}
    return json.dumps(body).encode()


def serve(server, fault):
    """An index with one release of ``victim``, spoilt."""
    server.answers.clear()
    server.add_wheel(WHEEL, GOOD)
    server.answers[LISTING] = Answer(listing(entry(server)), JSON)
    fault.spoil(server)


# --- what answers instead of the listing ------------------------------------------------------------


def page(*arguments, **fields):
    return lambda server: server.answers.update({LISTING: Answer(*arguments, **fields)})


def raw(text, *, endless=b"", hold=False):
    """What the server writes, byte for byte."""

    def write(server, out):
        out.write(text)
        out.flush()
        while endless:
            out.write(endless)
        if hold:
            server.over.wait()

    return page(raw=write)


def redirect(place, status=302):
    return lambda server: server.answers.update(
        {LISTING: Answer(status=status, headers={"Location": place.format(url=server.url)})}
    )


def file_with(**keys):
    return lambda server: server.answers.update({LISTING: Answer(listing(entry(server, **keys)), JSON)})


def file_without(key):
    def spoil(server):
        one = entry(server)
        del one[key]
        server.answers[LISTING] = Answer(listing(one), JSON)

    return spoil


def many_files(server):
    files = [entry(server, filename=f"{NAME}-{number}.0-py3-none-any.whl") for number in range(21)]
    server.answers[LISTING] = Answer(listing(*files), JSON)


# --- what answers instead of the metadata or the wheel ----------------------------------------------


def promised(body=OWN, then=None, digest=None, **fields):
    """Metadata beside the wheel (PEP 658), which has the promised ``digest`` or not; ``then`` spoils more."""

    def spoil(server):
        server.answers[f"/files/{WHEEL}.metadata"] = Answer(body, **fields)
        file_with(**{"core-metadata": {"sha256": digest or hashlib.sha256(OWN).hexdigest()}})(server)
        if then:
            then(server)

    return spoil


def wheel(body=GOOD, **fields):
    return lambda server: server.add_wheel(WHEEL, body, **fields)


def silent_wheel(server):
    server.answers[f"/files/{WHEEL}"] = Answer(raw=lambda served, out: served.over.wait())


def zipped(*members, compression=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return stream.getvalue()


def lying_size(size):
    """A wheel whose directory says that its METADATA has ``size`` bytes."""
    body = bytearray(zipped((MEMBER, METADATA * 10)))
    place = body.rindex(b"PK\x01\x02") + 24
    body[place : place + 4] = struct.pack("<I", size)
    return bytes(body)


def damaged():
    body = bytearray(GOOD)
    place = body.index(b"Version: 2.0")
    body[place] ^= 1
    return bytes(body)


def encrypted():
    body = bytearray(GOOD)
    place = body.rindex(b"PK\x01\x02") + 8
    body[place] |= 1
    return bytes(body)


LISTED = f"the package index answered what is no listing of {NAME}: "
SILENT = f"the package index did not answer when asked for {NAME}: "
OF_METADATA = f"the metadata of {WHEEL}"
AT = f"http://{{host}}/files/{WHEEL}"
TAIL = f"bytes -65536 of {AT} could not be read: "
JUNK = f"{AT} is no wheel that can be read: "
NO_UTF8 = "can't decode byte 0xff in position 0: invalid start byte"
TOO_NEW = "Repository's version (99.0) has greater major component than supported version (1.4)"
SHORT = "*.dist-info/METADATA is shorter than the directory says"
OF_ENTRY = f"the listing is wrong about it: '{WHEEL}': "


def answered(said):
    return f"the package index answered {said} when asked for {NAME}"


STATUS = {
    status: Fault(page(status=status), answered(f"{status} {reason}"))
    for status, reason in {
        204: "No Content",
        206: "Partial Content",
        304: "Not Modified",
        400: "Bad Request",
        401: "Unauthorized",
        403: "Forbidden",
        407: "Proxy Authentication Required",
        410: "Gone",
        418: "I'm a Teapot",
        429: "Too Many Requests",
        451: "Unavailable For Legal Reasons",
        500: "Internal Server Error",
        502: "Bad Gateway",
        503: "Service Unavailable",
        504: "Gateway Timeout",
    }.items()
}
TRANSPORT = {
    "asks to wait an hour": Fault(
        page(status=503, headers={"Retry-After": "3600"}),
        answered("503 Service Unavailable (it asks to wait 3600 s)"),
    ),
    "sends in circles": Fault(redirect("{url}/simple/victim/"), f"{SILENT}it sends on more than 10 times"),
    "sends to a file": Fault(redirect("file:///etc/passwd"), f"{SILENT}it sends on to what is no address of the web"),
    "sends to another scheme": Fault(redirect("gopher://h/x"), f"{SILENT}it sends on to what is no address of the web"),
    "sends to half an address": Fault(redirect("http://[::1"), f"{SILENT}it sends on to what is no address of the web"),
    "sends to nobody": Fault(redirect("http://127.0.0.1:1/x"), f"{SILENT}Connection refused"),
    "sends nowhere": Fault(page(status=301), answered("301 Moved Permanently")),
    "says nothing": Fault(raw(b""), f"{SILENT}the connection broke off"),
    "is no web server": Fault(raw(b"SSH-2.0-x\r\n"), f"{SILENT}the connection broke off"),
    "speaks another version": Fault(raw(b"HTTP/9.9 200 OK\r\n\r\n"), f"{SILENT}the connection broke off"),
    "has headers without end": Fault(
        raw(b"HTTP/1.1 200 OK\r\nX: ", endless=b"x" * 4096), f"{SILENT}the connection broke off"
    ),
    "has a thousand headers": Fault(
        raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n"), f"{SILENT}the connection broke off"
    ),
    "breaks off": Fault(page(b"{" * 100, JSON, cut=50), f"{SILENT}its answer broke off"),
    "breaks off in a chunk": Fault(
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc"), f"{SILENT}the connection broke off"
    ),
    "has chunks of no length": Fault(
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc"), f"{SILENT}the connection broke off"
    ),
    "announces too much": Fault(
        page(b"", JSON, headers={"Content-Length": "9" * 12}),
        f"{SILENT}its answer has 999999999999 bytes, and at most 1048576 are read",
    ),
    "announces what is no number": Fault(
        raw(b"HTTP/1.1 200 OK\r\nContent-Type: " + JSON.encode() + b"\r\nContent-Length: many\r\n\r\n{"),
        f"{LISTED}Input data was truncated",
    ),
    "has no end": Fault(
        raw(b"HTTP/1.1 200 OK\r\n\r\n", endless=bytes(1 << 16)), f"{SILENT}its answer has more than 1048576 bytes"
    ),
    "is a bomb": Fault(
        page(gzip.compress(bytes(1 << 24)), JSON, headers={"Content-Encoding": "gzip"}),
        f"{SILENT}its answer has more than 1048576 bytes",
    ),
    "is a bomb in a bomb": Fault(
        page(gzip.compress(gzip.compress(bytes(1 << 24))), JSON, headers={"Content-Encoding": "gzip, gzip"}),
        f"{SILENT}its answer is compressed in a way that cannot be read",
    ),
    "ends before its gzip does": Fault(
        page(gzip.compress(listing())[:-9], JSON, headers={"Content-Encoding": "gzip"}),
        f"{SILENT}its answer broke off",
    ),
    "ends before its deflate does": Fault(
        page(zlib.compress(listing())[:-2], JSON, headers={"Content-Encoding": "deflate"}),
        f"{SILENT}its answer broke off",
    ),
    "is no gzip": Fault(
        page(b"{}", JSON, headers={"Content-Encoding": "gzip"}),
        f"{SILENT}its answer is compressed in a way that cannot be read",
    ),
    "goes silent": Fault(
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", hold=True),
        f"{SILENT}only 1 bytes came in 0 s, so it was given up",
    ),
    "is silent": Fault(raw(b"", hold=True), f"{SILENT}only 0 bytes came in 0 s, so it was given up"),
}
CONTENT = {
    "has no type": Fault(page(b"hello", ""), f"{LISTED}its content type is 'text/plain'"),
    "names no type": Fault(page(b"{}", headers={"Content-Type": None}), f"{LISTED}its content type is 'text/plain'"),
    "is a picture": Fault(page(b"\x89PNG", "image/png"), f"{LISTED}its content type is 'image/png'"),
    "is other JSON": Fault(page(b"{}", "application/json"), f"{LISTED}its content type is 'application/json'"),
    "has a type of lines": Fault(page(b"{}", "text/x;\n y=z"), f"{LISTED}its content type is 'text/x'"),
    "is empty": Fault(page(b"", JSON), f"{LISTED}Input data was truncated"),
    "is null": Fault(page(b"null", JSON), f"{LISTED}Expected `object`, got `null`"),
    "is a list": Fault(page(b"[]", JSON), f"{LISTED}Expected `object`, got `array`"),
    "is a number": Fault(page(b"5", JSON), f"{LISTED}Expected `object`, got `int`"),
    "is of no fields": Fault(page(b"{}", JSON), f"{LISTED}Object missing required field `name`"),
    "is half": Fault(page(listing()[:-5], JSON), f"{LISTED}Input data was truncated"),
    "is two": Fault(page(listing() * 2, JSON), f"{LISTED}JSON is malformed: trailing characters (byte 80)"),
    "is deep": Fault(
        page(b'{"name": "victim", "meta": ' + b"[" * 200_000, JSON),
        f"{LISTED}Expected `object`, got `array` - at `$.meta`",
    ),
    "is no UTF-8": Fault(
        page(listing().replace(b"victim", b"\xff\xfe"), JSON),
        f"{LISTED}'utf-8' codec {NO_UTF8}",
    ),
    "is UTF-16": Fault(
        page(listing().decode().encode("utf-16"), JSON), f"{LISTED}JSON is malformed: invalid character (byte 0)"
    ),
    "has no number": Fault(
        page(listing().replace(b'"1.1"', b"NaN"), JSON), f"{LISTED}JSON is malformed: invalid character (byte 25)"
    ),
    "is of another version": Fault(
        page(listing(meta={"api-version": "99.0"}), JSON),
        f"{LISTED}{TOO_NEW}",
    ),
    "is of no version": Fault(page(listing(meta={"api-version": "new"}), JSON), f"{LISTED}Invalid version: 'new'"),
    "is of a version that is a number": Fault(
        page(listing(meta={"api-version": 1}), JSON), f"{LISTED}Expected `str`, got `int` - at `$.meta.api-version`"
    ),
    "is another project's": Fault(page(listing(name="torch"), JSON), f"{LISTED}it is the listing of 'torch'"),
    "is nobody's": Fault(page(listing(name="a b"), JSON), f"{LISTED}'a b' is no name of a package"),
    "has a number for a name": Fault(page(listing(name=5), JSON), f"{LISTED}Expected `str`, got `int` - at `$.name`"),
    "has null for files": Fault(
        page(listing(files=None), JSON), f"{LISTED}Expected `array`, got `null` - at `$.files`"
    ),
    "has a mapping of files": Fault(
        page(listing(files={"a": 1}), JSON), f"{LISTED}Expected `array`, got `object` - at `$.files`"
    ),
    "has too many files": Fault(many_files, f"{LISTED}it has 21 files, and at most 20 are read"),
    "has HTML with a quote without end": Fault(
        page(b"<a href='" * 10_000, HTML), f"{LISTED}its HTML is broken at \"<a href='<a href='<a\""
    ),
    "has HTML with a comment without end": Fault(
        page(b"<!--" * 10_000, HTML), f"{LISTED}its HTML has no --> behind '<!--<!--<!--<!--<!--'"
    ),
    "has HTML with links within links": Fault(
        page(b"<a href=x>y" * 10_000, HTML), f"{LISTED}its HTML has a link within a link"
    ),
    "has HTML of no charset": Fault(
        page(b"x", "text/html; charset=zlib_codec"), f"{LISTED}its charset is 'zlib_codec'"
    ),
    "is too much HTML": Fault(page(b"<p>" * (1 << 17), HTML), f"{LISTED}its answer has more than 262144 bytes of HTML"),
}
ODDS = f"the package index is at odds with itself about {OF_METADATA}: "
LOST = f"{ODDS}it lists them and has none"
OTHER = f"{ODDS}they have another sha256 than the listing says"
OTHER_TOO = "; and those inside the wheel have another sha256 than the listing says"
NO_METADATA = f"the package index did not answer when asked for {OF_METADATA}: "
NO_RANGES = f"the server of {AT} ignores range requests, and the wheel is not read whole"
MENDED = {
    "has lost the metadata": Fault(promised(status=404), LOST),
    "has withdrawn the metadata": Fault(promised(status=410), LOST),
    "forbids the metadata": Fault(
        promised(status=403), f"the package index answered 403 Forbidden when asked for {OF_METADATA}"
    ),
    "fails at the metadata": Fault(
        promised(status=500), f"the package index answered 500 Internal Server Error when asked for {OF_METADATA}"
    ),
    "breaks off in the metadata": Fault(promised(cut=9), f"{NO_METADATA}its answer broke off"),
    "breaks off in metadata by gzip": Fault(
        promised(gzip.compress(OWN)[:-9], headers={"Content-Encoding": "gzip"}), f"{NO_METADATA}its answer broke off"
    ),
    "has the beginning of the metadata": Fault(promised(OWN[:-1]), OTHER),
    "has other metadata": Fault(promised(METADATA), OTHER),
    "has a page for the metadata": Fault(promised(b"<html>", content_type=HTML), OTHER),
    "has metadata without end": Fault(
        promised(METADATA * 5000), f"{NO_METADATA}its answer has 240000 bytes, and at most 65536 are read"
    ),
    "sends to a file for the metadata": Fault(
        promised(status=302, headers={"Location": "file:///etc/passwd"}),
        f"{NO_METADATA}it sends on to what is no address of the web",
    ),
}
"""Of the file beside the wheel alone: what is inside the wheel is read instead, and the sentence is told."""
AFTERWARDS = {
    "fails at metadata and wheel": Fault(
        promised(status=500, then=wheel(status=500)),
        f"the package index answered 500 Internal Server Error when asked for {OF_METADATA}; "
        f"and {AT} answered 500 Internal Server Error",
    ),
    "fails at the metadata and has lost the wheel": Fault(
        promised(status=500, then=wheel(status=404)),
        f"the package index answered 500 Internal Server Error when asked for {OF_METADATA}; "
        f"and {AT} answered 404 Not Found",
    ),
    "is silent about the metadata and the wheel": Fault(
        promised(raw=lambda served, out: served.over.wait(), then=silent_wheel),
        f"{NO_METADATA}only 0 bytes came in 0 s, so it was given up; "
        f"and {TAIL}only 0 bytes came in 0 s, so it was given up",
    ),
    "forbids the wheel": Fault(wheel(status=403), f"{AT} answered 403 Forbidden"),
    "fails at the wheel": Fault(wheel(status=500), f"{AT} answered 500 Internal Server Error"),
    "is silent about the wheel": Fault(silent_wheel, f"{TAIL}only 0 bytes came in 0 s, so it was given up"),
    "sends no parts": Fault(wheel(ranges=False), NO_RANGES),
    "sends parts of nothing": Fault(wheel(content_range="bytes */*"), f"{AT} answered with the range 'bytes */*'"),
    "sends another part": Fault(
        wheel(content_range="bytes 0-9/10"),
        f"{TAIL}its answer has {len(GOOD)} bytes, and at most 10 are read",
    ),
    "breaks off in the wheel": Fault(wheel(cut=9), f"{TAIL}its answer broke off"),
    "has an empty wheel": Fault(wheel(b""), f"{AT} answered with the range 'bytes 0--1/0'"),
}
UNREADABLE = {
    "promises metadata that nobody has": Fault(promised(status=404, digest="1" * 64), LOST + OTHER_TOO),
    "promises other metadata": Fault(promised(digest="1" * 64), OTHER + OTHER_TOO),
    "has lost metadata and wheel": Fault(
        promised(status=404, then=wheel(status=404)), f"{LOST}; and {AT} answered 404 Not Found"
    ),
    "has lost the metadata and sends no parts": Fault(
        promised(status=404, then=wheel(ranges=False)), f"{LOST}; and {NO_RANGES}"
    ),
    "has lost the wheel": Fault(wheel(status=404), f"{AT} answered 404 Not Found"),
    "has withdrawn the wheel": Fault(wheel(status=410), f"{AT} answered 410 Gone"),
    "sends parts of absurd size": Fault(
        wheel(content_range=f"bytes 0-{'9' * 18}/{'9' * 18}"), f"{AT} needs more than 8388608 bytes to be read"
    ),
    "knows a larger size": Fault(file_with(size=1 << 40), f"{AT} has not the {1 << 40} bytes that the index says"),
    "knows another size": Fault(file_with(size=7), f"{AT} has {len(GOOD)} bytes, and the index says 7"),
    "has a page for the wheel": Fault(wheel(b"<html>" * 99), f"{JUNK}File is not a zip file"),
    "has half a wheel": Fault(wheel(GOOD[len(GOOD) // 2 :]), f"{JUNK}a member lies outside of it"),
    "has a damaged wheel": Fault(wheel(damaged()), f"{JUNK}Bad CRC-32 for file '{MEMBER}'"),
    "has a wheel that hides its size": Fault(wheel(lying_size(5)), f"{JUNK}Bad CRC-32 for file '{MEMBER}'"),
    "has a wheel that exaggerates": Fault(wheel(lying_size(60_000)), f"{JUNK}{SHORT}"),
    "has no metadata in the wheel": Fault(
        wheel(zipped(("victim/x.py", b""))), f"{AT} has 0 members *.dist-info/METADATA, expected one"
    ),
    "has two metadata in the wheel": Fault(
        wheel(zipped((MEMBER, METADATA), ("other-1.0.dist-info/METADATA", METADATA))),
        f"{AT} has 2 members *.dist-info/METADATA, expected one",
    ),
    "has a bomb in the wheel": Fault(
        wheel(zipped((MEMBER, METADATA + bytes(1 << 24)))),
        f"*.dist-info/METADATA of {AT} has {len(METADATA) + (1 << 24)} bytes; at most 65536 are read of it",
    ),
    "has metadata by bzip2": Fault(
        wheel(zipped((MEMBER, METADATA), compression=zipfile.ZIP_BZIP2)),
        f"*.dist-info/METADATA of {AT} is compressed or encrypted in a way that is not read",
    ),
    "has an encrypted wheel": Fault(
        wheel(encrypted()), f"*.dist-info/METADATA of {AT} is compressed or encrypted in a way that is not read"
    ),
    "has metadata by LZMA": Fault(
        wheel(zipped((MEMBER, METADATA), compression=zipfile.ZIP_LZMA)),
        f"*.dist-info/METADATA of {AT} is compressed or encrypted in a way that is not read",
    ),
    "has a file without an address": Fault(file_without("url"), f"{OF_ENTRY}url: Field required"),
    "has a file without hashes": Fault(file_without("hashes"), f"{OF_ENTRY}hashes: Field required"),
    "has a number for a hash": Fault(
        file_with(hashes={"sha256": 5}), f"{OF_ENTRY}hashes.sha256: Input should be a valid string"
    ),
    "has a list of hashes": Fault(
        file_with(hashes=["sha256"]), f"{OF_ENTRY}hashes: Input should be a valid dictionary"
    ),
    "has a number for an address": Fault(file_with(url=5), f"{OF_ENTRY}url: Input should be a valid string"),
    "has half an address": Fault(file_with(url="http://["), f"{OF_ENTRY}Invalid IPv6 URL"),
    "has a word for a size": Fault(
        file_with(size="big"),
        f"{OF_ENTRY}size: Input should be a valid integer, unable to parse string as an integer",
    ),
    "has no day": Fault(
        file_with(**{"upload-time": "yesterday"}),
        f"{OF_ENTRY}upload-time: Input should be a valid datetime or date, input is too short",
    ),
    "has a number for a python": Fault(
        file_with(**{"requires-python": 3}), f"{OF_ENTRY}requires-python: Input should be a valid string"
    ),
    "has a list for yanked": Fault(file_with(yanked=["x"]), f"{OF_ENTRY}yanked.bool: Input should be a valid boolean"),
}
"""Of the release alone, which therefore may not be chosen: exit code 3."""
FAULTS = {**{f"answers {status}": fault for status, fault in STATUS.items()}, **TRANSPORT, **CONTENT, **AFTERWARDS}
