"""Locks proved from one end to the other: what is written, what is left, and what is refused."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from key_pair import key_pair
from sealed import seal
from standin_lock import MINOR, evidence_of, standin_wheel

from solver.commands import verify as page
from solver.commands.subject import subject_of
from solver.commands.verify import Manner, admit_folder, verify
from solver.core.errors import BadInput, CheckFailed
from solver.core.machine import Machine
from solver.core.programs import find_python
from solver.core.wheelfile import pack_wheel
from solver.lock.install.prefix import install_lock
from solver.proof.bundle.make import LockToCarry, make_bundle
from solver.proof.evidence_files import encode
from solver.proof.signature import public_key, unsigned
from solver.proof.verify import runner
from solver.proof.verify.one import LockReport
from solver.proof.verify.report import Report


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """The folder in which temporary ones are made."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(page, "this_machine", Machine)
    return folder


def test_a_bundle_of_stand_ins_is_proved_up_to_what_needs_a_gpu(root, lock, tmp_path, scratch, monkeypatch):
    carry = LockToCarry(subject=subject_of(lock), python=MINOR, wheels=())
    make_bundle([carry], tmp_path / "bundle", tool={}, interlock=pack_wheel("interlock-1", {}, {}))
    environments = []
    real = runner.probe_environment

    def noted(*arguments):
        environments.append(real(*arguments))
        return environments[-1]

    monkeypatch.setattr(runner, "probe_environment", noted)
    outcome = verify(tmp_path, (), Manner(bundle=tmp_path / "bundle", out=tmp_path / "out"))
    (report,) = outcome.report.locks
    assert [(step.name, step.status) for step in report.steps if step.name != "audit"] == [
        ("install", "ok"),
        ("pip check", "ok"),
        ("probes", "ok"),
    ]
    assert [probe.name for probe in report.probes] == ["torch", "tensorflow", "torch-tensorflow", "tensorflow-torch"]
    assert (report.evidence, outcome.evidence, outcome.work) == (None, (), None)
    assert [one["TF_FORCE_GPU_ALLOW_GROWTH"] for one in environments] == ["true"] * 4
    assert json.loads((tmp_path / "out" / "report.json").read_bytes())["locks"][0]["profile"] == "full-py312"
    assert (tmp_path / "out" / "logs" / "full-py312-torch.log").is_file()
    assert list(scratch.iterdir()) == []


RULE = """\
version: 1
rows:
- {id: mine, source: a test, code: mine, severity: error, when: {torch: ""}, needs: {numpy: "<2"}, why: w, cure: c}
"""


def test_a_bundle_is_proved_by_the_rows_that_it_brings(root, lock, tmp_path, scratch):
    (root / "matrices").mkdir()
    (root / "matrices" / "rules.yaml").write_text(RULE)
    carry = LockToCarry(subject=subject_of(lock), python=MINOR, wheels=())
    made = tmp_path / "bundle"
    make_bundle([carry], made, tool={}, interlock=pack_wheel("interlock-1", {}, {}), matrices=root / "matrices")
    outcome = verify(tmp_path, (), Manner(bundle=made, out=tmp_path / "out"))
    assert [one.packages for one in outcome.report.locks[0].findings if one.code == "mine"] == [
        ("numpy==2.5.5", "torch==2.10.0")
    ]


def seen_here(monkeypatch, lock):
    """Makes proving give what a machine with a GPU would."""
    evidence = evidence_of(lock)
    report = LockReport(
        profile="full-py312", lock=evidence.lock, verdict="verified", why="", steps=(), evidence=evidence
    )

    def prove(subjects, means, each, earlier):
        means.logs.mkdir()
        (means.logs / "full-py312-torch.log").write_text("seen\n")
        reports = Report(machine=Machine(), locks=(report,))
        if each is not None:
            each(reports)
        return reports

    monkeypatch.setattr(page, "prove_all", prove)


def test_evidence_goes_into_the_locks_of_the_project(root, lock, scratch, monkeypatch):
    seen_here(monkeypatch, lock)
    outcome = verify(root, ["full-py312"], Manner())
    assert outcome.evidence == (lock / "evidence" / "nvidia-h200-580.159.04.json",)
    assert outcome.evidence[0].read_bytes() == encode(evidence_of(lock))
    # The stand-ins bring no CUDA libraries, which the record that stands for theirs had loaded.
    assert outcome.report.locks[0].prediction[0] == "tensorflow_sees_gpu: predicted no, seen yes"
    assert list(scratch.iterdir()) == []


