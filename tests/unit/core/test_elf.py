"""What a shared library needs and where it looks."""

from __future__ import annotations

from io import BytesIO

import pytest
from elf_files import library
from paths import DATA

from solver.core.elf import Dynamic, read_dynamic


def test_a_dynamic_section_is_read_in_its_order() -> None:
    data = library(needed=["libb.so.1", "liba.so"], runpath="$ORIGIN:/x/lib")
    assert read_dynamic(BytesIO(data)) == Dynamic(needed=("libb.so.1", "liba.so"), runpath=("$ORIGIN", "/x/lib"))
    assert read_dynamic(BytesIO(library())) == Dynamic((), ())


def test_rpath_counts_where_there_is_no_runpath() -> None:
    assert read_dynamic(BytesIO(library(rpath="/old"))).runpath == ("/old",)
    assert read_dynamic(BytesIO(library(rpath="/old", runpath="/new"))).runpath == ("/new",)


def test_origin_is_the_folder_of_the_library() -> None:
    dynamic = Dynamic((), ("$ORIGIN/../nvidia", "${ORIGIN}", "/x"))
    assert dynamic.folders("site/tensorflow") == ("site/tensorflow/../nvidia", "site/tensorflow", "/x")


LIBRARY = library(needed=["liba.so"], runpath="$ORIGIN")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"MZ\x90", "Magic number does not match"),
        (LIBRARY[:70], "it is cut short"),
        (LIBRARY[:-1], "it is cut short"),
        (LIBRARY[:8], "it is cut short"),
        # A dynamic segment that lies beyond what any file holds.
        (LIBRARY[:128] + b"\xff" * 8 + LIBRARY[136:], "it is cut short"),
        # A place that pyelftools asserts to be there.
        ((DATA / "broken/prefix/AssertionError.libc10_cuda.so").read_bytes(), "it is damaged"),
    ],
)
def test_what_cannot_be_read_is_told(data: bytes, problem: str) -> None:
    with pytest.raises(ValueError) as caught:
        read_dynamic(BytesIO(data))
    assert str(caught.value) == problem
