"""What a run depended on: a change of it makes the record stale, a change of all else leaves it true."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from real_evidence import PACKAGES, real_evidence

from solver.core.answer import NOT_KNOWN
from solver.core.errors import CheckFailed
from solver.proof.footprint import changes_outside, footprint_of
from solver.proof.judge import strangeness, validated
from solver.proof.subject import Subject

VARIABLES = {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}
OWN = {**PACKAGES, "python": "3.12", "numpy": "2.5.5", "pandas": "2.3.1"}
FILES = {name: f"{at:064x}" for at, name in enumerate(sorted(OWN)) if name != "python"}
CORE = {name: digest for name, digest in FILES.items() if name != "pandas"}


def subject(**fields):
    own = {"profile": "full-py312", "folder": Path(), "digest": "d" * 64, "packages": OWN, "files": FILES}
    return Subject(**{**own, "variables": VARIABLES, **fields})


def record(**fields):
    return real_evidence(**{"packages": OWN, "core": CORE, "variables": VARIABLES, **fields})


def test_the_core_is_what_the_probes_used_and_every_cuda_package():
    first, *others = record().probes
    told = [msgspec.structs.replace(one, used=("tensorflow",)) for one in others]
    probes = (msgspec.structs.replace(first, used=("numpy", "pip", "torch")), *told)
    assert footprint_of(probes, FILES) == CORE
    assert footprint_of((first, *told), FILES) is NOT_KNOWN


@pytest.mark.parametrize(
    ("lock", "changed"),
    [
        ({"packages": {**OWN, "pandas": "2.3.2"}}, ("pandas 2.3.1 became 2.3.2",)),
        (
            {"packages": {**{name: OWN[name] for name in OWN if name != "pandas"}, "polars": "1.30.0"}},
            ("pandas 2.3.1 went", "polars 1.30.0 came"),
        ),
        ({"files": {**FILES, "pandas": "f" * 64}}, ()),
        ({"files": {**FILES, "numpy": "f" * 64}}, None),
        ({"files": {**FILES, "nvidia-cufile-cu12": "f" * 64}}, None),
        ({"files": {name: FILES[name] for name in FILES if name != "triton"}}, None),
        ({"packages": {**OWN, "python": "3.13"}}, None),
        ({"variables": {}}, None),
        ({"gpu": False}, None),
    ],
    ids=[
        "another version", "one for another", "other files", "core files", "a CUDA package more", "core less",
        "python", "variables", "for the CPU",
    ],
)  # fmt: skip
def test_what_changed_since_a_run(lock, changed):
    assert changes_outside(record(), subject(**lock)) == changed


@pytest.mark.parametrize("silent", ["core", "variables"])
def test_a_record_that_does_not_tell_says_nothing_of_another_lock(silent):
    assert changes_outside(record(**{silent: NOT_KNOWN}), subject()) is NOT_KNOWN


@pytest.mark.parametrize(
    ("core", "why"),
    [
        ({name: CORE[name] for name in CORE if name != "triton"}, "its core does not name triton"),
        (
            {name: CORE[name] for name in CORE if name != "nvidia-cudnn-cu12"},
            "its core does not name nvidia-cudnn-cu12",
        ),
        ({**CORE, "vllm": "f" * 64}, "its core names vllm, which is none of its packages"),
    ],
)
def test_a_core_that_leaves_out_what_every_run_depends_on_is_no_evidence(core, why):
    with pytest.raises(CheckFailed) as caught:
        validated(record(core=core))
    assert str(caught.value) == f"full-py312: {why}"


def test_a_footprint_of_other_files_is_not_of_the_lock():
    other = {**FILES, "torch": "f" * 64}
    assert strangeness(record(), subject()) is None
    assert strangeness(record(), subject(files=other)) == (
        "it tells other files of its packages than those of the lock"
    )