def test_with_a_place_for_it_evidence_goes_there_alone(root, lock, tmp_path, scratch, monkeypatch):
    seen_here(monkeypatch, lock)
    outcome = verify(root, (), Manner(out=tmp_path / "out", keep=True))
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"full-py312.json", "report.json", "logs"}
    assert (outcome.evidence, (lock / "evidence").exists()) == ((), False)
    assert list(scratch.iterdir()) == [outcome.work]
    assert [path.name for path in (outcome.work / "logs").iterdir()] == ["full-py312-torch.log"]


def test_what_breaks_off_leaves_nothing_behind(root, scratch, monkeypatch):
    def broken(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(page, "prove_all", broken)
    with pytest.raises(KeyboardInterrupt):
        verify(root, (), Manner())
    assert list(scratch.iterdir()) == []


def test_evidence_is_kept_as_soon_as_its_lock_is_proved(root, lock, scratch, monkeypatch):
    seen_here(monkeypatch, lock)
    prove = page.prove_all

    def cut_off(*arguments):
        prove(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(page, "prove_all", cut_off)
    with pytest.raises(KeyboardInterrupt):
        verify(root, (), Manner())
    assert [path.name for path in (lock / "evidence").iterdir()] == ["nvidia-h200-580.159.04.json"]


def test_what_a_cluster_proved_is_not_proved_again_where_it_was_cut_off(root, lock, tmp_path, scratch, monkeypatch):
    evidence, manner = evidence_of(lock), Manner(out=tmp_path / "out", scheduler="tcp://x")
    report = LockReport(
        profile="full-py312", lock=evidence.lock, verdict="verified", why="", steps=(), evidence=evidence
    )

    def cut_off(subjects, task, *, address, each):
        each(report)
        raise KeyboardInterrupt

    monkeypatch.setattr(page, "prove_on_cluster", cut_off)
    with pytest.raises(KeyboardInterrupt):
        verify(root, (), manner)
    again = verify(root, (), manner).report
    assert [(one.profile, one.verdict) for one in again.locks] == [("full-py312", "verified")]
    with pytest.raises(KeyboardInterrupt):  # one that came to its end begins anew
        verify(root, (), manner)


@pytest.mark.parametrize(
    ("manner", "problem"),
    [
        ({"bundle": "x"}, "--out: a bundle's evidence needs a place; name a folder with --out"),
        (
            {"out": Path("x"), "sign": Path("x")},
            "--sign: what goes to --out is not signed; sign what is admitted: interlock verify --admit OUT --sign KEY",
        ),
        (
            {"keep": True, "scheduler": "tcp://x"},
            "--keep: the workers of a cluster keep no environments; leave --keep out, or verify on the machine itself",
        ),
    ],
    ids=["bundle", "sign", "cluster"],
)
def test_a_manner_that_cannot_be_is_refused(root, scratch, manner, problem):
    with pytest.raises(BadInput) as caught:
        verify(root, (), Manner(**manner))
    assert str(caught.value) == problem


def test_evidence_is_taken_in_where_its_lock_is(root, lock, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.json").write_text("{}")
    (out / "full-py312.json").write_bytes(encode(evidence_of(lock)))
    assert admit_folder(out, root) == (lock / "evidence" / "nvidia-h200-580.159.04.json",)
    with (lock / "requirements.txt").open("a") as file:
        file.write("# changed\n")
    with pytest.raises(BadInput, match="it is of another lock than"):
        admit_folder(out, root)


def test_evidence_that_is_taken_in_may_be_signed(root, lock, tmp_path):
    private, public = key_pair(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "full-py312.json").write_bytes(encode(evidence_of(lock)))
    record, signature = admit_folder(tmp_path / "out", root, private)
    assert signature.name == "nvidia-h200-580.159.04.json.sig"
    assert unsigned(record, public_key(public)) is None


def test_a_wheel_that_is_not_the_locked_one_is_not_installed(lock, tmp_path, monkeypatch):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    filename, content = standin_wheel("numpy", "2.5.5")
    (lock / "wheels" / filename).write_bytes(content + b"\0")
    seal(lock)
    (tmp_path / "wheels").mkdir()
    with pytest.raises(CheckFailed, match="is not the file that the lock names: none of its hashes for numpy fits"):
        install_lock(lock, tmp_path / "env", python=find_python(MINOR), folder=tmp_path / "wheels", check_driver=False)
