"""A lock bundled from an index on the loopback interface, with a tool in interlock's place."""

from __future__ import annotations

import hashlib
import sys

import pytest
from fault_server import make_wheel
from sealed import seal

from solver.commands import bundle as page
from solver.commands.bundle import bundle
from solver.core.errors import BadInput


@pytest.fixture
def index(fault_server, tmp_path, monkeypatch):
    monkeypatch.setenv("INTERLOCK_INDEX_URL", fault_server.url.replace("//", "//ann:s3cret@") + "/simple")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return fault_server


def add(index, name, version):
    """A project of one wheel, with PEP 658 metadata; returns the wheel's sha256."""
    filename, wheel = f"{name}-{version}-py3-none-any.whl", make_wheel(name, version)
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    index.add_wheel(filename, wheel)
    index.add_wheel(f"{filename}.metadata", metadata)
    index.add_project(name, {filename: {"core-metadata": {"sha256": hashlib.sha256(metadata).hexdigest()}}})
    return hashlib.sha256(wheel).hexdigest()


def test_a_bundle_carries_locked_wheels_and_the_tool_for_each_python(root, lock, index, tmp_path, monkeypatch):
    monkeypatch.setattr(page, "own_requirements", lambda: ("tool<2",))
    monkeypatch.setattr(page, "PYTHONS", ("3.11", "3.14"))
    add(index, "tool", "1")
    digest = add(index, "jinja2", "3.1")
    with (lock / "requirements.txt").open("a") as file:
        file.write(f"jinja2==3.1 --hash=sha256:{digest}\n")
    seal(lock)
    told = []
    manifest, parts = bundle(root, ["full-py312"], tmp_path / "bundle", tell=told.append)
    assert told == ["2 files of unknown size; what is there already is kept"]
    (carried,) = manifest.locks
    assert carried.files == ("wheels/jinja2-3.1-py3-none-any.whl",)
    assert carried.packages["jinja2"] == "3.1"
    tool = ("tool/interlock-0.1.0-py3-none-any.whl", "tool/tool-1-py3-none-any.whl")
    assert manifest.tool == {"3.11": tool, "3.14": tool}
    assert not (tmp_path / "bundle" / "matrices").exists()
    for file in manifest.files:
        assert hashlib.sha256((tmp_path / "bundle" / file.path).read_bytes()).hexdigest() == file.sha256
    assert parts == ()
    assert not [path for path in (tmp_path / "bundle").rglob("*") if path.is_file() and b"s3cret" in path.read_bytes()]


def test_a_conda_lock_is_not_carried(root, lock, tmp_path):
    text = (lock / "solution.yaml").read_text()
    (lock / "solution.yaml").write_text(text.replace("pip-in-conda", "conda"))
    seal(lock)
    with pytest.raises(BadInput, match="a bundle carries no conda packages yet; bundle a pip-in-conda profile"):
        bundle(root, ["full-py312"], tmp_path / "bundle")


def test_without_uv_there_is_no_bundle(root, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(BadInput, match="bundle: there is no uv on this machine; install it"):
        bundle(root, ["full-py312"], tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()
