"""The form in which rows are written: reviewable, and read back as the same rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.matrix.row_files import read_entries
from solver.matrix.rows import Build, Library, Observation
from solver.matrix.write import header_of, matrix_text, write_matrix

ROW = Build(
    id="tensorflow-2.21.0",
    source="wheel tensorflow-2.21.0-cp310-cp310-manylinux_2_27_x86_64.whl (build_info.py, METADATA, RUNPATH, symbols)",
    package="tensorflow",
    version="2.21.0",
    platform="linux-64",
    python=("3.10", "3.11"),
    cuda="12.5",
    cudnn="none",
    sm=(),
    opens=("cudart", "yes"),
    runpath=(
        "a_folder_with_a_long_name/lib",
        "another_folder_with_a_long_name/lib",
        "a_third_folder_with_a_long_name/lib",
        "x",
    ),
    asks={"nvidia-cublas-cu12": ">=12.5.3.2,<13.0"},
)


def test_one_key_a_line_short_lists_in_one_and_no_defaults() -> None:
    assert matrix_text([ROW], "First.\n\nSecond.") == (
        """# First.
#
# Second.
version: 1
rows:
- id: tensorflow-2.21.0
  source: >-
    wheel tensorflow-2.21.0-cp310-cp310-manylinux_2_27_x86_64.whl (build_info.py, METADATA, RUNPATH, symbols)
  package: tensorflow
  version: "2.21.0"
  platform: linux-64
  python: ["3.10", "3.11"]
  cuda: "12.5"
  cudnn: none
  sm: []
  opens: [cudart, "yes"]
  runpath:
  - a_folder_with_a_long_name/lib
  - another_folder_with_a_long_name/lib
  - a_third_folder_with_a_long_name/lib
  - x
  asks:
    nvidia-cublas-cu12: ">=12.5.3.2,<13.0"
"""
    )


def test_no_rows_are_an_empty_list() -> None:
    assert matrix_text([]) == "version: 1\nrows: []\n"


def test_the_header_is_found_again() -> None:
    assert header_of(matrix_text([], "One.\n\nTwo: three")) == "One.\n\nTwo: three"
    assert header_of("version: 1\n# not above\n") == ""


def test_a_file_is_replaced_whole_and_no_part_is_left(tmp_path: Path) -> None:
    path = tmp_path / "tensorflow.yaml"
    path.write_text("old")
    write_matrix(path, [ROW], "x")
    assert [entry.row for entry in read_entries(path, "x", Build)] == [ROW]
    assert [each.name for each in tmp_path.iterdir()] == ["tensorflow.yaml"]


words = st.text(min_size=1, max_size=12).filter(lambda text: not any("\ud800" <= sign <= "\udfff" for sign in text))
texts = words | st.lists(words, min_size=8, max_size=40).map(" ".join)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("written")


@given(data=st.data())
def test_any_row_is_read_back_as_it_was(folder: Path, data: st.DataObject) -> None:
    observation = Observation(
        id=data.draw(texts),
        source=data.draw(texts),
        packages=data.draw(st.dictionaries(words, texts, max_size=3)),
        seen=data.draw(texts),
        works=data.draw(st.booleans()),
    )
    library = Library(
        id="l",
        source=data.draw(texts),
        library="x",
        cuda=data.draw(st.integers(0, 99)),
        distribution="x",
        directory="x",
        sonames=tuple(data.draw(st.lists(texts, max_size=12))),
        same_minor=data.draw(st.booleans()),
    )
    for kind, row in ((Observation, observation), (Library, library)):
        path = folder / "file.yaml"
        path.write_text(matrix_text([row]), encoding="utf-8")
        assert [entry.row for entry in read_entries(path, "file.yaml", kind)] == [row]
