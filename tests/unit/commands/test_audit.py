"""The page of `interlock audit`: whose target counts, and what a lock has told already."""

from __future__ import annotations

import shutil

import pytest
from paths import ROOT

from solver.commands.audit import Given, audit_path, read_for
from solver.core.errors import BadInput
from solver.core.model import Target
from solver.lock.read import read_folder
from solver.matrix.load import load_matrices

# A lock with warnings of its own.
LOCK = ROOT / "locks" / "full-py312"
REQUIREMENTS = "requirements.txt"


@pytest.fixture(scope="module")
def matrices():
    return load_matrices()


def test_what_a_lock_tells_of_itself_is_told_once(tmp_path):
    warnings = read_folder(LOCK).solution.warnings
    assert warnings
    audited = audit_path(ROOT, Given(LOCK / REQUIREMENTS), {}, {})
    assert (audited.findings, audited.told) == ((), len(warnings))
    # The same packages that no lock stands behind, on the lock's own target.
    shutil.copy(LOCK / REQUIREMENTS, tmp_path / REQUIREMENTS)
    words = {"python": "3.12", "driver": "525.60.13"}
    findings = audit_path(ROOT, Given(tmp_path / REQUIREMENTS), words, {}).findings
    assert {(one.code, one.packages) for one in findings} == {(one.code, one.packages) for one in warnings}


def test_an_error_is_told_whoever_told_it_before(tmp_path):
    shutil.copytree(LOCK, tmp_path / "lock", ignore=shutil.ignore_patterns("evidence"))
    (finding,) = {
        one.code
        for one in audit_path(ROOT, Given(tmp_path / "lock" / REQUIREMENTS), {"driver": "450.80.02"}, {}).findings
    }
    assert finding == "driver"


def test_words_replace_what_the_lock_says_of_its_target_one_by_one(matrices):
    own = read_folder(LOCK).solution.target
    package_set, target = read_for(Given(LOCK / REQUIREMENTS), {}, matrices)
    assert (package_set.target, target) == (own, None)
    _, target = read_for(Given(LOCK / REQUIREMENTS), {"gpu": ["9.0"], "driver": "550.54.14"}, matrices)
    assert target == Target(
        platform=own.platform, python=own.python, glibc=own.glibc, driver="550.54.14", gpus=("9.0",)
    )


def test_what_nobody_says_is_assumed(tmp_path, matrices):
    (tmp_path / REQUIREMENTS).write_text("tensorflow==2.10.1\n")
    _, target = read_for(Given(tmp_path / REQUIREMENTS), {"glibc": "2.35"}, matrices)
    # The newest python that this TensorFlow has a wheel for.
    assert target == Target(glibc="2.35", python="3.10")


def test_a_word_without_such_a_value(tmp_path, matrices):
    (tmp_path / REQUIREMENTS).write_text("tensorflow==2.10.1\n")
    with pytest.raises(BadInput, match=r'expected an NVIDIA driver .*, found "new"'):
        read_for(Given(tmp_path / REQUIREMENTS), {"driver": "new"}, matrices)


def test_variables_in_force_here_count_for_a_prefix_only(tmp_path):
    environ = {"CUDA_HOME": "/usr/local/cuda-11.8"}
    (tmp_path / REQUIREMENTS).write_text("torch==2.9.1\n")
    assert audit_path(ROOT, Given(tmp_path / REQUIREMENTS), {}, environ).findings == ()
    site = tmp_path / "env" / "lib" / "python3.12" / "site-packages" / "torch-2.9.1.dist-info"
    site.mkdir(parents=True)
    (site / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 2.9.1\n")
    findings = audit_path(ROOT, Given(tmp_path / "env"), {}, environ).findings
    assert [(one.code, one.packages) for one in findings] == [("leftover", ("torch==2.9.1",))]
