"""A channel on the web that fails or has no end: one sentence with channel, address and cause, and no more is taken."""

import asyncio
import resource
import tempfile
import threading
from pathlib import Path

import pytest
from channel_server import ChannelServer
from conda_repodata import entry, write_channel

from solver.core.errors import IndexUnavailable
from solver.index import conda_web
from solver.index.conda_config import CondaSettings
from solver.index.conda_web import WebChannel, cause, short_files

MB = 1 << 20


@pytest.fixture
def server():
    server = ChannelServer()
    yield server
    server.close()


@pytest.fixture
def channel(tmp_path):
    def make(address, name="own"):
        return WebChannel(name, address, CondaSettings(), tmp_path / "cache")

    return make


def answer(channel, *questions):
    """What comes of questions that are put at once: the number of records, or the error."""

    async def ask():
        return await asyncio.gather(*(channel.load(*one) for one in questions), return_exceptions=True)

    answers = asyncio.run(ask())
    return [str(one) if isinstance(one, IndexUnavailable) else len(one) for one in answers]


def broken(server, end, status=200, body=b"", repeated=False, silent=False):
    """Let every file of that name be an answer of its own; what is given is set when somebody left in the middle."""
    plain, left = server.answer, threading.Event()

    def spoilt(request):
        if not request.path.endswith(end):
            plain(request)
            return
        request.send_response(status)
        if not repeated:
            request.send_header("Content-Length", str(len(body) + silent))
        request.end_headers()
        request.close_connection = repeated or silent
        if request.command == "GET":
            try:
                request.wfile.write(body)
                while repeated:
                    request.wfile.write(body)
                if silent:
                    request.rfile.read(1)
                    left.set()
            except ConnectionError:
                left.set()

    server.answer = spoilt
    return left


def test_records_come_from_a_channel_that_is_well(server, channel, tmp_path):
    place = write_channel(tmp_path / "channel", [entry("demo", "1.0"), entry("demo", "2.0"), entry("other", "1.0")])
    questions = [("linux-64", "demo"), ("linux-64", "other"), ("noarch", "demo"), ("linux-64", "gone")]
    assert answer(channel(server.serve("own", place)), *questions) == [2, 1, 0, 0]


def test_nobody_there_is_told_to_each_that_asks(channel):
    questions = [(subdir, name) for subdir in ("linux-64", "noarch") for name in ("a", "b", "c")]
    sentence = "channel own at http://127.0.0.1:1/c did not answer: Connection refused"
    assert answer(channel("http://127.0.0.1:1/c"), *questions) == [sentence] * 6


@pytest.mark.parametrize(
    ("status", "reason"), [(401, "Unauthorized"), (403, "Forbidden"), (404, "Not Found"), (410, "Gone")]
)
def test_a_status_is_told(server, channel, status, reason):
    broken(server, "repodata.json", status=status)
    assert answer(channel(f"{server.url}/own"), ("noarch", "a")) == [
        f"channel own at {server.url}/own did not answer: it answered {status} {reason}"
    ]


def test_a_channel_that_is_named_by_its_address_is_named_once(server, channel):
    address = f"{server.url}/own"
    assert answer(channel(address, name=address), ("noarch", "a")) == [
        f"channel {address} did not answer: it answered 404 Not Found"
    ]


def test_no_credential_is_told(server, channel):
    assert answer(channel(f"http://ann:secret@{server.host}/t/tk-1/own"), ("noarch", "a")) == [
        f"channel own at http://{server.host}/own did not answer: it answered 404 Not Found"
    ]


def test_a_page_instead_of_repodata_is_told(server, channel):
    broken(server, "repodata.json", body=b"<html>")
    assert answer(channel(f"{server.url}/own"), ("noarch", "a")) == [
        f"channel own at {server.url}/own did not answer: "
        "failed to parse repodata.json: expected value at line 1 column 1"
    ]


def test_repodata_without_end_are_not_written_to_the_disk(server, channel, tmp_path, monkeypatch):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    monkeypatch.setattr(conda_web, "MOST_FILE", MB)
    broken(server, "repodata.json", body=bytes(MB), repeated=True)
    assert answer(channel(f"{server.url}/own"), ("noarch", "a")) == [
        f"channel own at {server.url}/own did not answer: it sends more than is read of it"
    ]
    assert max((path.stat().st_size for path in (tmp_path / "cache").rglob("*")), default=0) <= MB
    assert resource.getrlimit(resource.RLIMIT_FSIZE) == before


def test_shards_without_end_are_not_read_into_memory(server, channel, monkeypatch):
    monkeypatch.setattr(conda_web, "MOST_MEMORY", 64 * MB)
    left = broken(server, "repodata_shards.msgpack.zst", body=bytes(MB), repeated=True)
    assert answer(channel(f"{server.url}/own"), ("noarch", "a")) == [
        f"channel own at {server.url}/own did not answer: its list of packages needs more than 64 MiB of memory"
    ]
    assert left.wait(30)


def test_silence_is_given_up(server, channel, monkeypatch):
    monkeypatch.setattr(conda_web, "PATIENCE", 1.0)
    left = broken(server, "repodata_shards.msgpack.zst", silent=True)
    assert answer(channel(f"{server.url}/own"), ("noarch", "a")) == [
        f"channel own at {server.url}/own did not answer: nothing was complete after 1 s"
    ]
    assert left.wait(30)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("could not parse url\nCaused by: empty host", "could not parse url: empty host"),
        ("'gopher' is not a supported scheme", "'gopher' is not a supported scheme"),
        (
            "Request failed after 3 retries\nCaused by: error sending request for url (https://ann:pw@h/x)\n"
            "Caused by: invalid peer certificate: UnknownIssuer",
            "invalid peer certificate: UnknownIssuer",
        ),
        (
            "failed to decode zstd shard from 'https://ann:pw@h/t/tk/x?key=1' (3 bytes received)\nCaused by: Unknown",
            "failed to decode zstd shard from 'https://h/x' (3 bytes received): Unknown",
        ),
        ("two\nlines \x1b[2J", "two lines [2J"),
        ("x" * 300, "x" * 190 + " …"),
    ],
)
def test_what_the_gateway_says_becomes_one_sentence(text, sentence):
    assert cause(text) == sentence


def test_the_limit_of_files_is_put_back_when_the_last_is_done():
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with short_files(conda_web.MOST_FILE):
        with short_files(conda_web.MOST_FILE):
            pass
        assert resource.getrlimit(resource.RLIMIT_FSIZE) == (conda_web.MOST_FILE, before[1])
    assert resource.getrlimit(resource.RLIMIT_FSIZE) == before


def test_a_lower_limit_of_the_users_stays():
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000 * MB, before[1]))
    try:
        with short_files(conda_web.MOST_FILE):
            assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == 1000 * MB
        assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == 1000 * MB
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_who_writes_more_gets_an_error():
    with tempfile.TemporaryDirectory() as folder, short_files(1000), pytest.raises(OSError, match="File too large"):
        Path(folder, "file").write_bytes(bytes(1001))
