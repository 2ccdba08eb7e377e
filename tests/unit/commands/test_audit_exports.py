"""Every export of a lock, and an environment installed from it, is judged as the lock itself is."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from pathlib import Path

import msgspec
import pytest
from paths import ROOT

from solver.commands import export as exports
from solver.commands.audit import Given, audit_path, given
from solver.commands.export import FORMATS, write_export
from solver.commands.lock import make_lock, write_lock
from solver.commands.locked import locked_profile
from solver.commands.project import open_project
from solver.core.model import Image, Profile

LOCKS = {
    "full-py312": "pip in conda, with a loader",
    "full-py312-cu13": "with a loader that heals",
    "full-py312-torch": "without TensorFlow, so without a loader",
    "full-py312-cpu": "of another index, for the CPU",
    "full-py312-conda": "conda alone",
    "tf2.10-cu117-conda": "conda alone, with what an audit might call a leftover",
    "tf2.10-cu117": "CUDA 11",
    "tf2.10-cu117-win": "for Windows",
}
WAYS = {
    "led": {"loader": "activation"},
    "alone": {"loader": "none"},
    "pip": {"flavour": "pip"},
    "torch-less": {"flavour": "pip", "frameworks": ("tensorflow",), "loader": "none", "packages": ()},
}
"""What full-py312 is locked as, besides."""
# No image has this digest: a real one would be stale by tomorrow and nothing here asks for it.
NO_IMAGE = "tf2.10-cu117-win"
NO_PIP_HALF = ("pylock.toml",)
NO_CONDA_HALF = ("pixi.lock", "pixi.lock-6", "conda-lock", "environment.yml", "explicit")


def _image(profile: Profile) -> Image:
    python = profile.python.removeprefix("==") or "3.12"
    return Image(base=f"python:{python}-slim-bookworm", digest="sha256:" + "0" * 64, glibc="2.36")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The committed locks, and others of the same facts."""
    root = tmp_path_factory.mktemp("project")
    opened = open_project(ROOT)
    full = opened.profile("full-py312")
    others = [msgspec.structs.replace(full, name=name, **fields) for name, fields in WAYS.items()]
    every = [
        one if one.name == NO_IMAGE else msgspec.structs.replace(one, image=_image(one))
        for one in (*opened.request.profiles, *others)
    ]
    request = msgspec.structs.replace(opened.request, profiles=tuple(every))
    project = dataclasses.replace(opened, root=root, request=request)
    for name in WAYS:
        write_lock(project, make_lock(project, project.profile(name)))
    for name in LOCKS:
        (root / "locks" / name).symlink_to(ROOT / "locks" / name)
    return project


@pytest.fixture
def unasked(monkeypatch):
    """The addresses that an index would tell, without one."""

    def addresses(solutions, index):
        return {f.filename: f"https://files.example/{f.filename}" for s in solutions for p in s.pins for f in p.files}

    monkeypatch.setattr(exports, "addresses_of", addresses)
    monkeypatch.setattr(exports, "_asking", lambda project, name: (locked_profile(project, name), None))


def judged(path):
    what = given(path) if (path / "solution.yaml").is_file() else Given(path)
    findings = audit_path(ROOT, what, {}, {}).findings
    return {(one.severity, one.code, one.packages, one.why) for one in findings}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", [*LOCKS, *WAYS])
def test_an_export_is_judged_as_its_lock(project, unasked, tmp_path, name, form):
    lock = project.locks / name
    from_pip, conda = (lock / "requirements.txt").is_file(), bool(locked_profile(project, name).records)
    if (form, name) == ("dockerfile", NO_IMAGE):
        pytest.skip("there are no images for Windows")
    if form in (() if from_pip else NO_PIP_HALF) + (() if conda else NO_CONDA_HALF):
        pytest.skip("the lock has no such half")
    path = write_export(project, name, form, tmp_path)[0]
    # Of a pip half the @EXPLICIT file has the base alone, in which nothing can be broken.
    assert judged(path) == (set() if form == "explicit" and from_pip else judged(lock))


def lay_out(prefix: Path, lock) -> Path:
    """What installing ``lock`` leaves behind that says what is installed, without the files of packages."""
    on_windows = lock.folder.target.platform == "win-64"
    lib = prefix / "Lib" if on_windows else prefix / "lib" / f"python{lock.folder.target.python}"
    site = lib / "site-packages"
    site.mkdir(parents=True)
    (prefix / "conda-meta").mkdir()
    for record in lock.records:
        text = json.dumps(msgspec.to_builtins(record) | {"fn": record.filename, "files": []})
        (prefix / "conda-meta" / f"{record.name}-{record.version}-{record.build}.json").write_text(text)
    for pin in lock.solution.pins:
        info = site / f"{pin.name.replace('-', '_')}-{pin.version}.dist-info"
        info.mkdir()
        asks = "".join(f"Requires-Dist: {line}\n" for line in pin.requires)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {pin.name}\nVersion: {pin.version}\n{asks}")
        (info / "WHEEL").write_text("Wheel-Version: 1.0\nTag: cp312-cp312-manylinux_2_28_x86_64\n")
    for wheel in lock.wheels:
        zipfile.ZipFile(io.BytesIO(wheel.content)).extractall(site)
    return prefix


@pytest.mark.parametrize("name", [*LOCKS, *WAYS])
def test_an_environment_of_it_is_judged_as_its_lock(project, tmp_path, name):
    prefix = lay_out(tmp_path / "env", locked_profile(project, name))
    assert judged(prefix) == judged(project.locks / name)


def test_there_is_something_to_agree_on(project):
    codes = {name: {code for _, code, _, _ in judged(project.locks / name)} for name in ("full-py312", "led", "pip")}
    assert codes == {name: {"metadata"} for name in codes}
