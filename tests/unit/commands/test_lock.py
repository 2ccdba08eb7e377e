"""From a request to a lock, over matrices and an index of a few rows."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest
import yaml
from search_world import BASE, World, project_of, read_shorthand, request_of

from solver.commands.diff import diff_locks
from solver.commands.export import export
from solver.commands.freshness import lock_state
from solver.commands.lock import make_lock, write_lock
from solver.commands.locked import locked_profile
from solver.commands.solve import solve_profile
from solver.core.errors import BadInput, CheckFailed, NoSolution
from solver.core.model import Finding
from solver.index.snapshot import SnapshotIndex, write_package
from solver.lock.solution import installable_digest
from solver.solve.space.packages import Spaces

FACTS = {
    "matrices": {
        "tensorflow": {"2.20.0": {"cuda": "12.5", "cudnn": "9.3", "opens": ["cudart", "cudnn"], "runpath": []}},
        "torch": {"2.9.1": {"cuda": "12.8", "cudnn": "9.10.2.21"}},
        "rules": {"numpy-1": {"when": {"tensorflow": "<2.21"}, "needs": {"numpy": "<2.1"}, "why": "compiled for it"}},
    },
    "index": {
        "tensorflow": {"2.20.0": ["numpy", "keras"]},
        "torch": {"2.9.1": ["nvidia-cuda-runtime-cu12==12.8.90", "nvidia-cudnn-cu12==9.10.2.21", "numpy"]},
        "numpy": {"2.0.2": [], "2.2.6": []},
        "keras": {"3.1": []},
    },
}
PROFILES = {
    "full": {"python": "3.12"},
    "part": {"variant-of": "full", "frameworks": ["torch"]},
    "base": {"variant-of": "full", "frameworks": []},
}


def project_with(folder, change=None, profiles=PROFILES):
    """A project whose snapshot lies on disk, as a user's does."""
    facts = {kind: {key: dict(value) for key, value in rows.items()} for kind, rows in FACTS.items()}
    if change is not None:
        change(facts)
    world = World().add(read_shorthand(BASE)).add(facts)
    snapshot = SnapshotIndex(folder / "snapshot")
    for name, releases in world.releases.items():
        write_package(snapshot.root, name, "default", "test", releases)
    project = project_of(world, request_of(profiles, folder), folder)
    return dataclasses.replace(project, index=snapshot, snapshot=snapshot, spaces=Spaces(project.matrices, snapshot))


@pytest.fixture
def project(tmp_path):
    return project_with(tmp_path)


def made(project, name="full"):
    return make_lock(project, project.profile(name))


def solution_of(lock):
    return yaml.safe_load(lock.files["solution.yaml"])


def test_a_lock_holds_requirements_our_wheel_and_the_reasons(project):
    lock = made(project)
    names = sorted(name.partition("-")[0] if name.startswith("wheels/") else name for name in lock.files)
    assert names == ["requirements.txt", "solution.yaml", "wheels/interlock_loader"]
    pins = [line.split("==")[0] for line in lock.files["requirements.txt"].decode().splitlines() if "==" in line]
    assert pins == sorted(
        ["interlock-loader", "keras", "numpy", "nvidia-cuda-runtime-cu12", "nvidia-cudnn-cu12", "tensorflow", "torch"]
    )
    told = solution_of(lock)
    assert told["solution"]["numpy"] == "2.0.2"
    assert told["lock"] == installable_digest(lock.files)
    assert "numpy-1" in told["rows"]
    assert set(told["index"]) == {f"{pin.name}=={pin.version}" for pin in lock.solution.pins}


def test_every_row_behind_a_choice_is_named_with_its_digest(project):
    told = solution_of(made(project))
    assert {item["row"] for item in told["because"] if "row" in item} <= set(told["rows"])
    assert told["rows"]["torch:2.9.1"] == project.matrices.digest("torch:2.9.1")


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


# ---- whether a lock on disk still stands


def test_a_lock_that_was_never_made(project):
    assert lock_state(project, "full") == ["it was never made"]


@pytest.fixture
def locked(project):
    for name in PROFILES:
        assert write_lock(project, made(project, name)) is True
    return project


def test_a_lock_that_was_just_made_is_fresh_and_is_not_written_again(locked):
    assert [lock_state(locked, name) for name in PROFILES] == [[], [], []]
    assert write_lock(locked, made(locked)) is False


def test_a_changed_file_is_told(locked):
    path = locked.locks / "full" / "requirements.txt"
    path.write_text(path.read_text() + "\n")
    assert lock_state(locked, "full") == ["its files were changed"]


def test_a_changed_request_is_told(locked, tmp_path):
    changed = project_with(tmp_path, profiles={**PROFILES, "full": {"python": "3.12", "torch": ">=2.9"}})
    assert lock_state(changed, "full") == ["the request was changed"]


