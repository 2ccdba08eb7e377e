"""How locks stand on each GPU."""

from __future__ import annotations

from pathlib import Path

import msgspec
from real_evidence import real_evidence

from solver.proof.states import all_states, states
from solver.proof.subject import Subject

replace = msgspec.structs.replace


def lock(digest="a", **fields):
    return Subject(profile="full-py312", folder=Path(), digest=digest * 64, packages={}, **fields)


def test_states_by_gpu():
    verified = real_evidence()
    older = replace(verified, driver="550.54.14", result="failed", problems=("x",))
    stale = replace(verified, gpu=replace(verified.gpu, name="NVIDIA A100"), lock="c" * 64)
    assert states(lock(), (verified, older, stale)) == {"NVIDIA A100": "stale", "NVIDIA H200": "verified"}
    newer = replace(older, driver="580.200")
    assert states(lock(), (verified, newer)) == {"NVIDIA H200": "failed"}
    assert states(lock("d"), (verified, newer)) == {"NVIDIA H200": "stale"}


def test_a_record_that_tells_no_variables_says_only_half_of_a_lock_that_has_some():
    shared = lock(variables={"TF_FORCE_GPU_ALLOW_GROWTH": "true"})
    silent, told = real_evidence(), real_evidence(variables={"TF_FORCE_GPU_ALLOW_GROWTH": "true"})
    failed = real_evidence(result="failed", problems=("x",))
    assert states(shared, (silent,)) == {"NVIDIA H200": "verified (not known: with the lock's variables)"}
    assert states(shared, (told,)) == {"NVIDIA H200": "verified"}
    assert states(shared, (failed,)) == {"NVIDIA H200": "failed"}
    assert states(lock(), (silent,)) == {"NVIDIA H200": "verified"}


def test_a_profile_that_never_ran_says_so_for_each_gpu():
    locks = {"full-py312": (lock(), (real_evidence(),)), "full-py310": (lock("e"), ())}
    assert all_states(locks) == {
        "full-py312": {"NVIDIA H200": "verified"},
        "full-py310": {"NVIDIA H200": "never"},
    }
