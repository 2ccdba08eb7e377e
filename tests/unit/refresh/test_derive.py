"""Renewed rows, written among the others of their file."""

from __future__ import annotations

from pathlib import Path

from wheel_shelf import tensorflow_row

from solver.matrix.row_files import read_entries
from solver.matrix.rows import Build
from solver.refresh.derive import Renewal, write_renewal


def test_renewed_rows_are_put_among_the_others_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.yaml").write_text(
        "# Ours.\n# Two lines.\nversion: 1\nrows:\n"
        '- {id: mine, source: x, package: tensorflow, version: "2.30.0", platform: linux-64, cuda: none}\n'
    )
    row = tensorflow_row()
    assert write_renewal(Renewal(rows={"tensorflow": (row,)}), tmp_path) == [tmp_path / "tensorflow.yaml"]
    written = (tmp_path / "tensorflow.yaml").read_text()
    assert written.startswith("# Ours.\n# Two lines.\nversion: 1\nrows:\n- id: tensorflow-2.13.0\n")
    assert [path.name for path in tmp_path.iterdir()] == ["tensorflow.yaml"]
    entries = read_entries(tmp_path / "tensorflow.yaml", "tensorflow.yaml", Build)
    assert [entry.row.id for entry in entries] == ["tensorflow-2.13.0", "mine"]
    assert entries[0].row == row


def test_a_renewal_makes_the_folder_and_the_file(tmp_path: Path) -> None:
    write_renewal(Renewal(rows={"tensorflow": (tensorflow_row(),)}), tmp_path / "matrices")
    text = (tmp_path / "matrices" / "tensorflow.yaml").read_text()
    assert text.startswith(
        "# Laid over the built-in rows; rows marked derived are renewed by `interlock refresh`.\nversion: 1\n"
    )
