"""Lock folders as something to prove."""

from __future__ import annotations

import pytest
from sealed import seal
from standin_lock import MINOR

from solver.commands.subject import subject_of, subjects_of
from solver.core.errors import BadInput
from solver.core.wheelfile import pack_wheel
from solver.lock.solution import installable_digest
from solver.proof.bundle.make import LockToCarry, make_bundle


def test_a_lock_folder_as_something_to_prove(lock):
    subject = subject_of(lock)
    assert subject.packages == {"python": MINOR, "torch": "2.10.0", "tensorflow": "2.21.0", "numpy": "2.5.5"}
    assert (subject.gpu, subject.relaxed) == (True, ("nvidia-nccl-cu12",))
    assert subject.variables == {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}
    files = {path.relative_to(subject.folder).as_posix(): path.read_bytes() for path in subject.folder.rglob("*.*")}
    assert subject.digest == installable_digest(files)


def test_a_conda_lock_is_told_by_the_frameworks_own_names(lock):
    (lock / "solution.yaml").write_text(
        "version: 1\nprofile: full-py312\nflavour: conda\ntarget: {platform: linux-64}\n"
        "solution: {python: '3.12', cuda: null, torch: '2.10.0', numpy: '2.3.0', other: '1'}\nvariables: {}\n"
    )
    seal(lock)
    subject = subject_of(lock)
    assert subject.packages == {"python": "3.12", "torch": "2.10.0", "numpy": "2.3.0"}
    assert subject.gpu is False


def test_a_lock_that_does_not_choose_a_python_has_that_of_its_target(lock):
    (lock / "solution.yaml").write_text(
        "version: 1\nprofile: full-py312\nflavour: conda\ntarget: {platform: linux-64, python: '3.11'}\n"
        "solution: {torch: '2.10.0'}\nvariables: {}\n"
    )
    seal(lock)
    assert subject_of(lock).packages == {"python": "3.11", "torch": "2.10.0"}


def test_where_none_is_named_all_locks_are_meant(root, lock):
    (root / "locks" / "no-lock").mkdir()
    assert [one.folder for one in subjects_of(root, ())] == [lock]
    assert [one.folder for one in subjects_of(root, ["full-py312"])] == [lock]


def test_a_project_without_any_lock_is_told(tmp_path):
    with pytest.raises(BadInput) as caught:
        subjects_of(tmp_path, ())
    told = "there is no lock here; make one with `interlock lock`, or change folder"
    assert str(caught.value) == f"{tmp_path / 'locks'}: {told}"


def test_a_profile_without_a_lock_is_told(root, lock):
    with pytest.raises(BadInput, match="this profile has no lock; make it with `interlock lock nothing`"):
        subjects_of(root, ["nothing"])


def test_a_bundle_s_lock_is_the_one_that_its_manifest_names(lock, tmp_path):
    bundle = tmp_path / "bundle"
    carry = LockToCarry(subject=subject_of(lock), python=MINOR, wheels=())
    make_bundle([carry], bundle, tool={}, interlock=pack_wheel("interlock-1", {}, {}))
    assert [one.digest for one in subjects_of(tmp_path, (), bundle)] == [subject_of(lock).digest]
    folder = bundle / "locks" / "full-py312"
    path = folder / "requirements.txt"
    path.write_text(path.read_text().replace("torch==2.10.0", "torch==6.6.6"))
    with pytest.raises(BadInput) as caught:
        subjects_of(tmp_path, (), bundle)
    assert str(caught.value) == (
        f"{folder}: its files were changed after the lock was made; "
        "restore the folder, or make it again with `interlock lock full-py312`"
    )
    seal(folder)  # whoever changes a lock can mend its own digests, too
    with pytest.raises(BadInput) as caught:
        subjects_of(tmp_path, (), bundle)
    assert str(caught.value) == (f"{folder}: is another lock than the manifest says; carry the whole bundle again")
