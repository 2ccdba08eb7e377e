"""matrices learn reads the evidence beside the locks and writes the project's own rows."""

from __future__ import annotations

from real_evidence import real_evidence

from solver.commands.learn import learn
from solver.commands.project import open_matrices
from solver.proof.records import encode


def test_the_evidence_of_the_locks_becomes_rows_of_the_project(tmp_path):
    folder = tmp_path / "locks" / "full-py312" / "evidence"
    folder.mkdir(parents=True)
    (folder / "a.json").write_bytes(encode(real_evidence()))
    file, rows = learn(tmp_path)
    assert file == tmp_path / "matrices" / "verified.yaml"
    assert [row.id for row in rows] == ["verified-full-py312-nvidia-h200-580.159.04"]
    assert rows[0] in open_matrices(tmp_path).verified
