"""The built wheel is whole: installed by itself it solves and locks in a user's own folder."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from paths import ROOT

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("hatchling") is None, reason="hatchling, which builds the wheel, is not installed"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def unpacked(wheel, tmp_path_factory):
    """The wheel's files as pip would lay them out; the checkout is not among the paths that python looks in."""
    place = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    return place


def interlock(unpacked, folder, *words):
    # An editable checkout comes by a .pth file of site-packages, which lies behind PYTHONPATH.
    environment = {**os.environ, "PYTHONPATH": str(unpacked), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "solver", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_it_carries_the_matrices_and_the_snapshot_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    held = {p.relative_to(ROOT / "matrices").as_posix() for p in (ROOT / "matrices").rglob("*") if p.is_file()}
    assert {f"solver/_matrices/{name}" for name in held} <= names
    code = {p.relative_to(ROOT).as_posix() for p in (ROOT / "solver").rglob("*.py")}
    assert code <= names
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"solver"}
    assert not any(name.startswith(("tests/", "locks/")) for name in names)


def test_it_names_its_command_and_its_python(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (points,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        (metadata,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        assert "interlock = solver.__main__:main" in archive.read(points).decode()
        told = archive.read(metadata).decode()
    assert "Requires-Python: >=3.11" in told
    assert "\nName: interlock\n" in told


def test_it_solves_in_another_folder(unpacked, tmp_path):
    ran = interlock(unpacked, tmp_path, "solve", "-c", "torch==2.9.1", "-c", "python==3.12", "--json")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads(ran.stdout)["solution"]["torch"] == "2.9.1"


def test_it_makes_the_same_lock_as_the_checkout(unpacked, tmp_path):
    (tmp_path / "environment.yml.in").write_bytes((ROOT / "environment.yml.in").read_bytes())
    ran = interlock(unpacked, tmp_path, "lock", "full-py312", "--no-pylock")
    assert (ran.returncode, ran.stderr) == (0, "")
    made, held = tmp_path / "locks" / "full-py312", ROOT / "locks" / "full-py312"
    for path in sorted(p for p in made.rglob("*") if p.is_file()):
        assert path.read_bytes() == (held / path.relative_to(made)).read_bytes(), path.name


def test_the_matrices_are_those_of_the_wheel(unpacked, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    code = "from solver.matrix.load import matrices_dir; print(matrices_dir())"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert Path(ran.stdout.strip()) == unpacked / "solver" / "_matrices"
