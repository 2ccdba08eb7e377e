"""Programs of this machine are found, or told to be absent."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from solver.core.errors import BadInput
from solver.core.programs import find_python, minor_of, uv_here

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
