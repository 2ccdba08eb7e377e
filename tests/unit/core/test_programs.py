"""Programs of this machine are found, or told to be absent."""

from __future__ import annotations

import errno
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT

from solver.core.errors import BadInput
from solver.core.programs import ending_with_us, failure_of_machine, find_python, minor_of, uv_here

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"


def test_the_python_that_runs_this_is_no_venvs_own():
    code = "import sys; print(sys.prefix == sys.base_prefix, '%d.%d' % sys.version_info[:2])"
    done = subprocess.run([find_python(MINOR), "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"True {MINOR}\n"


def test_a_stand_in_that_starts_nothing_is_passed_over(tmp_path, monkeypatch):
    for place, text in (("shims", "exit 127"), ("real", "echo 3.99")):
        (tmp_path / place).mkdir()
        (tmp_path / place / "python3.99").write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / place / "python3.99").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/shims:{tmp_path}/real")
    assert find_python("3.99") == tmp_path / "real" / "python3.99"


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("error: Failed to write to the client cache\n  cause: Too many open files (os error 24)", errno.EMFILE),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", errno.ENOSPC),
        ("error: tcp connect error\n  cause: Connection refused (os error 111)", None),
        ("error: No solution found: os error 24 of ours", None),
        ("", None),
    ],
)
def test_what_a_program_says_of_this_machine_is_told_from_what_it_says_of_its_work(said, number):
    failure = failure_of_machine("uv", said)
    assert (failure and (failure.errno, failure.strerror)) == (
        number and (number, f"uv could not work: {os.strerror(number)}")
    )


def test_a_program_that_was_ended_did_not_end_its_work():
    assert str(failure_of_machine("uv", "", -9)) == "uv was ended by the signal SIGKILL"


def test_an_absent_python_is_told(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BadInput, match=r"there is no python 3\.99 on this machine"):
        find_python("3.99")


def test_a_python_tells_its_version(tmp_path):
    assert minor_of(sys.executable) == MINOR
    assert minor_of(tmp_path / "absent") is None
    (tmp_path / "fails").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "fails").chmod(0o755)
    assert minor_of(tmp_path / "fails") is None


def test_uv_is_that_beside_this_python_or_else_that_of_the_path(tmp_path, monkeypatch):
    for place in ("beside", "path"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "uv").touch(mode=0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "beside" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    assert uv_here() == str(tmp_path / "beside" / "uv")
    Path(tmp_path / "beside" / "uv").unlink()
    assert uv_here() == str(tmp_path / "path" / "uv")
    monkeypatch.setenv("PATH", "")
    assert uv_here() is None


PARENT = """
import subprocess, sys
from solver.core.programs import ending_with_us
child = "import sys; print('ready', flush=True); sys.stdin.read()"
subprocess.run(ending_with_us([sys.executable, "-c", child]))
"""
"""Starts a child that ends when its standard input does, which this test keeps open."""


@pytest.mark.skipif(sys.platform != "linux", reason="nothing else can end a process with its parent")
def test_a_child_ends_where_its_parent_is_killed():
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout.readline() == b"ready\n"
        parent.kill()
        # Nobody else has the other end of this: it closes when the child has ended.
        ended, _, _ = select.select([parent.stdout], [], [], 20)
        assert ended and parent.stdout.read() == b""
        parent.stdin.close()


def test_a_child_is_started_with_its_own_words_and_exit_code():
    command = [sys.executable, "-c", "import sys; print(sys.argv[1:]); sys.exit(7)", "-c", "a b"]
    done = subprocess.run(ending_with_us(command), capture_output=True, text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("['-c', 'a b']\n", "", 7)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system tells it")
def test_a_program_that_cannot_be_started_is_told(tmp_path):
    done = subprocess.run(ending_with_us([tmp_path / "absent"]), capture_output=True, text=True)
    assert (done.stderr, done.returncode) == (f"{tmp_path / 'absent'}: No such file or directory\n", 1)
