"""Predictions of locks, asked for and compared with evidence."""

from __future__ import annotations

import dataclasses

import pytest
from real_evidence import real_evidence
from standin_lock import evidence_of

from solver.commands import predict as page
from solver.commands.predict import predict_locks, with_predictions
from solver.commands.subject import subject_of
from solver.core.errors import BadInput
from solver.core.machine import Machine
from solver.matrix.load import load_matrices
from solver.proof.verify.one import LockReport
from solver.proof.verify.report import Report


def test_a_prediction_differing_from_evidence_is_told(lock):
    # The packages of a real run: the lock that stands here lacks CUDA's libraries.
    evidence = evidence_of(lock, packages=real_evidence().packages)
    report = LockReport(
        profile="full-py312", lock=evidence.lock, verdict="verified", why="", steps=(), evidence=evidence
    )

    def differences(packages):
        subject = dataclasses.replace(subject_of(lock), packages=packages)
        return with_predictions(Report(machine=Machine(), locks=(report,)), [subject], load_matrices())

    assert differences({**evidence.packages, "torch": "2.9.1"}).locks[0].prediction == ()
    without = {name: version for name, version in evidence.packages.items() if name != "interlock-loader"}
    assert differences(without).locks[0].prediction[0] == "tensorflow_sees_gpu: predicted no, seen yes"


def test_what_has_no_evidence_is_compared_with_nothing(lock):
    report = Report(
        machine=Machine(),
        locks=(LockReport(profile="full-py312", lock="a" * 64, verdict="imports only", why="", steps=()),),
    )
    assert with_predictions(report, [subject_of(lock)], load_matrices()) == report


SEEN = (
    "seen of torch 1.13.0 on 9.0: it warned, and then computed wrong numbers without an error "
    "(four ones plus one gave zeros)"
)


def test_predictions_need_a_gpu_to_predict_for(root, monkeypatch):
    monkeypatch.setattr(page, "this_machine", Machine)
    with pytest.raises(BadInput, match="this machine has no NVIDIA GPU to predict for"):
        predict_locks(root, ["full-py312"])
    with pytest.raises(BadInput, match="no driver is here that would go with it; name one"):
        predict_locks(root, ["full-py312"], gpu="9.0")
    predictions = predict_locks(root, (), gpu="5.0", driver="580.65.06")
    assert {name: one.sentences() for name, one in predictions.items()} == {
        "full-py312": (
            f"torch has no kernel for compute capability 5.0; {SEEN}",
            "TensorFlow has no kernel for compute capability 5.0",
            "TensorFlow alone sees no GPU: it does not find "
            "cudart, cublas, cublaslt, cufft, cusolver, cusparse, cudnn, cupti, nccl",
        )
    }
