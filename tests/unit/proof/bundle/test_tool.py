"""Interlock itself and what it needs, for several pythons."""

from __future__ import annotations

import errno
import hashlib

import pytest
from fault_server import make_wheel

from solver.core.errors import IndexUnavailable
from solver.core.programs import uv_here
from solver.matrix.load import matrices_dir
from solver.proof.bundle.tool import interlock_wheel, resolved


@pytest.fixture
def uv(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    # A user's own settings have no say in what travels.
    monkeypatch.setenv("UV_EXCLUDE_NEWER", "2001-01-01")
    monkeypatch.setenv("UV_INDEX", "http://127.0.0.1:1/simple")
    return uv_here()


def add(index, name, *wheels):
    """A project of wheels (version, and requirements if any), with PEP 658 metadata."""
    files = {}
    for version, *requires in wheels:
        filename = f"{name}-{version}-py3-none-any.whl"
        index.add_wheel(filename, make_wheel(name, version, *requires))
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {text}" for few in requires for text in few]
        metadata = "\n".join([*lines, ""]).encode()
        index.add_wheel(f"{filename}.metadata", metadata)
        files[filename] = {"core-metadata": {"sha256": hashlib.sha256(metadata).hexdigest()}}
    index.add_project(name, files)


def test_the_tool_brings_what_it_needs_and_lowers_what_must_be_lower(fault_server, uv):
    index = fault_server
    add(index, "tool", ("1", ("a", "b ; sys_platform == 'win32'", "c ; extra == 'x'", "e ; python_version < '3.12'")))
    add(index, "a", ("2", ("d<2",)))
    add(index, "d", ("1",), ("3",))
    add(index, "e", ("5",))
    requirements = ("tool", "d", "f ; extra == 'conda'")
    pins = resolved(requirements, "3.11", uv=uv, index=f"{index.url}/simple")
    assert [f"{pin.name} {pin.version}" for pin in pins] == ["a 2", "d 1", "e 5", "tool 1"]
    assert pins[1].hashes == {hashlib.sha256(make_wheel("d", "1")).hexdigest()}
    newer = resolved(requirements, "3.13", uv=uv, index=f"{index.url}/simple")
    assert [f"{pin.name} {pin.version}" for pin in newer] == ["a 2", "d 1", "tool 1"]


def test_a_tool_that_fits_together_nowhere_is_told(fault_server, uv):
    index = fault_server
    add(index, "tool", ("1", ("d<2",)))
    add(index, "d", ("3",))
    with pytest.raises(IndexUnavailable, match=r"(?s)for interlock on python 3\.12, uv says: .*d<2"):
        resolved(("tool",), "3.12", uv=uv, index=f"{index.url}/simple")


def test_a_program_that_says_nothing_is_told_by_its_exit_status(tmp_path):
    silent = tmp_path / "uv"
    silent.write_text("#!/bin/sh\nexit 3\n")
    silent.chmod(0o755)
    with pytest.raises(IndexUnavailable, match=r"python 3\.12, uv says: nothing \(exit status 3\)$"):
        resolved(("tool",), "3.12", uv=str(silent))


def test_what_this_machine_lacks_is_no_word_about_the_wheels(tmp_path):
    program = tmp_path / "uv"
    program.write_text("#!/bin/sh\necho 'cause: Too many open files (os error 24) at path \"/x\"' >&2\nexit 2\n")
    program.chmod(0o755)
    with pytest.raises(OSError, match="uv could not work: Too many open files") as caught:
        resolved(("tool",), "3.12", uv=str(program))
    assert caught.value.errno == errno.EMFILE


def test_interlocks_own_wheel_is_the_same_every_time():
    name, content = interlock_wheel(matrices_dir())
    assert (name, content) == interlock_wheel(matrices_dir())
    assert len(content) < 10_000_000
