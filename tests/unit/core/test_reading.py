"""Whole files of others: up to a size, as text, and in a sentence where that fails."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from solver.core import reading
from solver.core.errors import BadInput


def told(call, *words, **more):
    with pytest.raises(BadInput) as caught:
        call(*words, **more)
    return str(caught.value)


def test_text_has_one_kind_of_line_end_and_no_mark(tmp_path):
    (tmp_path / "f").write_bytes(b"\xef\xbb\xbfa\r\nb\rc\n\xc3\xa4")
    assert reading.read_text(tmp_path / "f") == "a\nb\nc\nä"


def test_what_cannot_be_read_is_told_with_its_name(tmp_path):
    (tmp_path / "latin").write_bytes(b"a\nb\n\xe4")
    assert told(reading.read_bytes, tmp_path / "no") == f"{tmp_path / 'no'}: there is no such file"
    assert told(reading.read_bytes, tmp_path / "no", "f", missing="none here") == "f: none here"
    assert told(reading.read_bytes, tmp_path, "f") == "f: cannot be read: Is a directory"
    assert told(reading.read_bytes, Path("a\0b"), "f") == "f: cannot be read: no file can have this name"
    assert told(reading.read_bytes, Path("x" * 300), "f") == "f: cannot be read: File name too long"
    assert told(reading.read_text, tmp_path / "latin", "f", fix="write UTF-8") == (
        "f:3: is not UTF-8 text: byte 4 cannot be read; write UTF-8"
    )


def test_no_more_is_read_than_a_lock_may_have(tmp_path):
    (tmp_path / "f").touch()
    with (tmp_path / "f").open("r+b") as stream:
        stream.truncate(reading.LARGEST)
    assert len(reading.read_bytes(tmp_path / "f")) == reading.LARGEST
    with (tmp_path / "f").open("r+b") as stream:
        stream.truncate(reading.LARGEST + 1)
    sentence = "f: is larger than 16 MiB, which no lock or list is"
    assert told(reading.read_bytes, tmp_path / "f", "f") == sentence
    assert told(reading.read_bytes, Path("/dev/zero"), "f") == sentence


def test_who_expects_larger_files_says_so(tmp_path):
    (tmp_path / "f").write_bytes(bytes(11))
    assert len(reading.read_bytes(tmp_path / "f", largest=11)) == 11
    assert (
        told(reading.read_bytes, tmp_path / "f", "f", largest=10) == "f: is larger than 0 MiB, which no lock or list is"
    )


def test_of_a_log_its_end_is_read(tmp_path):
    (tmp_path / "log").write_bytes(b"first\n" + b"x" * 2**20 + b"\nlast \xff\n")
    end = reading.end_of(tmp_path / "log")
    assert len(end) == 2**20 and end.endswith("x\nlast \ufffd\n")
    (tmp_path / "short").write_text("one\ntwo")
    assert reading.end_of(tmp_path / "short") == "one\ntwo"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes in folders")
def test_a_pipe_that_nobody_writes_into_is_no_empty_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput) as caught:
        reading.read_bytes(tmp_path / "pipe")
    assert str(caught.value) == (
        f"{tmp_path / 'pipe'}: is a pipe into which nobody writes; start what writes into it first"
    )
    (tmp_path / "empty").touch()
    assert reading.read_bytes(tmp_path / "empty") == b""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no /dev/fd")
def test_a_pipe_is_read_to_its_end_however_late_it_is_written():
    receiving, sending = os.pipe()
    writer = threading.Timer(0.05, lambda: (os.write(sending, b"a==1\n"), os.close(sending)))
    writer.start()
    assert reading.read_bytes(Path(f"/dev/fd/{receiving}")) == b"a==1\n"
    writer.join()
    os.close(receiving)
