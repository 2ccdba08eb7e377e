"""Each file that a lock has for conda's tools, committed or exported, as those tools themselves read it."""

import tomllib
from pathlib import Path

import pytest
import yaml
from conda_own import conda_environment, conda_spec
from paths import ROOT

from solver.commands import export as exports
from solver.commands.export import write_export
from solver.commands.locked import locked_profile
from solver.commands.project import open_project
from solver.lock.folder import intact_folder

LOCKS = sorted(path.parent.name for path in (ROOT / "locks").glob("*/environment.yml"))


@pytest.fixture(scope="module")
def project():
    return open_project(ROOT)


@pytest.fixture
def exported(project, tmp_path, monkeypatch):
    """Writes an export of a lock without an index, which would tell the same addresses."""

    def addresses(solutions, index):
        return {f.filename: f"https://files.example/{f.filename}" for s in solutions for p in s.pins for f in p.files}

    monkeypatch.setattr(exports, "addresses_of", addresses)
    monkeypatch.setattr(exports, "_asking", lambda project, name: (locked_profile(project, name), None))
    return lambda name, form: write_export(project, name, form, tmp_path)[0]


def lock_of(name):
    return intact_folder(ROOT / "locks" / name)


def of_conda(lock):
    return {(record.url, record.sha256) for record in lock.records}


def of_pip(lock):
    return {(str(pin.name), pin.installs) for pin in lock.pins}


@pytest.mark.parametrize("name", LOCKS)
def test_conda_reads_environment_yml_whole(name):
    """Its name, channels, both halves and variables, with no key that conda does not know."""
    path, lock = ROOT / "locks" / name / "environment.yml", lock_of(name)
    read, data = conda_environment(path), yaml.safe_load(path.read_text())
    assert (read.name, read.channels) == (name, ["conda-forge"])
    assert (read.variables or {}) == lock.variables == data.get("variables", {})
    pins = {entry.rpartition("::")[2] for entry in read.dependencies["conda"] if "[" not in entry}
    assert pins == {record.pin.replace("=", "==", 1) for record in lock.records}
    asked = {line.partition("==")[0].partition(" @ ")[0] for line in read.dependencies.get("pip", ()) if line[0] != "-"}
    assert asked == {name for name, _ in of_pip(lock)}


@pytest.mark.parametrize("name", LOCKS)
def test_conda_reads_the_hashes_of_an_exported_environment_yml(exported, name):
    """Where its channels lie elsewhere no spelling of a channel serves each of its solvers, and a hash does."""
    path, committed, lock = exported(name, "environment.yml"), ROOT / "locks" / name / "environment.yml", lock_of(name)
    read, usual = conda_environment(path), conda_environment(committed)
    assert (read.name, read.channels, read.variables) == (usual.name, usual.channels, usual.variables)
    assert read.dependencies.get("pip") == usual.dependencies.get("pip")
    texts = {text: "sha256" in text for text in read.dependencies["conda"]}
    specs = [conda_spec(text) for text, hashed in texts.items() if hashed]
    hashes = {(spec.name, spec.get_exact_value("build"), spec.get_exact_value("sha256")) for spec in specs}
    assert hashes == {(record.name, record.build, record.sha256) for record in lock.records}
    assert all(spec.get("channel") is None for spec in specs)
    machine = [text for text in usual.dependencies["conda"] if "[" in text]
    assert [text for text, hashed in texts.items() if not hashed] == machine


@pytest.mark.parametrize("name", LOCKS)
def test_rattler_reads_the_explicit_file(name):
    from rattler.explicit_environment.environment import ExplicitEnvironmentSpec

    (path,) = (ROOT / "locks" / name).glob("*-64.lock")
    spec, lock = ExplicitEnvironmentSpec.from_str(path.read_text()), lock_of(name)
    assert str(spec.platform) == lock.target.platform
    assert {tuple(entry.url.split("#sha256:")) for entry in spec.packages} == of_conda(lock)


@pytest.mark.parametrize("name", LOCKS)
@pytest.mark.parametrize("form", ["pixi.lock", "pixi.lock-6"])
def test_rattler_reads_pixi_lock(exported, name, form):
    from rattler import LockFile

    path, lock = exported(name, form), lock_of(name)
    environment = LockFile.from_path(path).default_environment()
    (platform,) = environment.platforms()
    packages = environment.packages(platform)
    pip = {(p.name, p.version) for p in packages if type(p).__name__ == "PypiLockedPackage"}
    conda = {(p.location, p.hashes.sha256.hex()) for p in packages if type(p).__name__ != "PypiLockedPackage"}
    assert (conda, pip) == (of_conda(lock), of_pip(lock))
    manifest = tomllib.loads(Path(path.parent, "pixi.toml").read_text())
    assert manifest["workspace"]["platforms"] == [lock.target.platform]


@pytest.mark.parametrize("name", LOCKS)
def test_conda_lock_reads_conda_lock_yml(exported, name):
    from conda_lock.lockfile import parse_conda_lock_file

    lock, committed = lock_of(name), ROOT / "locks" / name / "conda-lock.yml"
    for path in (exported(name, "conda-lock"), *([committed] if committed.is_file() else ())):
        read = parse_conda_lock_file(path)
        assert ("conda env config vars set" in path.read_text()) is bool(lock.variables)
        assert read.metadata.platforms == [lock.target.platform]
        assert {(p.url, p.hash.sha256) for p in read.package if p.manager == "conda"} == of_conda(lock)
        assert {(p.name, p.version) for p in read.package if p.manager == "pip"} == of_pip(lock)


def test_every_lock_of_the_request_is_among_them(project):
    assert sorted(profile.name for profile in project.request.profiles) == LOCKS
