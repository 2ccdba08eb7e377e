"""What a server may cost: bytes, time and trust. Nothing here sleeps; who is slow is silent until the test ends."""

import gzip
import logging
import re
import zlib

import pytest
from fault_server import Answer

from solver.index import web
from solver.index.web import NoAnswer, Web, forwarded

MOST = 1000


@pytest.fixture
def session():
    with Web(retries=0, backoff=0) as session:
        yield session


@pytest.fixture
def hasty():
    with Web(retries=0, backoff=0, patience=0.1) as session:
        yield session


def problem(session, url, most=MOST):
    with pytest.raises(NoAnswer) as caught:
        session.get(url, most)
    return str(caught.value)


def serve(server, *arguments, **fields):
    server.answers["/x"] = Answer(*arguments, **fields)
    return f"{server.url}/x"


def test_an_answer_has_all_that_was_said(fault_server, session):
    answer = session.get(serve(fault_server, b"hello", "text/plain"), MOST)
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"hello", "text/plain")
    assert (answer.url, answer.said) == (f"{fault_server.url}/x", "200 OK")


# --- bytes ------------------------------------------------------------------------------------------


def test_a_body_may_have_as_many_bytes_as_are_allowed(fault_server, session):
    assert len(session.get(serve(fault_server, bytes(MOST)), MOST).body) == MOST


def test_a_body_without_end_that_unpacks_to_nothing_is_broken_off(fault_server, session):
    """Blocks of no bytes (RFC 1951, section 3.2.4): what is unpacked never becomes too long."""

    def long(server, out):
        out.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"")[:10])
        for _ in range(100):
            out.write(b"\0\0\0\xff\xff" * (1 << 14))

    assert problem(session, serve(fault_server, raw=long), 1 << 20) == "its answer has more than 1048576 bytes"


def test_a_body_that_is_announced_too_long_is_not_read(fault_server, session):
    url = serve(fault_server, bytes(MOST + 1))
    assert problem(session, url) == "its answer has 1001 bytes, and at most 1000 are read"


@pytest.mark.parametrize("length", ["9" * 5000, str(10**18)])
def test_a_body_of_absurd_length_is_not_read(fault_server, session, length):
    url = serve(fault_server, b"", headers={"Content-Length": length})
    assert problem(session, url) == f"its answer has {length[:20]} bytes, and at most 1000 are read"


def test_a_body_without_end_is_broken_off(fault_server, session):
    def endless(server, out):
        out.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            out.write(bytes(1 << 16))

    assert problem(session, serve(fault_server, raw=endless), 1 << 20) == "its answer has more than 1048576 bytes"


@pytest.mark.parametrize(
    ("coding", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress)],
)
def test_a_bomb_is_never_unpacked(fault_server, session, coding, pack):
    url = serve(fault_server, pack(bytes(1 << 25)), headers={"Content-Encoding": coding})
    assert problem(session, url, 1 << 20) == "its answer has more than 1048576 bytes"


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", b"no gzip"),
        ("gzip", b"\x1f\x8b" + bytes(50)),
        ("deflate", b"\xff" * 50),
        ("gzip, gzip", gzip.compress(gzip.compress(bytes(1 << 25), mtime=0), mtime=0)),
    ],
)
def test_a_body_that_cannot_be_unpacked_is_told(fault_server, session, coding, body):
    url = serve(fault_server, body, headers={"Content-Encoding": coding})
    assert problem(session, url) == "its answer is compressed in a way that cannot be read"


def test_a_body_that_breaks_off_is_told(fault_server, session):
    assert problem(session, serve(fault_server, b"hello", cut=2)) == "its answer broke off"


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_compressed_body_that_is_short_of_its_end_is_told(fault_server, session, coding, pack):
    sent = pack(b"hello " * 100)
    for end in (0, 1, 5, len(sent) - 1):
        url = serve(fault_server, sent[:end], headers={"Content-Encoding": coding})
        assert problem(session, url) == "its answer broke off"


