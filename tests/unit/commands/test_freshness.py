"""Whether a lock on disk still stands."""

from __future__ import annotations

import pytest
from small_project import PROFILES, made, project_with

from solver.commands.freshness import lock_state, rows_used
from solver.commands.lock import write_lock
from solver.commands.solve import solve_profile


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


def carrying(facts):
    """A torch whose wheel has another CUDA than any distribution brings."""
    facts["matrices"]["torch"] = {"2.9.1": {"cuda": "12.6", "cudnn": "9.5.1.17", "bundles": True}}
    facts["index"]["torch"] = {"2.9.1": ["numpy"]}


def toolkits(project, name):
    profile = project.profile(name)
    rows = rows_used(project.matrices, solve_profile(project, profile))
    return [row for row in rows if row.startswith("toolkits:")]


def test_a_lock_rests_on_the_toolkit_of_every_cuda_of_its_set_and_on_no_other(tmp_path):
    profiles = {"both": {"python": "3.12"}, "alone": {"python": "3.12", "frameworks": ["torch"]}}
    project = project_with(tmp_path, carrying, profiles)
    assert toolkits(project, "both") == ["toolkits:12.6", "toolkits:12.8"]
    assert toolkits(project, "alone") == ["toolkits:12.6"]
