"""Evidence becomes rows."""

from __future__ import annotations

from real_evidence import real_evidence

from solver.matrix.load import load_matrices
from solver.proof.learn import write_verified


def test_learning_writes_a_row_for_each_verified_lock(tmp_path):
    failed = real_evidence(result="failed", problems=("torch: SIGSEGV",), driver="550.1")
    (row,) = write_verified([real_evidence(), failed], tmp_path / "matrices" / "verified.yaml")
    assert row.id == "verified-full-py312-nvidia-h200-580.159.04"
    assert row.packages["nvidia-cudnn-cu12"] == "9.10.2.21"
    assert row in load_matrices(tmp_path / "matrices").verified
