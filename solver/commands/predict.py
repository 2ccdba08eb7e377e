"""Predictions of locks: what their probes will report, and where evidence differs from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from solver.commands.project import open_matrices
from solver.commands.subject import subjects_of
from solver.core.errors import BadInput
from solver.core.machine import this_machine
from solver.core.model import Target
from solver.lock.folder import read_folder
from solver.matrix.gpus import resolve_gpus
from solver.matrix.load import Matrices
from solver.proof.compare import compare
from solver.proof.predict import predict, predict_conda
from solver.proof.prediction import Prediction
from solver.proof.subject import Subject
from solver.proof.verify.one import LockReport
from solver.proof.verify.report import Report
from solver.request.target_words import parse_driver


def predict_locks(
    root: Path, names: Sequence[str], gpu: str | None = None, driver: str | None = None
) -> dict[str, Prediction]:
    """What the probes of locks (all where none is named) will report, on this machine's GPU or on the one named.

    ``gpu`` is a compute capability such as "9.0" or a product such as "RTX 4090", ``driver`` a release or a branch.
    Raises ``BadInput`` where one of them is neither here nor named, or is none.
    """
    matrices = open_matrices(root)
    gpu = None if gpu is None else _capability(gpu, matrices)
    driver = None if driver is None else parse_driver(driver, Target().platform, matrices)
    machine = this_machine()
    gpu = gpu or (machine.gpus[0].capability if machine.gpus else None)
    driver = driver or machine.driver or None
    if gpu is not None and driver is None:
        raise BadInput("no driver is here that would go with it", key="--gpu", fix="name one: --driver 580.65.06")
    if gpu is None or driver is None:
        fix = "name them with --gpu 9.0 --driver 580.65.06"
        raise BadInput("this machine has no NVIDIA GPU to predict for", key="--predict", fix=fix)
    return {one.profile: foretold(one, gpu, driver, matrices) for one in subjects_of(root, names)}


def _capability(name: str, matrices: Matrices) -> str:
    try:
        (capability,) = resolve_gpus([name], matrices.gpus)
    except BadInput as error:
        raise BadInput(error.problem, key="--gpu", fix=error.fix) from None
    return capability


def with_predictions(report: Report, subjects: Sequence[Subject], matrices: Matrices) -> Report:
    """The report with what differs from the predictions, lock by lock."""
    by_name = {subject.profile: subject for subject in subjects}

    def judged(lock: LockReport) -> LockReport:
        if lock.evidence is None:
            return lock
        evidence = lock.evidence
        prediction = foretold(by_name[lock.profile], evidence.gpu.capability, evidence.driver, matrices)
        return msgspec.structs.replace(lock, prediction=compare(prediction, evidence))

    return msgspec.structs.replace(report, locks=tuple(judged(lock) for lock in report.locks))


def foretold(subject: Subject, gpu: str, driver: str, matrices: Matrices) -> Prediction:
    """What the probes of one lock will report on a GPU (compute capability) with a driver."""
    lock = read_folder(subject.folder)
    target = lock.solution.target
    if lock.from_pip:
        return predict(subject.packages, gpu, driver, matrices, target.platform, target.python, lock.records)
    return predict_conda(lock.records, gpu, driver, matrices, target.platform, target.python)