def test_a_changed_row_is_told(locked, tmp_path):
    def other(facts):
        facts["matrices"]["rules"]["numpy-1"] = {**facts["matrices"]["rules"]["numpy-1"], "why": "something else"}

    assert lock_state(project_with(tmp_path, other), "full") == ["row numpy-1 was changed"]


def test_a_changed_index_fact_is_told(locked, tmp_path):
    def other(facts):
        facts["index"]["keras"] = {"3.1": ["numpy>=2"]}

    assert lock_state(project_with(tmp_path, other), "full") == ["the recorded keras==3.1 was changed"]


def test_new_releases_and_new_rows_make_no_lock_stale(locked, tmp_path):
    def more(facts):
        facts["index"]["keras"] = {"3.1": [], "3.2": []}
        facts["matrices"]["torch"]["2.10.0"] = {"cuda": "12.8", "cudnn": "9.10.2.21"}
        facts["matrices"]["rules"]["other"] = {"when": {"jax": ">=1"}, "needs": {"numpy": ">=3"}, "why": "so it is"}

    changed = project_with(tmp_path, more)
    assert lock_state(changed, "full") == []
    assert made(changed).solution.pins != made(locked).solution.pins


def write(project, *names):
    for name in names:
        write_lock(project, made(project, name))
    return project


LOADER = "1+tf2.20.0.cu12.hd7a0cff31806"


def test_the_difference_of_two_locks(project):
    lines, data = diff_locks(write(project, "full", "part"), "full", "part")
    loader = (project.locks / "full" / "wheels").glob("*.whl")
    size = sum(path.stat().st_size for path in loader)
    assert data["removed"] == {"interlock-loader": LOADER, "keras": "3.1", "tensorflow": "2.20.0"}
    assert (data["added"], data["changed"], data["packages"]) == ({}, {}, [7, 4])
    assert data["bytes"] == [6000 + size, 4000]
    assert lines == [
        f"- interlock-loader=={LOADER} (0.0 MB)",
        "- keras==3.1 (0.0 MB)",
        "- tensorflow==2.20.0 (0.0 MB)",
        "full: 7 packages; part: 4 packages, 0.0 MB less to download",
    ]


def newer_torch(facts):
    facts["matrices"]["torch"]["2.10.0"] = {"cuda": "12.8", "cudnn": "9.10.2.21"}
    facts["index"]["torch"]["2.10.0"] = facts["index"]["torch"]["2.9.1"]


def test_what_is_told_of_a_lock_is_what_lies_there(project, tmp_path):
    write(project, "full", "part")
    changed = project_with(tmp_path, newer_torch)
    assert made(changed).solution.axes["torch"] == "2.10.0"
    assert locked_profile(changed, "full").solution.axes["torch"] == "2.9.1"
    assert "torch==2.9.1\n" in export(changed, "full", "constraints.txt")["constraints.txt"]
    write(changed, "part")
    assert diff_locks(changed, "full", "part")[1]["changed"] == {"torch": ["2.9.1", "2.10.0"]}


def test_a_size_that_nobody_recorded_is_not_known(project, tmp_path):
    write(project, "full", "part")

    def gone(facts):
        facts["index"]["keras"] = {"3.2": []}

    lines, data = diff_locks(project_with(tmp_path, gone), "full", "part")
    assert data["size_unknown"] == ["keras"]
    assert "- keras==3.1 (size unknown)" in lines
    tail = "0.0 MB less to download beside keras, whose sizes nobody recorded"
    assert lines[-1] == f"full: 7 packages; part: 4 packages, {tail}"


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


def test_extras_that_a_pin_asks_for_count_for_what_it_needs(tmp_path):
    def extras(facts):
        facts["index"]["keras"] = {"3.1": ["numpy[fast]"]}
        facts["index"]["numpy"] = {"2.0.2": ['more; extra == "fast"', 'less; extra == "slow"']}
        facts["index"]["more"] = {"1.0": []}

    project = write(project_with(tmp_path, extras), "full")
    requires = {str(pin.name): pin.requires for pin in locked_profile(project, "full").solution.pins}
    assert (requires["keras"], requires["numpy"]) == (("numpy[fast]",), ("more",))


def test_a_verified_set_is_taken_where_it_is_preferred(tmp_path):
    def two(facts):
        facts["matrices"]["torch"]["2.10.0"] = {"cuda": "12.8", "cudnn": "9.10.2.21"}
        facts["index"]["torch"] = dict.fromkeys(("2.9.1", "2.10.0"), FACTS["index"]["torch"]["2.9.1"])
        row = {"lock": "0" * 64, "gpu": "H200", "driver": "580.65.06", "profile": "full"}
        facts["matrices"]["verified"] = {"ran": {**row, "packages": {"torch": "2.9.1", "tensorflow": "2.20.0"}}}

    project = project_with(tmp_path, two)
    profile = project.profile("full")
    assert solve_profile(project, profile).axes["torch"] == "2.10.0"
    verified = msgspec.structs.replace(profile, prefer_verified=True)
    assert solve_profile(project, verified).axes["torch"] == "2.9.1"
