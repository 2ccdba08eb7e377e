"""How locks stand on each GPU."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from real_evidence import real_evidence

from solver.proof.states import GpuState, all_states, states
from solver.proof.subject import Subject

replace = msgspec.structs.replace


def lock(digest="a", **fields):
    return Subject(profile="full-py312", folder=Path(), digest=digest * 64, packages={}, **fields)


def names(stands):
    return {gpu: one.state for gpu, one in stands.items()}


def test_states_by_gpu():
    verified = real_evidence()
    older = replace(verified, driver="550.54.14", result="failed", problems=("x",))
    stale = replace(verified, gpu=replace(verified.gpu, name="NVIDIA A100"), lock="c" * 64)
    assert names(states(lock(), (verified, older, stale))) == {"NVIDIA A100": "stale", "NVIDIA H200": "verified"}
    newer = replace(older, driver="580.200")
    assert names(states(lock(), (verified, newer))) == {"NVIDIA H200": "failed"}
    assert names(states(lock("d"), (verified, newer))) == {"NVIDIA H200": "stale"}


@pytest.mark.parametrize(
    ("check", "state"),
    [
        ({"figure": 1.0, "detail": "error 1.0 is above the tolerance; TF32 allowed"}, "wrong numbers"),
        ({"figure": 1.0, "beyond": True, "detail": "zeros"}, "wrong numbers"),
        ({"figure": None, "beyond": True, "detail": "no number"}, "wrong numbers"),
        ({"figure": None, "detail": "RuntimeError: no kernel image is available"}, "failed"),
        ({"figure": None, "detail": "error of another kind"}, "failed"),
    ],
)
def test_wrong_numbers_are_a_state_of_their_own(check, state):
    record = real_evidence(result="failed", problems=("x",))
    checks = [
        replace(one, status="failed", **check) if one.name == "torch.matmul" else one for one in record.probes[0].checks
    ]
    probes = (replace(record.probes[0], checks=tuple(checks)), *record.probes[1:])
    assert names(states(lock(), (replace(record, probes=probes),))) == {"NVIDIA H200": state}


def test_several_gpus_are_another_thing_than_one():
    one = real_evidence()
    two = replace(one, gpus=2, result="failed", problems=("x",))
    assert names(states(lock(), (one, two))) == {"2 x NVIDIA H200": "failed", "NVIDIA H200": "verified"}


def test_a_record_that_tells_no_variables_says_only_half_of_a_lock_that_has_some():
    shared = lock(variables={"TF_FORCE_GPU_ALLOW_GROWTH": "true"})
    silent, told = real_evidence(), real_evidence(variables={"TF_FORCE_GPU_ALLOW_GROWTH": "true"})
    failed = real_evidence(result="failed", problems=("x",))
    assert names(states(shared, (silent,))) == {"NVIDIA H200": "verified (not known: with the lock's variables)"}
    assert names(states(shared, (told,))) == {"NVIDIA H200": "verified"}
    assert names(states(shared, (failed,))) == {"NVIDIA H200": "failed"}
    assert names(states(lock(), (silent,))) == {"NVIDIA H200": "verified"}


def test_a_profile_that_never_ran_says_so_for_each_gpu():
    locks = {"full-py312": (lock(), (real_evidence(),)), "full-py310": (lock("e"), ())}
    assert {profile: names(stands) for profile, stands in all_states(locks).items()} == {
        "full-py312": {"NVIDIA H200": "verified"},
        "full-py310": {"NVIDIA H200": "never"},
    }


def test_a_run_of_a_former_state_speaks_for_what_changed_outside_of_it():
    files = {"torch": "1" * 64, "tensorflow": "2" * 64, "pandas": "3" * 64}
    packages = {"python": "3.12", "torch": "2.10.0", "tensorflow": "2.21.0"}
    now = Subject(
        profile="p", folder=Path(), digest="d" * 64, files=files, packages={**packages, "pandas": "2.3.2"}, variables={}
    )
    core = {name: digest for name, digest in files.items() if name != "pandas"}
    before = real_evidence(packages={**packages, "pandas": "2.3.1"}, core=core, variables={})
    changed = ("pandas 2.3.1 became 2.3.2",)
    assert states(now, (before,)) == {"NVIDIA H200": GpuState(state="verified (core)", changed=changed)}
    # A newer driver speaks first, a run of the lock as it is before all, and a failed run is no proof.
    other_core = replace(before, driver="590.1", core={**core, "torch": "9" * 64})
    assert states(now, (before, other_core)) == {"NVIDIA H200": GpuState(state="verified (core)", changed=changed)}
    failed = replace(before, driver="590.1", result="failed", problems=("x",))
    assert states(now, (before, failed)) == {"NVIDIA H200": GpuState(state="stale")}
    exact = replace(failed, driver="550.1", lock=now.digest)
    assert states(now, (before, exact)) == {"NVIDIA H200": GpuState(state="failed")}
