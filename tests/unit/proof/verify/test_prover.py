"""Whose results a run goes on with."""

from __future__ import annotations

from solver.proof.verify.prover import prover_digest


def test_another_row_makes_another_prover(tmp_path):
    rows = tmp_path / "matrices"
    digests = [prover_digest([rows])]
    rows.mkdir()
    for text in ("torch: []\n", "torch: [2.6]\n"):
        (rows / "torch.yaml").write_text(text)
        digests.append(prover_digest([rows]))
    (rows / "notes.txt").write_text("no row")
    assert len(set(digests)) == 3
    assert prover_digest([rows]) == digests[-1]
