"""From a request to a lock, over matrices and an index of a few rows."""

from __future__ import annotations

import dataclasses

import pytest
import yaml
from small_project import PROFILES, made, project_with

from solver.core.errors import CheckFailed, NoSolution
from solver.core.model import Finding
from solver.index.conda_snapshot import RecordLine, from_line, write_records
from solver.lock.solution import installable_digest
from solver.solve.space.packages import Spaces

FORGE = "https://conda.anaconda.org/nowhere"


def solution_of(lock):
    return yaml.safe_load(lock.files["solution.yaml"])


def test_a_lock_holds_requirements_our_wheel_and_the_reasons(project):
    lock = made(project)
    names = sorted(name.partition("-")[0] if name.startswith("wheels/") else name for name in lock.files)
    assert names == ["environment.yml", "requirements.txt", "solution.yaml", "wheels/interlock_loader"]
    pins = [line.split("==")[0] for line in lock.files["requirements.txt"].decode().splitlines() if "==" in line]
    assert pins == sorted(
        ["interlock-loader", "keras", "numpy", "nvidia-cuda-runtime-cu12", "nvidia-cudnn-cu12", "tensorflow", "torch"]
    )
    document = solution_of(lock)
    assert document["solution"]["numpy"] == "2.0.2"
    assert document["lock"] == installable_digest(lock.files)
    assert "numpy-1" in document["rows"]
    assert set(document["index"]) == {f"{pin.name}=={pin.version}" for pin in lock.solution.pins}


def test_every_row_behind_a_choice_is_named_with_its_digest(project):
    document = solution_of(made(project))
    assert {item["row"] for item in document["because"] if "row" in item} <= set(document["rows"])
    assert document["rows"]["torch:2.9.1"] == project.matrices.digest("torch:2.9.1")


def test_the_same_lock_from_rows_in_another_order(project):
    shuffled = dataclasses.replace(
        project.matrices,
        **{
            field.name: tuple(reversed(getattr(project.matrices, field.name)))
            for field in dataclasses.fields(project.matrices)
        },
    )
    again = dataclasses.replace(project, matrices=shuffled, spaces=Spaces(shuffled, project.snapshot))
    assert made(again).files == made(project).files


def test_variants_share_every_line_with_their_parent(project):
    lines = {name: set(made(project, name).files["requirements.txt"].decode().split("\n")) for name in PROFILES}
    for name in ("part", "base"):
        pinned = {line for line in lines[name] if line and not line.startswith("#")}
        assert pinned < lines["full"]


def test_what_nobody_read_is_never_locked(tmp_path):
    def unread(facts):
        facts["index"]["keras"] = {"3.1": {"requires": None}}

    project = project_with(tmp_path, unread)
    with pytest.raises(NoSolution) as caught:
        made(project)
    assert str(caught.value) == ("full is solvable, not lockable here, since nobody read the requirements of keras 3.1")
    assert caught.value.exit_code == 3


def test_what_the_audit_calls_broken_is_never_locked(project, monkeypatch):
    def judge(package_set, *_):
        assert "keras==3.1" in {package.pin for package in package_set.packages}
        why = "keras 3.1 needs another numpy"
        return (
            Finding(
                code="metadata", severity="error", packages=("keras==3.1",), why=why, source="a judge", cure="none"
            ),
        )

    # Search and audit read the same facts, so what only the audit sees is a fault of the search, and not at hand.
    monkeypatch.setattr("solver.commands.gate.audit", judge)
    with pytest.raises(CheckFailed) as caught:
        made(project)
    assert str(caught.value) == (
        "full is not locked, since its own audit finds it broken: metadata: keras 3.1 needs another numpy"
    )
    assert caught.value.exit_code == 1
    assert not project.locks.exists()


def test_what_the_request_accepts_is_recorded_and_goes_with_every_file(tmp_path):
    name, reason = "numpy-1", "it makes no array"
    lock = made(project_with(tmp_path, profiles={"full": {"python": "3.12", "accept": {name: reason}}}))
    document = solution_of(lock)
    assert document["solution"]["numpy"] == "2.2.6"
    (accepted,) = document["accepted"]
    assert accepted == {
        "id": f"{accepted['code']}/numpy+tensorflow",
        "code": accepted["code"],
        "packages": ["numpy==2.2.6", "tensorflow==2.20.0"],
        "why": "compiled for it",
        "severity": "error",
        "reason": reason,
    }
    assert "numpy-1" in document["rows"]
    comments = [line for line in lock.files["requirements.txt"].decode().split("\n") if line.startswith("#")]
    assert comments[3:] == [f"# interlock accepts {accepted['id']}: {reason}"]


def test_an_id_that_nothing_is_found_under_changes_no_file_of_a_lock(tmp_path):
    profiles = {"full": {"python": "3.12", "accept": {"mixed-cuda/torch": "it is not there"}}}
    with_it = made(project_with(tmp_path / "a", profiles=profiles)).files
    without = made(project_with(tmp_path / "b")).files
    assert with_it.keys() == without.keys()
    assert [name for name in with_it if with_it[name] != without[name]] == ["solution.yaml"]


