import msgspec
import pytest
import yaml
from conda_repodata import entry
from sealed import seal

from solver.core.errors import BadInput
from solver.core.model import Profile, Target
from solver.index.conda_record import from_repodata
from solver.lock.conda_section import conda_section
from solver.lock.environment import CondaHalf, environment_yml
from solver.lock.explicit import explicit
from solver.lock.install.checked import checked_folder
from solver.lock.install.prefix import install_lock

ADDRESS = "https://conda.anaconda.org/conda-forge"
RECORDS = tuple(
    from_repodata(fields, ADDRESS, name, inferred=False)
    for name, fields in (entry("pip", "24.0"), entry("python", "3.12.4", "0_cpython"))
)
SOLUTION = {
    "version": 1,
    "profile": "demo",
    "flavour": "conda",
    "variables": {"A": "1"},
    "target": {"platform": "linux-64", "python": "3.12", "glibc": "2.28", "driver": "525.60.13", "gpus": []},
    "conda": msgspec.to_builtins(conda_section(RECORDS, ("conda-forge",), {})),
}
PROFILE = Profile(name="demo", flavour="conda", variables={"A": "1"}, target=Target(driver=None))


@pytest.fixture
def lock(tmp_path):
    write(tmp_path, SOLUTION)
    (tmp_path / "environment.yml").write_text(environment_yml(PROFILE, CondaHalf(Target(driver=None), RECORDS, {})))
    (tmp_path / "linux-64.lock").write_text(explicit(PROFILE, RECORDS, Target(driver=None)))
    return seal(tmp_path)


def write(folder, solution):
    (folder / "solution.yaml").write_text(yaml.safe_dump(solution, sort_keys=False))


def test_a_lock_is_read_whole(lock):
    folder = checked_folder(lock)
    assert (folder.solution.profile, folder.records, folder.requirements) == ("demo", RECORDS, None)
    assert folder.target == Target()
    assert folder.variables["A"] == "1"


def test_a_lock_of_wheels_alone_has_no_conda_half(tmp_path):
    write(tmp_path, {**SOLUTION, "flavour": "pip-in-conda", "conda": {"channels": ["conda-forge"], "not_written": "x"}})
    (tmp_path / "requirements.txt").write_text("")
    seal(tmp_path)
    folder = checked_folder(tmp_path)
    assert (folder.records, folder.requirements) == ((), tmp_path / "requirements.txt")
    with pytest.raises(BadInput, match="has no conda part; pass --python to make a plain venv"):
        install_lock(tmp_path, tmp_path / "prefix", check_driver=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "expected a solution of format version 1"),
        ({"target": {"platform": "amiga"}}, "target.platform: expected linux-64, linux-aarch64 or win-64, found amiga"),
        ({"conda": {"channels": [], "packages": {"x": 1}}}, "conda.packages.x: expected a list, found an integer 1"),
    ],
)
def test_a_solution_that_cannot_be_used_names_what_is_wrong(lock, change, message):
    write(lock, {**SOLUTION, **change})
    seal(lock)
    with pytest.raises(BadInput, match=message):
        checked_folder(lock)


def test_files_that_disagree_are_told(lock):
    path = lock / "linux-64.lock"
    path.write_text(path.read_text().replace(RECORDS[0].sha256, "0" * 64))
    seal(lock)
    with pytest.raises(BadInput, match=r"linux-64.lock: has https://.*pip-24.0-0.conda#sha256:0000.*says otherwise"):
        checked_folder(lock)
    path.unlink()
    seal(lock)
    with pytest.raises(BadInput, match=r"linux-64.lock: is missing; make the lock again"):
        checked_folder(lock)
    (lock / "environment.yml").write_text("name: demo\ndependencies: [python=3.12.4=0_cpython]\n")
    seal(lock)
    with pytest.raises(BadInput, match=r"environment.yml: has no pip=24.0=0, and solution.yaml says otherwise"):
        checked_folder(lock)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("variables: {A: '2'}", "has A=2, and solution.yaml says otherwise"),
        ("variables: {A: '1', B: ''}", "has B=, and solution.yaml says otherwise"),
        ("variables: 5", "has no A=1, and solution.yaml says otherwise"),
        ("", "has no A=1, and solution.yaml says otherwise"),
    ],
)
def test_conda_must_set_the_variables_that_solution_yaml_says(lock, written, problem):
    path = lock / "environment.yml"
    path.write_text(path.read_text().partition("variables:")[0] + written + "\n")
    seal(lock)
    with pytest.raises(BadInput) as caught:
        checked_folder(lock)
    assert str(caught.value) == f"{path}: {problem}; make the lock again with `interlock lock`"


def test_a_lock_that_was_changed_is_not_taken(lock):
    text = (lock / "solution.yaml").read_text()
    fix = f"restore the folder, or make it again with `interlock lock {lock.name}`"
    # A conda package's hash stands in solution.yaml alone, as the channel does.
    (lock / "solution.yaml").write_text(text.replace(RECORDS[0].sha256, "0" * 64))
    with pytest.raises(BadInput) as caught:
        checked_folder(lock)
    assert str(caught.value) == f"{lock}: its solution.yaml was changed after the lock was made; {fix}"
    (lock / "solution.yaml").write_text(text)
    (lock / "wheels").mkdir()
    (lock / "wheels" / "more-1-py3-none-any.whl").touch()
    with pytest.raises(BadInput) as caught:
        checked_folder(lock)
    assert str(caught.value) == f"{lock}: its files were changed after the lock was made; {fix}"


def test_a_lock_of_no_digest_is_not_taken(lock):
    write(lock, SOLUTION)
    with pytest.raises(BadInput, match=r"its files were changed and its solution.yaml was changed after the lock"):
        checked_folder(lock)


def test_a_conda_lock_makes_no_venv(lock):
    import sys
    from pathlib import Path

    with pytest.raises(BadInput, match="has no pip part that a plain venv could take; leave --python out"):
        install_lock(lock, lock / "prefix", python=Path(sys.executable), check_driver=False)
    assert not (lock / "prefix").exists()


def test_a_folder_that_is_no_lock(tmp_path):
    with pytest.raises(BadInput, match=r"solution.yaml: this profile has no lock; make it with `interlock lock"):
        checked_folder(tmp_path)