def test_headers_without_end_are_told(fault_server, session):
    def endless(server, out):
        out.write(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            out.write(b"x" * 4096)

    assert problem(session, serve(fault_server, raw=endless)) == "the connection broke off"


# --- time -------------------------------------------------------------------------------------------


def silent(server, out):
    server.over.wait()


def after_its_headers(server, out):
    out.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1")
    out.flush()
    server.over.wait()


def within_its_headers(server, out):
    out.write(b"HTTP/1.1 200 OK\r\nContent-")
    out.flush()
    server.over.wait()


@pytest.mark.parametrize(
    ("raw", "received"),
    [(silent, 0), (after_its_headers, 1), (within_its_headers, 0)],
    ids=["at once", "within the body", "within the headers"],
)
def test_who_goes_silent_is_given_up(fault_server, hasty, raw, received):
    sentence = problem(hasty, serve(fault_server, raw=raw))
    assert sentence == f"only {received} bytes came in 0 s, so it was given up"


def test_who_gives_a_byte_at_a_time_is_given_up(fault_server, hasty):
    """A byte now and then holds off every timeout of a connection."""

    def dripping(server, out):
        out.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
        while not server.over.wait(0.02):
            out.write(b"x")
            out.flush()

    sentence = problem(hasty, serve(fault_server, raw=dripping))
    assert re.fullmatch("only [1-9][0-9]? bytes came in 0 s, so it was given up", sentence)


def test_what_is_waited_for_is_told(fault_server, hasty, monkeypatch, caplog):
    monkeypatch.setattr(web, "WORD_EVERY", 0.03)
    with caplog.at_level(logging.INFO, "interlock"):
        problem(hasty, serve(fault_server, raw=silent))
    assert caplog.messages[0] == f"waiting for {fault_server.host}: 0 bytes in 0 s"


def test_how_long_a_server_wants_to_be_left_alone_is_capped_and_told(fault_server, monkeypatch, caplog):
    monkeypatch.setattr(web, "LONGEST_PAUSE", 0.01)
    url = serve(fault_server, b"hello", fail_first=[503], headers={"Retry-After": "3600"})
    with Web(retries=1, backoff=0.001) as session, caplog.at_level(logging.INFO, "interlock"):
        assert session.get(url, MOST).body == b"hello"
    assert caplog.messages == [f"{fault_server.host} asks to wait 3600 s; it is asked again in 0 s"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("7200", " (it asks to wait 7200 s)"),
        ("Wed, 21 Oct 2015 07:28:00 GMT", " (it asks to wait 0 s)"),
        ("9" * 5000, ""),
        ("-1", ""),
        ("soon", ""),
        ("", ""),
    ],
)
def test_a_server_that_stays_busy_is_told_with_its_wish(fault_server, session, text, said):
    answer = session.get(serve(fault_server, b"", status=503, headers={"Retry-After": text}), MOST)
    assert answer.said == f"503 Service Unavailable{said}"


def test_who_fails_is_asked_again_and_who_is_wrong_is_not(fault_server):
    url = serve(fault_server, b"hello", fail_first=[429, 500, 502])
    with Web(retries=3, backoff=0) as session:
        assert session.get(url, MOST).body == b"hello"
        fault_server.requests.clear()
        problem(session, serve(fault_server, b"no gzip", headers={"Content-Encoding": "gzip"}))
        assert len(fault_server.requests) == 1
        problem(session, serve(fault_server, b"hello", cut=2))
        assert len(fault_server.requests) == 5


# --- trust ------------------------------------------------------------------------------------------


def test_where_a_server_sends_is_followed(fault_server, session):
    fault_server.answers["/y"] = Answer(b"there")
    url = serve(fault_server, b"a body that nobody reads", status=302, headers={"Location": "/y"})
    answer = session.get(url, MOST)
    assert (answer.body, answer.url) == (b"there", f"{fault_server.url}/y")


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("http://h.invalid/x", "it sends on from https to http, where anybody can change what comes"),
        ("HTTP://h.invalid/x", "it sends on from https to http, where anybody can change what comes"),
        ("file:///etc/passwd", "it sends on to what is no address of the web"),
        ("ftp://h.invalid/x", "it sends on to what is no address of the web"),
        ("http://[::1", "it sends on to what is no address of the web"),
    ],
)
def test_where_nobody_should_go_nobody_goes(place, sentence):
    with pytest.raises(NoAnswer) as caught:
        forwarded("https://h.invalid/a/", place)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("place", ["https://other.invalid/x", "//other.invalid/x"])
def test_another_server_with_encryption_is_fine(place):
    assert forwarded("https://h.invalid/a/", place) == "https://other.invalid/x"


def test_who_sends_in_circles_is_left(fault_server, session):
    url = serve(fault_server, status=301, body=b"", headers={"Location": "/x"})
    assert problem(session, url) == "it sends on more than 10 times"
    assert len(fault_server.requests) == 11


def test_a_redirect_without_a_place_is_an_answer(fault_server, session):
    assert session.get(serve(fault_server, b"", status=302), MOST).said == "302 Found"


def test_credentials_go_to_their_server_alone_and_are_never_shown(fault_server, session):
    secret = fault_server.url.replace("//", "//ann:s%40cret@")
    serve(
        fault_server, b"", status=302, headers={"Location": fault_server.url.replace("127.0.0.1", "localhost") + "/y"}
    )
    fault_server.answers["/y"] = Answer(b"there")
    answer = session.get(f"{secret}/x", MOST)
    assert answer.body == b"there"
    assert fault_server.authorizations == ["Basic YW5uOnNAY3JldA==", None]
    fault_server.answers["/z"] = Answer(b"here")
    assert session.get(f"{fault_server.url}/z", MOST).url == f"{fault_server.url}/z"
    assert fault_server.authorizations[-1] == "Basic YW5uOnNAY3JldA=="


def test_no_sentence_has_an_address(session):
    assert problem(session, "http://ann:s3cret@127.0.0.1:1/t/tk-1?token=abc") == "Connection refused"
    assert problem(session, "http://ann:s3cret@no-such-host.invalid/") == "its name is not known"
