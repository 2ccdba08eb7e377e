"""Credentials reach the server that they are for, and nothing that is written down or shown."""

import hashlib
import json

import pytest
from fault_server import HTML, JSON, Answer, make_wheel

from solver.core.errors import IndexUnavailable
from solver.core.model import pypi_name
from solver.index import UnknownPackage
from solver.index.pypi import PypiIndex
from solver.index.web import Web

NAME = pypi_name("victim")
WHEEL = "victim-1.0-py3-none-any.whl"
BODY = make_wheel("victim", "1.0", ["six"])
SHA256 = hashlib.sha256(BODY).hexdigest()
BASIC = "Basic YW5uOnMzY3JldA=="


@pytest.fixture
def secret(fault_server):
    """The server's address with user and password."""
    return fault_server.url.replace("//", "//ann:s3cret@")


@pytest.fixture
def index(secret, tmp_path):
    with Web(retries=0, backoff=0) as session:
        yield PypiIndex(f"{secret}/simple/", tmp_path / "cache", session)


def listing(url, **keys):
    file = {"filename": WHEEL, "url": url, "hashes": {"sha256": SHA256}, **keys}
    body = {"meta": {"api-version": "1.1"}, "name": "victim", "files": [file], "versions": []}
    return Answer(json.dumps(body).encode(), JSON)


def html(url, base=""):
    return Answer(f'{base}<a href="{url}#sha256={SHA256}">{WHEEL}</a>'.encode(), HTML)


def test_a_proxy_of_the_environment_is_used(fault_server, tmp_path, monkeypatch):
    """The server plays the proxy, which is asked for whole addresses."""
    monkeypatch.setenv("HTTP_PROXY", fault_server.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with Web(retries=0, backoff=0) as session, pytest.raises(UnknownPackage):
        PypiIndex("http://index.invalid/simple/", tmp_path / "cache", session).releases(NAME)
    assert [path for path, _ in fault_server.requests] == ["http://index.invalid/simple/victim/"]


KINDS = {
    "relative link": lambda secret: listing(f"../../files/{WHEEL}"),
    "relative link in HTML": lambda secret: html(f"../../files/{WHEEL}"),
    "the listing's own": lambda secret: listing(f"{secret}/files/{WHEEL}"),
    "base of HTML": lambda secret: html(WHEEL, f'<base href="{secret}/files/">'),
    "a token in the query": lambda secret: listing(f"{secret}/files/{WHEEL}?token=s3cret"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_address_of_a_wheel_has_none(fault_server, secret, index, kind):
    fault_server.add_wheel(WHEEL, BODY)
    fault_server.answers[f"/files/{WHEEL}?token=s3cret"] = Answer(BODY)
    fault_server.answers["/simple/victim/"] = KINDS[kind](secret)
    (release,) = index.releases(NAME)
    assert index.address(release.files[0]) == f"{fault_server.url}/files/{WHEEL}"
    assert index.requires(release) == ("six",)
    assert fault_server.authorizations == [BASIC, BASIC]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [403, 500, 200])
def test_no_error_tells_them(fault_server, secret, index, kind, status):
    fault_server.answers["/simple/victim/"] = KINDS[kind](secret)
    for query in ("", "?token=s3cret"):
        fault_server.answers[f"/files/{WHEEL}{query}"] = Answer(b"", status=status, ranges=False)
    with pytest.raises(IndexUnavailable) as caught:
        index.requires(index.releases(NAME)[0])
    said = {403: " answered 403 Forbidden", 500: " answered 500 Internal Server Error"}
    assert str(caught.value) == (
        f"{fault_server.url}/files/{WHEEL}{said[status]}"
        if status in said
        else f"the server of {fault_server.url}/files/{WHEEL} ignores range requests, and the wheel is not read whole"
    )


def test_an_address_that_is_refused_is_shown_without_them(fault_server, index):
    fault_server.answers["/simple/victim/"] = listing("ftp://ann:s3cret@h.invalid/x.whl?token=s3cret")
    (release,) = index.releases(NAME)
    assert release.refused == "the listing is wrong about it: 'ftp://...@h.invalid/x.whl?...' is no address of the web"


def test_nothing_that_is_kept_has_them(fault_server, secret, index, tmp_path):
    fault_server.add_wheel(WHEEL, BODY)
    fault_server.answers["/simple/victim/"] = KINDS["the listing's own"](secret)
    index.requires(index.releases(NAME)[0])
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.name for path in kept] == [WHEEL]
    assert not any("s3cret" in str(path) or b"s3cret" in path.read_bytes() for path in kept)


def test_an_index_with_encryption_gives_no_file_without(fault_server, tmp_path):
    """An https index on this machine would need a certificate; what counts is the address alone."""
    with Web(retries=0, backoff=0) as session:
        index = PypiIndex("https://h.invalid/simple/", tmp_path, session)
        with pytest.raises(ValueError, match=r"'http://h\.invalid/x' is not encrypted, and the index itself is"):
            index._admitted("http://ann:pw@h.invalid/x")
        assert index._admitted("https://ann:pw@h.invalid/x") == "https://h.invalid/x"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://ann:pw@no-such-host.invalid/simple", 1),
        ("https://no-such-host.invalid/simple", 0),
        ("http://127.0.0.1:1/simple", 0),
    ],
)
def test_an_index_without_encryption_is_told_once(tmp_path, caplog, url, told):
    sentence = (
        "http://no-such-host.invalid/simple/ is asked without encryption: anybody on the way can change what it says"
    )
    with Web(retries=0, backoff=0) as session:
        index = PypiIndex(url, tmp_path, session)
        for _ in range(2):
            with pytest.raises(IndexUnavailable):
                index.releases(NAME)
    assert caplog.messages == [sentence] * told
