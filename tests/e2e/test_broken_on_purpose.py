"""A lock broken on purpose, full-py312 without its loader wheel, as an H200 saw it: each judge says no."""

from __future__ import annotations

import pytest
from paths import DATA

from solver.audit.package_set import Package, PackageSet
from solver.audit.run import audit
from solver.core.answer import Answer
from solver.core.model import Target, pypi_name
from solver.index.snapshot import SnapshotIndex
from solver.matrix.load import load_matrices, matrices_dir
from solver.proof.compare import compare
from solver.proof.evidence import Evidence
from solver.proof.evidence_files import read_evidence
from solver.proof.predict import predict

RECORD = DATA / "full-py312-without-loader-h200.json"


@pytest.fixture(scope="module")
def seen() -> Evidence:
    return read_evidence(RECORD)


@pytest.fixture(scope="module")
def matrices():
    return load_matrices()


def test_the_run_says_no_where_tensorflow_comes_first(seen) -> None:
    assert seen.result == "failed"
    assert {probe.name: probe.ok for probe in seen.probes} == {
        "torch": True,
        "tensorflow": False,
        "torch-tensorflow": True,
        "tensorflow-torch": False,
    }
    devices = [check for probe in seen.probes for check in probe.checks if check.name == "tensorflow.devices"]
    assert [(check.status, check.detail) for check in devices if check.status == "failed"] == [
        ("failed", "Wrong: tensorflow sees no GPU"),
        ("failed", "Wrong: tensorflow sees no GPU"),
    ]


def test_the_audit_had_said_so_before(seen, matrices) -> None:
    packages = tuple(
        Package(name=pypi_name(name), version=version) for name, version in seen.packages.items() if name != "python"
    )
    held = PackageSet(kind="freeze", file="the set", packages=packages, python="3.12", closed=True)
    index = SnapshotIndex(matrices_dir() / "snapshot")
    errors = [one for one in audit(held, matrices, index, Target(python="3.12")) if one.severity == "error"]
    assert [(one.code, one.packages) for one in errors] == [
        ("loader", ("nvidia-cusolver-cu12==11.7.3.90", "tensorflow==2.21.0"))
    ]
    assert "libcusolver.so.11" in errors[0].why


def test_the_prediction_agrees_with_what_was_seen(seen, matrices) -> None:
    prediction = predict(seen.packages, seen.gpu.capability, seen.driver, matrices)
    assert prediction.probes == {
        "torch": Answer.YES,
        "tensorflow": Answer.NO,
        "torch-tensorflow": Answer.YES,
        "tensorflow-torch": Answer.NO,
    }
    assert compare(prediction, seen) == ()
