"""Other formats of a lock that lies there, and of one that does not."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from lock_differences import diff_locks
from paths import ROOT
from small_project import project_with, write

from solver.commands import export as exports
from solver.commands.export import export, write_export
from solver.commands.locked import locked_profile
from solver.commands.project import open_project
from solver.core.acceptance import accepted_in
from solver.core.errors import BadInput


def test_a_lock_that_was_never_made_is_not_told_of(project):
    file = project.locks / "full" / "solution.yaml"
    sentence = f"{file}: this profile has no lock; make it with `interlock lock full`"
    for tell in (lambda: diff_locks(project, "full", "part"), lambda: export(project, "full", "explicit")):
        with pytest.raises(BadInput) as caught:
            tell()
        assert str(caught.value) == sentence


def test_a_lock_without_conda_packages_has_no_format_that_holds_them(project):
    write(project, "full")
    with pytest.raises(BadInput) as caught:
        export(project, "full", "explicit")
    assert str(caught.value).startswith("full: has no conda half: ")


def test_an_export_accepts_what_the_lock_does(tmp_path):
    profiles = {"full": {"python": "3.12", "accept": {"numpy-1": "it makes no array"}}}
    project = write(project_with(tmp_path, profiles=profiles), "full")
    (text,) = export(project, "full", "constraints.txt").values()
    locked = (project.locks / "full" / "requirements.txt").read_text()
    assert accepted_in(text) == accepted_in(locked) == {"test/numpy+tensorflow": "it makes no array"}


def test_files_are_written_into_the_projects_exports_or_where_it_is_said(project, tmp_path):
    write(project, "full")
    for folder, given in ((project.root / "exports" / "full", None), (tmp_path / "here", tmp_path / "here")):
        assert write_export(project, "full", "constraints.txt", given) == (folder / "constraints.txt",)
        (text,) = export(project, "full", "constraints.txt").values()
        assert (folder / "constraints.txt").read_text(encoding="utf-8") == text


@pytest.fixture
def unasked(monkeypatch):
    """The addresses that an index would tell, without one."""

    def addresses(solutions, index):
        return {f.filename: f"https://files.example/{f.filename}" for s in solutions for p in s.pins for f in p.files}

    monkeypatch.setattr(exports, "addresses_of", addresses)
    monkeypatch.setattr(exports, "_asking", lambda project, name: (locked_profile(project, name), None))


@pytest.mark.parametrize(
    ("form", "named"),
    [
        ("conda-lock", r"url: (file:wheels/\S+\.whl)$"),
        ("pixi.lock", r"- pypi: (\./wheels/\S+\.whl)$"),
        ("pixi.lock-6", r"- pypi: (\./wheels/\S+\.whl)$"),
        ("pylock.toml", r'path = "(wheels/\S+\.whl)"$'),
    ],
)
def test_a_format_that_names_our_own_wheels_brings_them_along(unasked, tmp_path, form, named):
    project, lock = open_project(ROOT), ROOT / "locks" / "full-py312"
    text, *others = write_export(project, "full-py312", form, tmp_path)
    wheels = [path for path in others if path.name != "pixi.toml"]
    places = {place.removeprefix("file:") for place in re.findall(named, text.read_text(), re.MULTILINE)}
    assert [tmp_path / place for place in places] == wheels
    assert [wheel.read_bytes() for wheel in wheels] == [path.read_bytes() for path in (lock / "wheels").iterdir()]


def test_a_pixi_lock_comes_with_the_manifest_that_pixi_asks_for(unasked):
    """What pixi's own schema of it wants, with every package of the lock."""
    files = export(open_project(ROOT), "full-py312-pytorch", "pixi.lock")
    manifest, lock = tomllib.loads(files["pixi.toml"]), yaml.safe_load(files["pixi.lock"])
    assert set(manifest) == {"workspace", "dependencies", "pypi-dependencies", "activation"}
    assert manifest["workspace"]["platforms"] == list(lock["environments"]["default"]["packages"])
    packages = lock["packages"]
    assert set(manifest["pypi-dependencies"]) == {package["name"] for package in packages if "pypi" in package}
    assert len(manifest["dependencies"]) == sum("conda" in package for package in packages)
    (numpy,) = (package for package in packages if package.get("name") == "numpy")
    assert manifest["pypi-dependencies"]["numpy"] == {"version": f"=={numpy['version']}"}
    assert manifest["pypi-dependencies"]["torch"]["url"].endswith("-cp312-cp312-manylinux_2_28_x86_64.whl")
    (own,) = (name for name in files if name.startswith("wheels/"))
    assert manifest["pypi-dependencies"]["interlock-loader"] == {"path": f"./{own}"}


def test_pip_takes_our_own_wheel_as_conda_lock_hands_it_over(unasked, tmp_path):
    lines = export(open_project(ROOT), "full-py312", "conda-lock")["conda-lock.yml"].splitlines()
    assert lines[1] == "# Install, in the folder of this file: conda-lock install --name full-py312 conda-lock.yml"
    write_export(open_project(ROOT), "full-py312", "conda-lock", tmp_path)
    (locked,) = (
        package
        for package in yaml.safe_load((tmp_path / "conda-lock.yml").read_text())["package"]
        if package["url"].startswith("file:")
    )
    # conda_lock.conda_lock.do_conda_install: a file elsewhere, and pip run where conda-lock runs.
    requirements = tmp_path / "elsewhere" / "requirements.txt"
    requirements.parent.mkdir()
    requirements.write_text(f"{locked['name']} @ {locked['url']} --hash=sha256:{locked['hash']['sha256']}\n")
    command = [sys.executable, "-m", "pip", "install", "--isolated", "--no-index", "--no-deps", "--no-cache-dir"]
    done = subprocess.run(
        [*command, "--require-hashes", "--target", str(tmp_path / "into"), "-r", str(requirements)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "into").glob("interlock_loader*.dist-info"))
