"""Pythons that travel: what names one, what is packed of it, and that it runs where it is unpacked."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from small_bundle import MINOR

import solver.proof.bundle.pythons as pythons
from solver.core.elf import Dynamic, read_dynamic
from solver.core.errors import BadInput
from solver.proof.bundle.manifest import CarriedPython
from solver.proof.bundle.pythons import pack_pythons

BASE = Path(sys.base_prefix)
OWN = Path(getattr(sys, "_base_executable", sys.executable))


with OWN.resolve().open("rb") as _program:
    _NEEDED = read_dynamic(_program).needed
PREFIX = str(BASE) if any((BASE / "lib" / name).is_file() for name in _NEEDED) else None
"""Where this python has to be unpacked: one with a library of its own (pyenv's) looks for it there alone."""


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """This python, packed once for all that look at it."""
    bundle = tmp_path_factory.mktemp("bundle")
    return bundle, pack_pythons([str(OWN)], [MINOR, "3.9"], bundle)


@pytest.fixture(scope="module")
def unpacked(packed, tmp_path_factory):
    bundle, (carried,) = packed
    folder = tmp_path_factory.mktemp("elsewhere") / "python"
    with tarfile.open(bundle / carried.path) as archive:
        archive.extractall(folder, filter="data")
    return folder


def test_a_python_runs_in_any_folder_and_makes_environments(packed, unpacked, tmp_path):
    assert packed[1] == (CarriedPython(path=f"python{MINOR}.tar.gz", python=MINOR, prefix=PREFIX),)
    environment = tmp_path / "env"
    subprocess.run([unpacked / "bin" / "python3", "-m", "venv", "--without-pip", environment], check=True)
    code = "import ctypes, ssl, sqlite3, sys; print(sys.base_prefix)"
    told = subprocess.run([environment / "bin" / "python", "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == f"{unpacked}\n"


def test_what_no_environment_needs_is_left_out_and_headers_are_not(unpacked):
    """A compiler of kernels needs Python.h."""
    files = [path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()]
    assert f"include/python{MINOR}/Python.h" in files
    odd = [name for name in files if name.endswith((".a", ".pyc")) or "/site-packages/" in name or "/test/" in name]
    assert odd == []
    assert (unpacked / "bin" / "python3").readlink() == Path(f"python{MINOR}")


def test_the_same_python_is_packed_to_the_same_bytes_whatever_names_it(packed, unpacked, tmp_path):
    bundle, (carried,) = packed
    archive, folder = tmp_path / "archive", tmp_path / "folder"
    for out in (archive, folder):
        out.mkdir()
    assert pack_pythons([str(bundle / carried.path)], [MINOR], archive) == (carried,)
    assert pack_pythons([str(unpacked)], [MINOR], folder) == (carried,)
    contents = [(place / carried.path).read_bytes() for place in (bundle, archive, folder)]
    assert contents[0] == contents[1] == contents[2]


def test_a_version_is_looked_for(tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / f"python{MINOR}").symlink_to(OWN)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(pythons, "_packed", lambda python, *_: python.prefix)
    assert pack_pythons([MINOR], [MINOR], tmp_path) == (BASE,)
    patch = ".".join(map(str, sys.version_info[:3]))
    assert pack_pythons([patch], [MINOR], tmp_path) == (BASE,)


@pytest.fixture
def refused(tmp_path, monkeypatch):
    """What is told of a word, with no python of a version manager here."""
    for name in ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setattr(pythons, "uv_here", lambda: None)

    def told(*words, needed=(MINOR,)):
        with pytest.raises(BadInput) as caught:
            pack_pythons(words, needed, tmp_path)
        return str(caught.value)

    return told


FIX = "name an executable, the folder that holds bin/python3, an archive of it, or a version such as 3.12"


@pytest.mark.parametrize("kind", ["nothing", "text", "program", "folder", "archive", "word"])
def test_what_is_no_python_is_refused_at_once(refused, tmp_path, kind):
    word = tmp_path / "python3"
    if kind == "text":
        word.write_text("x")
    elif kind == "program":
        word.write_text("#!/bin/sh\necho 3.12\n")
        word.chmod(0o755)
    elif kind == "folder":
        (word / "bin").mkdir(parents=True)
    elif kind == "archive":
        with tarfile.open(word, "w:gz") as archive:
            archive.add(__file__, "bin/python")
    told = refused("python" if kind == "word" else str(word))
    assert told == f"--python: {'python' if kind == 'word' else word} is no python that can be carried; {FIX}"


def test_an_archive_that_leads_out_of_its_folder_is_refused(refused, tmp_path):
    path = tmp_path / "python.tar"
    with tarfile.open(path, "w") as archive:
        archive.add(__file__, "../../escaped")
    assert refused(str(path)).startswith(f"--python: {path} cannot be unpacked: ")


def test_a_version_that_is_nowhere_a_python_of_no_lock_and_one_that_is_named_twice_are_told(refused):
    assert refused("3.99", needed=("3.99",)) == (
        "--python: there is no python 3.99 on this machine, and uv fetched none; install it, or name an executable, "
        "a folder or an archive"
    )
    assert refused(str(OWN), needed=("3.99", "3.98")) == (
        f"--python: {OWN}: no lock of the bundle is for python {MINOR}; name one of 3.98, 3.99"
    )
    assert refused(str(OWN), str(BASE)) == f"--python: {OWN}: python {MINOR} is named twice; name one of the two"


@pytest.mark.parametrize(
    ("library", "runpath", "prefix"),
    [
        ("libpython3.11.so.1.0", ("/opt/python/lib",), Path("/opt/python")),
        ("libpython3.11.so.1.0", ("$ORIGIN/../lib",), None),
        ("libpython3.11.so.1.0", ("$ORIGIN/../lib", "/opt/python/lib"), None),
        ("libpython3.11.so.1.0", (), None),
        ("libc.so.6", ("/opt/python/lib",), None),
    ],
)
def test_a_python_that_finds_its_library_by_a_whole_path_goes_there(tmp_path, monkeypatch, library, runpath, prefix):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libpython3.11.so.1.0").touch()
    monkeypatch.setattr(pythons, "read_dynamic", lambda _: Dynamic(needed=(library,), runpath=runpath))
    python = pythons.Python(version="3.11", prefix=tmp_path, program=OWN, modules=(), folders=())
    assert pythons._bound_to(python) == prefix
