"""Wheels that are downloaded whole, whatever happens on the way."""

from __future__ import annotations

import pytest
from small_bundle import CONTENT

from solver.core.errors import IndexUnavailable
from solver.proof.bundle.download import download, file_sha256

LARGE = bytes(2**20)
RESUMED = f"bytes={2**19}-"
"""A cut sends half, which is a whole number of blocks."""


def test_files_are_downloaded_and_progress_is_told(server, tmp_path):
    sizes = {}
    files = [server.put(f"a{number}-1-py3-none-any.whl", CONTENT[number:]) for number in range(5)]
    download(files, tmp_path, progress=lambda name, done, size: sizes.update({name: (done, size)}))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == server.files
    assert sizes == {file.filename: (file.size, file.size) for file in files}


def test_a_download_that_breaks_off_goes_on_where_it_stopped(server, tmp_path):
    file = server.put("a-1-py3-none-any.whl", LARGE)
    server.faults["a-1-py3-none-any.whl"] = ["cut", "busy"]
    download([file], tmp_path, pause=0)
    assert file_sha256(tmp_path / file.filename) == file.sha256
    assert [ranged for _, ranged in server.requests] == [None, RESUMED, RESUMED]


def test_the_next_call_goes_on_too(server, tmp_path):
    file = server.put("a-1-py3-none-any.whl", LARGE)
    server.faults[file.filename] = ["cut"]
    with pytest.raises(IndexUnavailable, match=r"a-1-py3-none-any\.whl could not be downloaded in 1 tries"):
        download([file], tmp_path, tries=1)
    assert [path.name for path in tmp_path.iterdir()] == ["a-1-py3-none-any.whl.part"]
    download([file], tmp_path)
    assert server.requests[-1][1] == RESUMED
    download([file], tmp_path)
    assert len(server.requests) == 2


def test_what_an_ended_call_left_goes_with_the_next_that_does_not_want_it(server, tmp_path):
    parts = [server.put(f"{name}-1-py3-none-any.whl", LARGE) for name in "ab"]
    for file in parts:
        (tmp_path / f"{file.filename}.part").write_bytes(LARGE[: 2**19])
    download(parts[:1], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a-1-py3-none-any.whl"]
    assert server.requests == [("a-1-py3-none-any.whl", RESUMED)]


def test_a_server_without_ranges_starts_again(server, tmp_path):
    file = server.put("a-1-py3-none-any.whl", CONTENT)
    server.faults[file.filename] = ["cut", "no ranges"]
    download([file], tmp_path, pause=0)
    assert file_sha256(tmp_path / file.filename) == file.sha256


def test_other_bytes_than_locked_are_never_kept(server, tmp_path):
    file = server.put("a-1-py3-none-any.whl", CONTENT, sha256="0" * 64)
    with pytest.raises(IndexUnavailable, match=f"its sha256 is .*, not {'0' * 64}"):
        download([file], tmp_path, tries=2, pause=0)
    assert list(tmp_path.iterdir()) == []


def test_damage_on_the_way_is_repaired(server, tmp_path):
    file = server.put("a-1-py3-none-any.whl", CONTENT)
    server.faults[file.filename] = ["damage"]
    download([file], tmp_path, pause=0)
    assert file_sha256(tmp_path / file.filename) == file.sha256


def test_a_missing_file_is_named(server, tmp_path):
    file = server.put("a-1-py3-none-any.whl", CONTENT)
    del server.files[file.filename]
    with pytest.raises(IndexUnavailable, match=r"a-1-py3-none-any\.whl could not be downloaded .*404"):
        download([file], tmp_path, tries=2, pause=0)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("filename", "../a-1-py3-none-any.whl", "is no plain file name"),
        ("filename", "torch-1-py3-none-any.whl", "is a wheel of torch, not of a"),
        ("sha256", "", "'' is no sha256"),
        ("url", "file:///etc/passwd", "is no address of the web"),
    ],
)
def test_what_is_fetched_is_a_wheel_of_its_package(server, field, value, message):
    with pytest.raises(ValueError, match=message):
        server.put("a-1-py3-none-any.whl", CONTENT, **{field: value})
