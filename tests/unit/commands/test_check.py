"""Whether `lock` would write the locks that lie there."""

from __future__ import annotations

import dataclasses
import random
import shutil

import pytest
import yaml
from small_project import FACTS, PROFILES, made, project_with

from solver.commands import check
from solver.commands.check import FRESH, Freshness, check_locks, orphans, remember
from solver.commands.lock import write_lock
from solver.core.answer import Answer
from solver.index.snapshot import SnapshotIndex
from solver.lock.loader import wheel
from solver.lock.solution import whole_digest
from solver.solve.space.packages import Spaces


def found(project, name="full"):
    return check_locks(project, [project.profile(name)])[name]


def stale(*reasons):
    return Freshness(Answer.NO, reasons)


def test_a_lock_that_was_never_made(project):
    assert found(project) == stale("it was never made")


@pytest.fixture
def locked(project):
    for name in PROFILES:
        assert write_lock(project, made(project, name)) is True
    return project


def test_a_lock_that_was_just_made_is_fresh_and_is_not_written_again(locked):
    assert check_locks(locked, locked.request.profiles) == dict.fromkeys(PROFILES, FRESH)
    assert write_lock(locked, made(locked)) is False


def test_a_changed_file_is_told(locked):
    path = locked.locks / "full" / "requirements.txt"
    path.write_text(path.read_text() + "\n")
    assert found(locked) == stale("its files were changed")


def test_a_changed_request_is_told(locked, tmp_path):
    changed = project_with(tmp_path, profiles={**PROFILES, "full": {"python": "3.12", "torch": ">=2.9"}})
    assert found(changed) == stale("the request was changed")


def test_a_changed_row_is_told(locked, tmp_path):
    def other(facts):
        facts["matrices"]["rules"]["numpy-1"] = {**facts["matrices"]["rules"]["numpy-1"], "why": "something else"}

    assert found(project_with(tmp_path, other)) == stale("row numpy-1 was changed")


def test_a_changed_index_fact_is_told(locked, tmp_path):
    def other(facts):
        facts["index"]["keras"] = {"3.1": ["numpy>=2"]}

    assert found(project_with(tmp_path, other)) == stale("the recorded keras==3.1 was changed")


def with_newer_keras(facts):
    facts["index"]["keras"] = {"3.1": [], "3.2": []}


def test_a_refresh_with_a_release_that_lock_would_take_makes_it_stale(locked, tmp_path):
    assert found(locked) == FRESH
    refreshed = project_with(tmp_path, with_newer_keras)
    assert found(refreshed) == stale("`lock` would take keras 3.2 for 3.1")
    write_lock(refreshed, made(refreshed))
    assert found(refreshed) == FRESH


def test_rows_and_releases_that_lock_would_not_take_make_no_lock_stale(locked, tmp_path):
    def more(facts):
        facts["index"]["keras"] = {"3.0": [], "3.1": []}
        facts["matrices"]["torch"]["2.8.0"] = {"cuda": "12.8", "cudnn": "9.10.2.21"}
        facts["matrices"]["rules"]["other"] = {"when": {"jax": ">=1"}, "needs": {"numpy": ">=3"}, "why": "so it is"}

    assert found(project_with(tmp_path, more)) == FRESH


def test_a_new_rule_that_moves_a_package_makes_it_stale(locked, tmp_path):
    def narrower(facts):
        facts["matrices"]["rules"]["other"] = {"when": {"keras": ">=3"}, "needs": {"numpy": "<2"}, "why": "so it is"}
        facts["index"]["numpy"] = {"1.26.4": [], **FACTS["index"]["numpy"]}

    assert found(project_with(tmp_path, narrower)) == stale("`lock` would take numpy 1.26.4 for 2.0.2")


def test_a_new_rule_that_nothing_can_keep_makes_it_stale(locked, tmp_path):
    def never(facts):
        facts["matrices"]["rules"]["other"] = {"when": {"tensorflow": ""}, "needs": {"torch": "!"}, "why": "so it is"}

    why = "there is no such lock any more: `interlock explain --profile full` tells why"
    assert found(project_with(tmp_path, never)) == stale(why)


def test_a_new_rule_that_nothing_recorded_can_keep_leaves_it_open(locked, tmp_path):
    def unrecorded(facts):
        facts["matrices"]["rules"]["other"] = {"when": {"keras": ">=3"}, "needs": {"numpy": ">=9"}, "why": "so it is"}

    freshness = found(project_with(tmp_path, unrecorded))
    assert (freshness.answer, len(freshness.reasons)) == (Answer.NOT_KNOWN, 1)


def test_another_loader_makes_the_locks_stale_that_hold_it(locked, monkeypatch):
    before = wheel._payload
    monkeypatch.setattr(wheel, "_payload", lambda name: before(name) + "# another line\n")
    assert found(locked) == stale("our own wheel in it is made otherwise by now")
    assert found(locked, "part") == FRESH


def edited(project, change):
    path = project.locks / "full" / "solution.yaml"
    path.write_text(change(path.read_text()))
    return found(project)