def test_one_framework_for_the_cpu_is_locked_beside_another_for_the_gpu(tmp_path):
    def with_cpu_build(facts):
        facts["matrices"]["tensorflow"]["2.20.0 cpu"] = {"package": "tensorflow-cpu", "cuda": "none", "cudnn": "none"}
        facts["index"]["tensorflow-cpu"] = {"2.20.0": ["numpy", "keras"]}

    profiles = {
        "both": {"python": "3.12", "tensorflow": {"cuda": "none"}},
        "tf": {"variant-of": "both", "frameworks": ["tensorflow"]},
    }
    project = project_with(tmp_path, with_cpu_build, profiles)
    pins = {
        name: [
            line.split("==")[0]
            for line in made(project, name).files["requirements.txt"].decode().split("\n")
            if "==" in line
        ]
        for name in profiles
    }
    assert pins == {
        "both": ["keras", "numpy", "nvidia-cuda-runtime-cu12", "nvidia-cudnn-cu12", "tensorflow-cpu", "torch"],
        "tf": ["keras", "numpy", "tensorflow-cpu"],
    }
    assert solution_of(made(project, "both"))["solution"]["cuda"] == "12.8"
    assert solution_of(made(project, "tf"))["solution"].get("cuda") is None
    (warned,) = [one for one in solution_of(made(project, "both"))["warnings"] if one["code"] == "cpu-build"]
    assert warned["packages"] == ["tensorflow-cpu==2.20.0"]


@pytest.mark.parametrize(
    ("recorded", "asked"),
    [
        (("pip-24.0-pyh_0", "pip-25.1-pyh_0", "pip-9.0-pyh_0"), ["nowhere::python=3.12", "nowhere::pip=25.1"]),
        ((), ["nowhere::python=3.12", "nowhere::pip"]),
    ],
)
def test_a_platform_without_a_recorded_channel_gets_python_and_a_pip_that_suits_it(tmp_path, recorded, asked):
    project = project_with(tmp_path)
    records = [
        RecordLine(file=f"{name}.conda", sha256="0" * 64, depends=("python >=3.9,<3.13.0a0",)) for name in recorded
    ]
    newer = RecordLine(file="pip-26.0-pyh_0.conda", sha256="0" * 64, depends=("python >=3.13.0a0",))
    records += [newer] if recorded else []
    folder, noarch = tmp_path / "matrices" / "snapshot", [from_line(one, FORGE, "noarch") for one in records]
    write_records(folder, "nowhere", noarch, "a test", ["win-64"])
    lock = made(dataclasses.replace(project, root=tmp_path))
    *conda, _ = yaml.safe_load(lock.files["environment.yml"])["dependencies"]
    assert conda == ["__glibc>=2.28", *asked]


def test_a_python_that_nobody_recorded_for_the_platform_is_named_without_a_build(tmp_path):
    project = project_with(tmp_path)
    held = {"linux-64": "python-3.11.9-0_cpython.conda", "noarch": "pip-25.0-pyh_0.conda"}
    lines = {subdir: RecordLine(file=file, sha256="0" * 64) for subdir, file in held.items()}
    records = [from_line(line, FORGE, subdir) for subdir, line in lines.items()]
    write_records(tmp_path / "matrices" / "snapshot", "nowhere", records, "a test")
    lock = made(dataclasses.replace(project, root=tmp_path))
    *conda, _ = yaml.safe_load(lock.files["environment.yml"])["dependencies"]
    assert conda == ["__glibc>=2.28", "nowhere::python=3.12", "nowhere::pip=25.0"]
    assert "holds no python 3.12 for linux-64 of this channel: nowhere;" in solution_of(lock)["conda"]["not_written"]
    assert b"# Nobody recorded what the channels have of python 3.12 for linux-64: " in lock.files["environment.yml"]


def test_a_profile_without_our_loader_gets_a_tensorflow_that_needs_none(tmp_path):
    def two(facts):
        rows = facts["matrices"]["tensorflow"]
        rows["2.19.0"] = {**rows["2.20.0"], "runpath": ["cuda_runtime/lib", "cudnn/lib"]}
        facts["index"]["tensorflow"]["2.19.0"] = ["numpy", "keras"]

    profiles = {"with": {"python": "3.12"}, "without": {"python": "3.12", "loader": "none"}}
    project = project_with(tmp_path, two, profiles)
    held = {name: made(project, name) for name in profiles}
    assert {name: lock.solution.axes["tensorflow"] for name, lock in held.items()} == {
        "with": "2.20.0",
        "without": "2.19.0",
    }
    assert {name: any(file.startswith("wheels/") for file in lock.files) for name, lock in held.items()} == {
        "with": True,
        "without": False,
    }
