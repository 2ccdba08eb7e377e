"""Proving locks with stand-ins: each fault is caught by name, and none of it becomes evidence."""

from __future__ import annotations

import json

import msgspec
import pytest
from real_evidence import real_probe
from standin_env import CLAIMED, FRAMEWORKS, make_environment

from solver.core.errors import InterlockError
from solver.core.machine import Machine
from solver.core.model import Finding
from solver.proof.subject import Subject
from solver.proof.verify.one import Means, prove
from solver.proof.verify.pip_check import complaint
from solver.proof.verify.report import prove_all, write_report
from solver.proof.verify.runner import run_probe

ERROR = Finding(code="clobber", severity="error", packages=(), why="two cudnn packages", source="s", cure="c")
WARNING = Finding(code="leftover", severity="warning", packages=(), why="w", source="s", cure="c")


def subject(folder, profile="full-py312", **fields):
    (folder / profile).mkdir(exist_ok=True)
    return Subject(profile=profile, folder=folder / profile, digest="a" * 64, packages=FRAMEWORKS, **fields)


@pytest.fixture
def means(tmp_path):
    def make(behaviour=None, machine=CLAIMED, **fields):
        fields.setdefault("install", lambda lock, prefix: make_environment(prefix, behaviour))
        fields.setdefault("audit", lambda prefix: ())
        fields.setdefault("pip_check", lambda python: ())
        return Means(machine=machine, work=tmp_path / "work", logs=tmp_path / "logs", **fields)

    return make


def real_probes(python, order, **_):
    return real_probe(order)


REAL = Machine(driver=CLAIMED.driver, gpus=(msgspec.structs.replace(CLAIMED.gpus[0], name="NVIDIA H200"),))


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        ({"torch.fft": "segv"}, "torch: SIGSEGV in torch.fft"),
        ({"tensorflow.import": "abort"}, "tensorflow: SIGABRT in tensorflow.import"),
        ({"tensorflow.matmul": "wrong"}, "tensorflow: tensorflow.matmul: error"),
        ({"torch.cholesky": "nan"}, "torch: torch.cholesky: error nan"),
        ({"torch.matmul": "raise"}, "no kernel image is available"),
        ({"torch.fft": "exit"}, "torch: left with exit status 0 before it had finished"),
        ({}, "no CUDA driver or runtime library was ever loaded"),
    ],
)
def test_each_fault_is_told_and_leaves_no_evidence(tmp_path, means, behaviour, why):
    report = prove_all([subject(tmp_path)], means({"gpu": True, **behaviour}))
    assert report.exit_code == 1
    assert report.locks[0].verdict == "failed"
    assert why in report.locks[0].why
    assert report.locks[0].evidence is None
    write_report(report, tmp_path / "out", tmp_path / "logs")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["logs", "report.json"]


def test_a_hang_is_told_and_the_other_probes_still_run(tmp_path, means):
    def runner(python, order, **options):
        return run_probe(python, order, **options) if order == ("tensorflow",) else real_probe(order)

    behaviour = {"gpu": True, "tensorflow.import": "hang"}
    made = means(behaviour, probe_runner=runner, timeouts={"": 30.0, "tensorflow": 1.5})
    report = prove(subject(tmp_path), made)
    assert [(probe.name, probe.ended) for probe in report.probes] == [
        ("torch", "finished"),
        ("tensorflow", "hung"),
        ("torch-tensorflow", "finished"),
        ("tensorflow-torch", "finished"),
    ]
    assert "tensorflow: hung in tensorflow.import and was ended" in report.why


def test_a_broken_lock_does_not_stop_the_others(tmp_path, means):
    def install(lock, prefix):
        if lock.name == "broken":
            raise InterlockError("no such wheel")
        return make_environment(prefix)

    locks = [subject(tmp_path, "broken"), subject(tmp_path, "sound")]
    report = prove_all(locks, means(install=install, machine=Machine()))
    assert [(lock.profile, lock.verdict) for lock in report.locks] == [
        ("broken", "failed"),
        ("sound", "imports only"),
    ]
    assert report.locks[0].why == "install: no such wheel"
    assert report.exit_code == 1


