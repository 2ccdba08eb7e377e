"""A stranger's first hour: two commands from a plain environment.yml to a lock that uv and our audit take."""

from __future__ import annotations

import os
import subprocess

import own_index
import pytest
from fault_server import Answer

from solver.commands.project import open_snapshot
from solver.core.lines import read_pins
from solver.core.machine import Machine
from solver.index.pypi import INDEX_URL
from solver.matrix.libraries import LOADER

ENVIRONMENT = """\
name: research
channels: [conda-forge, defaults]
dependencies:
  - python=3.12
  - numpy
  - pandas
  - jupyterlab
  - pip
  - pip:
      - torch
      - tensorflow
      - transformers
      - opencv-python
      - albumentations
      - wandb
"""
INIT = """\
environment.yml: channel defaults is not carried over: nothing of it is recorded
environment.yml:6: pandas stands under pip: no recorded channel holds it
environment.yml:7: jupyterlab stands under pip: no recorded channel holds it
opencv-python is carried over as opencv-python-headless: albumentations asks for that, and both write the same files
made environment.yml.in of environment.yml; `interlock lock` makes the lock
"""


@pytest.fixture
def here(tmp_path, monkeypatch, fault_server, interlock):
    """The researcher's folder; the index has what nobody recorded, and no channel answers."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("INTERLOCK_OFFLINE")
    monkeypatch.setenv(INDEX_URL, f"{fault_server.url}/simple/")
    monkeypatch.setenv("INTERLOCK_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("solver.commands.init.this_machine", Machine)
    own_index.add(
        fault_server,
        "albumentations",
        {"0.0.0": [], "1.4.0": ["opencv-python"], "2.0.8": ["opencv-python-headless>=4.9"]},
    )
    own_index.add(fault_server, "wandb", {"0.28.0": ["click"], "0.29.0": ["click>=8", "protobuf>4.21,!=5.28.0,<8"]})
    (tmp_path / "environment.yml").write_text(ENVIRONMENT)
    return tmp_path


def serve(index, folder, lock):
    """Let ``index`` list the wheel of each pin of a lock, as it was recorded, and tell what it asks for."""
    snapshot = open_snapshot(folder)
    for pin in read_pins(lock / "requirements.txt"):
        for release in snapshot.releases(pin.name) if pin.name != LOADER else ():
            files = [file for file in release.files if release.version == pin.version and file.sha256 in pin.hashes]
            for file in files:
                asks = "".join(f"Requires-Dist: {text}\n" for text in release.requires)
                text = f"Metadata-Version: 2.1\nName: {pin.name}\nVersion: {pin.version}\n{asks}"
                index.answers[f"/files/{file.filename}.metadata"] = Answer(text.encode())
                keys = {"hashes": {"sha256": file.sha256}, "core-metadata": True}
                index.add_project(pin.name, {file.filename: keys})


def test_two_commands_lock_an_environment_and_the_second_time_nobody_is_asked(here, interlock, fault_server):
    assert interlock("init", "--yes") == (0, INIT, "")
    code, out, err = interlock("lock", "--no-pylock")
    assert (code, err) == (0, "asked the package index for 2 packages beyond the record, 5 releases read\n")
    assert out.startswith("gpu: tensorflow 2.21.0, torch 2.10.0, python 3.12, cuda 12.8, ")
    lock = here / "locks" / "gpu"
    pins = {f"{pin.name}=={pin.version}" for pin in read_pins(lock / "requirements.txt")}
    assert {"albumentations==2.0.8", "wandb==0.29.0"} < pins
    assert not any(pin.startswith("opencv-python==") for pin in pins)
    assert interlock("audit", str(lock / "requirements.txt"))[0] == 0

    serve(fault_server, here, lock)
    command = ["uv", "pip", "install", "--dry-run", "--require-hashes", "-r", "requirements.txt", "--no-cache"]
    command += ["--default-index", f"{fault_server.url}/simple", "--target", str(here / "target")]
    command += ["--python-version", "3.12", "--python-platform", "x86_64-manylinux_2_28"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=lock, env=os.environ)
    assert ran.returncode == 0, ran.stderr
    assert f"Would install {len(pins)} packages" in ran.stderr

    made = own_index.files(here / "locks")
    fault_server.close()
    code, again, err = interlock("lock", "--no-pylock")
    assert (code, again.splitlines()[0], err) == (0, f"{out.splitlines()[0]} (unchanged)", "")
    assert own_index.files(here / "locks") == made
