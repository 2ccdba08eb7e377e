"""How locks stand on each GPU."""

from __future__ import annotations

import msgspec
from real_evidence import real_evidence

from solver.proof.states import all_states, states

replace = msgspec.structs.replace


def test_states_by_gpu():
    verified = real_evidence()
    older = replace(verified, driver="550.54.14", result="failed", problems=("x",))
    stale = replace(verified, gpu=replace(verified.gpu, name="NVIDIA A100"), lock="c" * 64)
    assert states("a" * 64, (verified, older, stale)) == {"NVIDIA A100": "stale", "NVIDIA H200": "verified"}
    newer = replace(older, driver="580.200")
    assert states("a" * 64, (verified, newer)) == {"NVIDIA H200": "failed"}
    assert states("d" * 64, (verified, newer)) == {"NVIDIA H200": "stale"}


def test_a_profile_that_never_ran_says_so_for_each_gpu():
    locks = {"full-py312": ("a" * 64, (real_evidence(),)), "full-py310": ("e" * 64, ())}
    assert all_states(locks) == {
        "full-py312": {"NVIDIA H200": "verified"},
        "full-py310": {"NVIDIA H200": "never"},
    }
