"""What a file is, is told by its content; what a lock of ours is for, by whoever read the lock."""

from __future__ import annotations

import pytest
from audit_stubs import StubIndex, small_matrices

from solver.audit.assumed import assumed_target
from solver.audit.inputs import read_given, read_set
from solver.audit.run import audit
from solver.core.errors import BadInput
from solver.core.model import Target
from solver.matrix.load import load_matrices


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("torch==2.10.0\n", "freeze"),
        ("# a note\ntorch==2.10.0\n", "requirements"),
        ("", "requirements"),
        ('# by hand\nlock-version = "1.0"\ncreated-by = "hand"\npackages = []\n', "pylock"),
        ('version = 1\n[[package]]\nname = "a"\nversion = "1"\nsource = { editable = "." }\n', "uv.lock"),
        ('[[package]]\nname = "a"\nversion = "1"\n\n[metadata]\nlock-version = "2.1"\n', "poetry.lock"),
        ("---\nname: x\ndependencies:\n- python\n", "environment"),
        ("version: 1\npackage: []\n", "conda-lock"),
        ("version: 6\nenvironments:\n  default:\n    packages:\n      linux-64: []\npackages: []\n", "pixi"),
        ("# platform: linux-64\n@EXPLICIT\n", "explicit"),
    ],
)
def test_the_kind_is_told_by_content(text, kind, tmp_path):
    path = tmp_path / "what.ever"
    path.write_text(text)
    assert read_set(path).kind == kind


def test_a_lock_of_ours_is_audited_for_its_own_target(tmp_path):
    (tmp_path / "requirements.txt").write_text("torch==2.15.0 ; python_version < '3.12'\n")
    own = Target(python="3.11", driver="580.65.06", gpus=("9.0",))
    package_set = read_set(tmp_path / "requirements.txt", own=own)
    assert package_set.target == own
    assert [package.pin for package in package_set.packages] == ["torch==2.15.0"]
    assert assumed_target(package_set, small_matrices()) == own
    older = read_set(tmp_path / "requirements.txt", own=Target(python="3.11", driver="525.60.13"))
    assert [finding.code for finding in audit(older, small_matrices(), StubIndex())] == ["driver"]


def test_without_a_target_nothing_is_said_about_a_driver(tmp_path):
    package_set = read_given("torch==2.15.0\n", "r.txt", tmp_path)
    assert audit(package_set, small_matrices(), StubIndex()) == ()


@pytest.mark.parametrize(
    ("pins", "python"),
    [("tensorflow==2.10.1\nnumpy==1.26.4\n", "3.10"), ("torch==2.10.0\n", "3.12"), ("numpy==2.2.6\n", "3.12")],
)
def test_the_assumed_python_is_one_that_the_frameworks_have_wheels_for(pins, python, tmp_path):
    assert assumed_target(read_given(pins, "r.txt", tmp_path), small_matrices()).python == python


@pytest.mark.parametrize(
    ("pins", "platform"),
    [
        ("tensorflow-intel==2.15.0\n", "win-64"),
        ("tensorflow==2.15.0\n", "linux-64"),
        ("tensorflow-intel\n", "linux-64"),
    ],
)
def test_what_is_made_for_one_platform_alone_tells_it(pins, platform, tmp_path):
    assert assumed_target(read_given(pins, "r.txt", tmp_path), load_matrices()).platform == platform


def _wheels(*pythons):
    return {"version": "1", "files": [f"a-1-{tag}-{tag}-manylinux_2_17_x86_64.whl" for tag in pythons], "requires": []}


@pytest.mark.parametrize(
    ("pins", "release", "python"),
    [
        ("a==1\n", _wheels("cp310", "cp311"), "3.11"),
        ("a==1\n", _wheels("cp311", "cp312"), "3.12"),
        ("a==1\ntensorflow==2.10.1\n", _wheels("cp39", "cp310", "cp311"), "3.10"),
        ("a==1\ntensorflow==2.10.1\n", _wheels("cp311", "cp312"), "3.10"),  # none has both
        ("a==1\n", {"version": "1", "files": ["a-1-py3-none-any.whl"], "requires": []}, "3.12"),
        ("a==1\n", {**_wheels("cp310"), "recorded": ["3.10"]}, "3.12"),
        ("--index-url https://own.example/simple\na==1\n", _wheels("cp310"), "3.12"),
    ],
    ids=["older", "default", "of both", "of neither", "any", "not recorded", "of another index"],
)
def test_the_assumed_python_is_one_that_every_pin_has_a_recorded_wheel_for(pins, release, python, tmp_path):
    package_set = read_given(pins, "r.txt", tmp_path)
    assert assumed_target(package_set, small_matrices(), StubIndex({"a": [release]})).python == python


def test_what_is_no_text_at_all(tmp_path):
    path = tmp_path / "a.whl"
    path.write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(BadInput, match=r":1: is not UTF-8 text: byte 4 cannot be read; expected one of: req"):
        read_set(path)
