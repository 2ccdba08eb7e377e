"""A user's folder opened: the request, rows of one's own, and which index is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from solver.commands.project import Reach, open_facts, open_project
from solver.core.errors import BadInput
from solver.index.layered import LayeredIndex
from solver.index.snapshot import SnapshotIndex

REQUEST = """\
name: mine
channels: [conda-forge]
dependencies:
  - python=${python}
  - pip
  - pip:
      - torch==${torch}
profiles:
  one: {python: "3.12", gpu: [MyCard]}
"""
ROW = """\
version: 1
rows:
- {id: gpu-mine, source: the label on the box, gpu: "9.9", architecture: Mine, products: [MyCard]}
"""


def test_rows_of_ones_own_are_used_by_the_request_and_the_search(tmp_path):
    (tmp_path / "environment.yml.in").write_text(REQUEST)
    (tmp_path / "matrices").mkdir()
    (tmp_path / "matrices" / "gpus.yaml").write_text(ROW)
    project = open_project(tmp_path)
    assert project.profile("one").target.gpus == ("9.9",)
    assert project.spaces.matrices is project.matrices
    assert project.matrices.row("gpu-mine").source == "the label on the box"
    assert project.locks == tmp_path / "locks"


def test_a_channel_by_its_address_is_the_one_of_that_name(tmp_path, monkeypatch):
    monkeypatch.setenv("CONDA_CHANNEL_ALIAS", "https://mirror.example")
    forge, own = "https://conda.anaconda.org/conda-forge", "https://own.example/conda-forge"
    text = REQUEST.replace(", gpu: [MyCard]", "").replace("[conda-forge]", f"['{forge}', conda-forge, '{own}']")
    (tmp_path / "environment.yml.in").write_text(text + "  two: {channels: ['https://mirror.example/conda-forge']}\n")
    project = open_project(tmp_path)
    assert project.profile("one").channels == ("conda-forge", own)
    assert project.profile("two").channels == ("conda-forge",)


def test_without_a_request(tmp_path):
    with pytest.raises(BadInput, match="there is no request here"):
        open_project(tmp_path)


def test_an_unknown_profile_is_told_with_those_that_there_are(tmp_path):
    (tmp_path / "environment.yml.in").write_text(REQUEST.replace(", gpu: [MyCard]", ""))
    with pytest.raises(BadInput) as caught:
        open_project(tmp_path).profile("two")
    assert str(caught.value).endswith("profiles: there is no profile two; choose from one")


def test_facts_need_no_request(tmp_path):
    matrices, index, snapshot = open_facts(tmp_path)
    assert index is snapshot
    assert isinstance(snapshot, SnapshotIndex)
    assert matrices.builds


def test_live_asks_the_index_only_behind_the_snapshot(tmp_path):
    _, index, snapshot = open_facts(tmp_path, reach=Reach.LACKING)
    assert isinstance(index, LayeredIndex)
    assert index.recorded is snapshot


def test_opening_writes_nothing(tmp_path):
    (tmp_path / "environment.yml.in").write_text(REQUEST.replace(", gpu: [MyCard]", ""))
    open_project(tmp_path)
    assert [path.name for path in Path(tmp_path).iterdir()] == ["environment.yml.in"]
