"""Evidence becomes rows."""

from __future__ import annotations

from real_evidence import real_evidence

from solver.matrix.load import load_matrices
from solver.proof.learn import learn
from solver.proof.records import encode


def test_learning_writes_a_row_for_each_verified_lock(tmp_path):
    folder = tmp_path / "locks" / "full-py312" / "evidence"
    folder.mkdir(parents=True)
    (folder / "a.json").write_bytes(encode(real_evidence()))
    failed = real_evidence(result="failed", problems=("torch: SIGSEGV",), driver="550.1")
    (folder / "b.json").write_bytes(encode(failed))
    (row,) = learn(tmp_path / "locks", tmp_path / "matrices" / "verified.yaml")
    assert row.id == "verified-full-py312-nvidia-h200-580.159.04"
    assert row.packages["nvidia-cudnn-cu12"] == "9.10.2.21"
    assert row in load_matrices(tmp_path / "matrices").verified