def test_an_edit_of_solution_yaml_is_told(locked):
    assert edited(locked, lambda text: text.replace("keras==3.1", "keras==3.0")) == stale(
        "its solution.yaml was changed"
    )


def test_an_edited_comment_is_told(locked):
    assert edited(locked, lambda text: text.replace("do not edit", "do edit")) == stale(
        "`lock` would write another solution.yaml"
    )


def test_an_edit_that_mends_the_digests_is_told(locked):
    def forged(text):
        data = yaml.safe_load(text)
        data["because"] = []
        data["whole"] = whole_digest(data)
        return yaml.safe_dump(data, sort_keys=False)

    assert edited(locked, forged) == stale("`lock` would write another solution.yaml")


def test_what_was_made_of_a_lock_may_lie_beside_it(locked):
    (locked.locks / "base" / "pylock.toml").write_text("made of the lock\n")
    assert found(locked, "base") == FRESH


def test_a_variant_whose_parent_moved_is_told(locked, tmp_path):
    refreshed = project_with(tmp_path, lambda facts: facts["index"].update(numpy={"2.0.2": [], "2.0.3": []}))
    write_lock(refreshed, made(refreshed))
    assert found(refreshed, "part") == stale("its parent full has another numpy")


def test_what_cannot_be_made_of_the_record_is_not_known(locked):
    (locked.snapshot.root / "default" / "keras.jsonl").unlink()
    snapshot = SnapshotIndex(locked.snapshot.root)
    spaces = Spaces(locked.matrices, snapshot)
    other = dataclasses.replace(locked, index=snapshot, snapshot=snapshot, spaces=spaces)
    why = "whether it is fresh is not known, since nobody recorded what it is made of; `interlock lock` asks for it"
    assert found(other) == Freshness(Answer.NOT_KNOWN, (why,))


def test_a_lock_of_a_profile_that_is_gone_is_told(locked, tmp_path):
    without = project_with(tmp_path, profiles={"full": PROFILES["full"]})
    why = "the request has no such profile any more; write it again, or remove the folder"
    assert orphans(locked) == {}
    assert orphans(without) == {"base": stale(why), "part": stale(why)}


def never_search(*_, **__):
    raise AssertionError("a lock is made")


def test_what_was_found_is_not_looked_for_again_until_a_fact_changes(locked, tmp_path, monkeypatch):
    assert found(locked) == FRESH
    monkeypatch.setattr(check, "make_lock", never_search)
    assert found(locked) == FRESH
    with pytest.raises(AssertionError, match="a lock is made"):
        found(project_with(tmp_path, with_newer_keras))


def test_locks_that_were_just_written_are_known_to_be_fresh(project, monkeypatch):
    lock = made(project)
    write_lock(project, lock)
    remember(project, [lock])
    monkeypatch.setattr(check, "make_lock", never_search)
    assert found(project) == FRESH


def test_a_cache_that_is_broken_or_cannot_be_written_is_none(locked, own_cache):
    assert found(locked) == FRESH
    (kept,) = (own_cache / "checked").iterdir()
    kept.write_text("{")
    assert found(locked) == FRESH
    kept.unlink()
    (own_cache / "checked").rmdir()
    (own_cache / "checked").write_text("")
    assert found(locked) == FRESH


def test_what_is_recorded_of_packages_that_no_lock_reads_makes_none_anew(locked, tmp_path, monkeypatch):
    assert found(locked) == FRESH
    monkeypatch.setattr(check, "make_lock", never_search)
    assert found(project_with(tmp_path, lambda facts: facts["index"].update(flask={"3.0": []}))) == FRESH


def test_conda_configured_otherwise_has_the_locks_made_anew(locked, monkeypatch):
    assert found(locked) == FRESH
    monkeypatch.setenv("CONDA_CHANNEL_ALIAS", "https://conda.example")
    monkeypatch.setattr(check, "make_lock", never_search)
    with pytest.raises(AssertionError, match="a lock is made"):
        found(locked)


def edit_anyhow(draw):
    """Some releases of packages that the locks read, may come to read or never read, another way each time."""

    def edit(facts):
        index = facts["index"]
        for name in draw.sample(["keras", "numpy", "tensorflow", "torch", "flask", "wheel"], draw.randint(1, 2)):
            releases = dict(index.get(name, {}))
            newest = draw.choice(["1.5", "2.0.2", "2.2.6", "3.1", "3.2"])
            releases[newest] = draw.choice([[], ["wheel"], ["flask"], ["numpy<2.1"], ["numpy>=9"]])
            index[name] = releases

    return edit


@pytest.mark.parametrize("seed", range(6))
def test_what_was_kept_of_checks_never_says_other_than_making_every_lock_anew(locked, tmp_path, own_cache, seed):
    draw = random.Random(seed)
    for _ in range(4):
        edited_project = project_with(tmp_path, edit_anyhow(draw))
        kept = check_locks(edited_project, edited_project.request.profiles)
        shutil.rmtree(own_cache / "checked")
        assert kept == check_locks(edited_project, edited_project.request.profiles)
