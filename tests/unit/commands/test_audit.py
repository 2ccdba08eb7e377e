"""The page of `interlock audit`: whose target counts, and what a lock has told already."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from msgspec import structs
from paths import ROOT

from solver.audit.checked import Checked
from solver.commands.audit import Audited, Given, audit_path, given, read_for
from solver.core.acceptance import ACCEPTED
from solver.core.errors import BadInput
from solver.core.model import Finding, Target
from solver.lock.folder import read_folder
from solver.matrix.load import load_matrices

# A lock with warnings of its own.
LOCK = ROOT / "locks" / "full-py312"
REQUIREMENTS = "requirements.txt"


@pytest.fixture(scope="module")
def matrices():
    return load_matrices()


def test_what_a_lock_tells_of_itself_is_told_of_a_copy_too(tmp_path):
    warnings = read_folder(LOCK).solution.warnings
    assert warnings
    in_place = audit_path(ROOT, Given(LOCK / REQUIREMENTS), {}, {}).findings
    assert {(one.code, one.packages) for one in in_place} == {(one.code, one.packages) for one in warnings}
    for file in (REQUIREMENTS, "environment.yml"):
        shutil.copy(LOCK / file, tmp_path / file)
        assert audit_path(ROOT, Given(tmp_path / file), {}, {}).findings == in_place


@pytest.mark.parametrize("file", [REQUIREMENTS, "environment.yml"])
def test_a_copy_of_a_lock_is_judged_for_the_platform_that_its_head_names(file, tmp_path):
    lock = ROOT / "locks" / "tf2.10-cu117-win"
    in_place = audit_path(ROOT, Given(lock / file), {}, {}).findings
    assert {one.code for one in in_place} == {"crash-together", "unread"}
    shutil.copy(lock / file, tmp_path / file)
    assert audit_path(ROOT, Given(tmp_path / file), {}, {}).findings == in_place


def test_what_is_accepted_is_told_with_the_reason_wherever_that_stands(tmp_path):
    shutil.copy(LOCK / REQUIREMENTS, tmp_path / REQUIREMENTS)
    (warning,) = audit_path(ROOT, Given(tmp_path / REQUIREMENTS), {}, {}).findings
    name, reason = "metadata/nvidia-nccl-cu12+tensorflow", "it ran for a week"
    (by_command,) = audit_path(ROOT, Given(tmp_path / REQUIREMENTS), {}, {}, accept={name: reason}).findings
    assert by_command == structs.replace(warning, accepted=reason)
    text = (tmp_path / REQUIREMENTS).read_text()
    (tmp_path / REQUIREMENTS).write_text(f"# interlock accepts {name}: {reason}\n{text}")
    assert audit_path(ROOT, Given(tmp_path / REQUIREMENTS), {}, {}).findings == (by_command,)
    given = Given(Path("standard input"), (tmp_path / REQUIREMENTS).read_text())
    assert audit_path(ROOT, given, {}, {}).findings == (by_command,)
    elsewhere = audit_path(ROOT, Given(tmp_path / REQUIREMENTS), {}, {}, accept={name: "another reason"}).findings
    assert elsewhere == (structs.replace(warning, accepted="another reason"),)


def test_a_prefix_accepts_what_the_lock_that_it_was_installed_from_does(tmp_path):
    site = tmp_path / "env" / "lib" / "python3.12" / "site-packages" / "torch-2.9.1.dist-info"
    site.mkdir(parents=True)
    (site / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 2.9.1\n")
    environ = {"CUDA_HOME": "/usr/local/cuda-11.8"}
    (finding,) = audit_path(ROOT, Given(tmp_path / "env"), {}, environ).findings
    (tmp_path / "env" / ACCEPTED).parent.mkdir(parents=True)
    (tmp_path / "env" / ACCEPTED).write_text("# interlock accepts leftover/torch: it is not used\n")
    findings = audit_path(ROOT, Given(tmp_path / "env"), {}, environ).findings
    assert findings == (structs.replace(finding, accepted="it is not used"),)


def test_an_error_is_told_whoever_told_it_before(tmp_path):
    shutil.copytree(LOCK, tmp_path / "lock", ignore=shutil.ignore_patterns("evidence"))
    codes = {
        one.code
        for one in audit_path(ROOT, Given(tmp_path / "lock" / REQUIREMENTS), {"driver": "450.80.02"}, {}).findings
    }
    assert codes == {"driver", "metadata"}


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


def test_what_is_accepted_and_found_of_nothing_is_named(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text("# interlock accepts abi/a+b: it was there once\nopencv-python==4.10.0.84\n")
    audited = audit_path(ROOT, Given(file), {}, {}, accept={"no-such-row": "misspelt"})
    assert (audited.findings, audited.idle) == ((), ("abi/a+b", "no-such-row"))


@pytest.mark.parametrize("name", ["full-py312", "full-py312-conda"])
def test_a_lock_is_audited_by_its_folder_too(name):
    folder = ROOT / "locks" / name
    file = folder / ("linux-64.lock" if name.endswith("conda") else "requirements.txt")
    assert given(folder) == given(folder / "solution.yaml") == given(file) == Given(file)


@pytest.mark.parametrize(
    ("mildest", "fails"),
    [
        ("error", [False, False, False, True]),
        ("warning", [False, False, True, True]),
        ("note", [False, True, True, True]),
    ],
)
def test_a_set_fails_for_what_is_as_grave_as_asked_and_nobody_accepts(mildest, fails):
    note, warning, error, accepted = (
        Finding(code="c", severity=severity, packages=(), why="w", source="s", cure="c", accepted=reason)
        for severity, reason in (("note", None), ("warning", None), ("error", None), ("error", "it is known"))
    )
    sets = [(accepted,), (note,), (note, warning), (note, warning, error)]
    assert [Audited(one, Checked(packages=1)).fails(mildest) for one in sets] == fails
