"""What was read of a matrix file once is not read of YAML again, and believed only as far as it fits."""

from __future__ import annotations

import pytest

from solver.core.errors import BadInput
from solver.matrix import row_files
from solver.matrix.row_files import entries_of
from solver.matrix.rows import Observation, PtxVersion

FILE = "matrices/ptx.yaml"
TEXT = b"""version: 1
rows:
- id: ptx-9.9
  source: nowhere
  ptx: "9.9"
  cuda: ["12.9"]
- {id: ptx-9.8, source: nowhere, ptx: "9.8", cuda: ["12.8"]}
"""


@pytest.fixture
def cache(own_cache):
    entries_of.cache_clear()
    yield own_cache / "matrices"
    entries_of.cache_clear()


@pytest.fixture
def first(cache):
    entries = entries_of(TEXT, FILE, PtxVersion)
    entries_of.cache_clear()
    return entries


def _no_yaml(text, file):
    raise AssertionError(f"{file} is read as YAML")


def test_the_second_process_reads_no_yaml(first, monkeypatch):
    monkeypatch.setattr(row_files, "parse_yaml", _no_yaml)
    assert entries_of(TEXT, FILE, PtxVersion) == first
    assert [(entry.row.id, entry.line) for entry in first] == [("ptx-9.9", 3), ("ptx-9.8", 7)]


def test_what_was_changed_on_the_disk_is_read_of_the_file(first, cache, monkeypatch):
    (kept,) = (path for path in cache.rglob("*") if path.is_file())
    kept.write_bytes(kept.read_bytes().replace(b"ptx-9.9", b"ptx-9.7"))
    assert entries_of(TEXT, FILE, PtxVersion) == first
    monkeypatch.setattr(row_files, "parse_yaml", _no_yaml)
    entries_of.cache_clear()
    assert entries_of(TEXT, FILE, PtxVersion) == first


def test_what_fits_no_more_is_told_with_its_place_in_the_file(first):
    with pytest.raises(BadInput) as caught:
        entries_of(TEXT, FILE, Observation)
    keys = "derived, gpu, id, packages, python, seen, source, works"
    assert str(caught.value) == f"{FILE}:5: row ptx-9.9, ptx: is not a key known here; the keys are {keys}"


def test_a_bad_file_is_not_kept(cache):
    with pytest.raises(BadInput, match="found 2"):
        entries_of(TEXT.replace(b"version: 1", b"version: 2"), FILE, PtxVersion)
    assert not cache.exists()