def test_on_a_machine_without_a_gpu_nothing_is_verified(tmp_path, means):
    report = prove_all([subject(tmp_path)], means(machine=Machine()))
    lock = report.locks[0]
    assert (lock.verdict, lock.evidence, report.exit_code) == ("imports only", None, 0)
    assert lock.why == (
        "this machine has no NVIDIA GPU, so only the import half of each probe ran and nothing is verified"
    )
    assert all(check.name != "torch.fft" for probe in lock.probes for check in probe.checks)


def test_a_cpu_lock_is_only_imported_where_there_is_a_gpu(tmp_path, means):
    lock = prove(subject(tmp_path, gpu=False), means())
    assert (lock.verdict, lock.evidence) == ("imports only", None)
    assert lock.why.startswith("this is a CPU lock")


def test_environments_are_removed_unless_kept(tmp_path, means):
    prove(subject(tmp_path), means(machine=Machine()))
    assert list((tmp_path / "work").iterdir()) == []
    prove(subject(tmp_path), means(machine=Machine(), keep=True))
    assert (tmp_path / "work" / "full-py312-env" / "bin" / "python").exists()


def test_a_real_run_becomes_evidence(tmp_path, means):
    report = prove_all([subject(tmp_path)], means(machine=REAL, probe_runner=real_probes))
    lock = report.locks[0]
    assert (lock.verdict, lock.why, report.exit_code) == ("verified", "", 0)
    write_report(report, tmp_path / "out")
    written = json.loads((tmp_path / "out" / "full-py312.json").read_bytes())
    assert written["result"] == "verified"
    assert written["gpu"]["uuid"] == "0" * 64
    assert report.table()[1][:2] == ("full-py312", "verified")


def test_wrong_numbers_are_a_verdict_of_their_own_and_told_first(tmp_path, means):
    def zeros(python, order, **_):
        probe = real_probe(order)
        detail = "error 1.0 is above the tolerance; TF32 allowed"
        checks = [
            msgspec.structs.replace(check, status="failed", figure=1.0, detail=detail)
            if check.name == "torch.matmul"
            else check
            for check in probe.checks
        ]
        return msgspec.structs.replace(probe, checks=tuple(checks))

    report = prove_all([subject(tmp_path)], means(machine=REAL, probe_runner=zeros))
    lock = report.locks[0]
    assert (lock.verdict, report.exit_code) == ("wrong numbers", 1)
    assert lock.evidence is not None and lock.evidence.result == "failed"
    assert lock.why.startswith("torch: wrong numbers without an error: torch.matmul; ")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"audit": lambda prefix: (ERROR,)}, "audit: clobber: two cudnn packages"),
        ({"pip_check": lambda python: (complaint("a 1 requires b"),)}, "pip check: a 1 requires b"),
    ],
)
def test_audit_and_pip_check_have_a_say(tmp_path, means, fields, why):
    lock = prove(subject(tmp_path), means(machine=REAL, probe_runner=real_probes, **fields))
    assert lock.verdict == "failed"
    assert lock.evidence is not None and lock.evidence.result == "failed"
    assert lock.evidence.problems[0] == why


NCCL_BOUND = "tensorflow 2.21.0 has requirement nvidia-nccl-cu12>=2.27.7, but you have nvidia-nccl-cu12 2.26.2."


def test_warnings_and_relaxed_bounds_do_not_hinder(tmp_path, means):
    made = means(
        machine=REAL,
        probe_runner=real_probes,
        audit=lambda prefix: (WARNING,),
        pip_check=lambda python: (complaint(NCCL_BOUND),),
    )
    lock = prove(subject(tmp_path, relaxed=("nvidia-nccl-cu12",)), made)
    assert lock.verdict == "verified"
    assert lock.findings == (WARNING,)
