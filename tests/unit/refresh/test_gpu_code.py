"""What fat binaries tell: the GPUs, the PTX and the CUDA, however the bytes are cut."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.core.answer import NOT_KNOWN
from solver.matrix.rows import PtxVersion
from solver.refresh.gpu_code import GpuCode, capabilities, compiled_by

PTX, NATIVE = 1, 2
ROWS = (
    PtxVersion(id="ptx-8.5", source="s", ptx="8.5", cuda=("12.5", "12.6")),
    PtxVersion(id="ptx-9.0", source="s", ptx="9.0", cuda=("13.0",)),
)


def entry(kind: int, gpu: int, code: bytes = b"code", version: tuple[int, int] = (9, 0)) -> bytes:
    head = struct.pack("<HHIQIIHHI", kind, 0x0101, 64, len(code), 0, 0, version[1], version[0], gpu)
    return head.ljust(64, b"\0") + code


def fat_binary(*entries: bytes) -> bytes:
    whole = b"".join(entries)
    return struct.pack("<IHHQ", 0xBA55ED50, 1, 16, len(whole)) + whole


LIBRARY = (
    b"\x7fELF"
    + bytes(100)
    + fat_binary(entry(NATIVE, 75), entry(NATIVE, 90, bytes(200)), entry(PTX, 120))
    + b"\0Cuda compilation tools, release 12.8, V12.8.93\0"
    + struct.pack("<IHHQ", 0xBA55ED50, 1, 16, 999)  # the magic number by chance
    + b"no entry of a fat binary stands here, whatever the header promises"
    + fat_binary(entry(NATIVE, 100, version=(1, 8)), entry(PTX, 100, version=(8, 7)))
    + b"tools, release 12.9, V12.9.86"
)


def read(*parts: bytes) -> GpuCode:
    code = GpuCode()
    for part in parts:
        code.feed(part)
    return code


@given(st.lists(st.integers(0, len(LIBRARY)), max_size=30).map(sorted))
def test_the_cuts_between_parts_change_nothing(cuts):
    code = read(*(LIBRARY[start:end] for start, end in pairwise([0, *cuts, len(LIBRARY)])))
    assert (code.native, code.ptx, code.isas) == ({75, 90, 100}, {100, 120}, {"9.0", "8.7"})
    assert code.releases == {"12.8", "12.9"}


def test_code_that_holds_a_header_is_not_read_as_one():
    inner = fat_binary(entry(NATIVE, 50))
    assert read(fat_binary(entry(NATIVE, 90, inner))).native == {90}


def test_a_library_without_a_fat_binary_has_no_code():
    assert read(b"\x7fELF" + bytes(5000)) == GpuCode(_tail=bytes(64), _rest=bytes(64))


def test_the_numbers_of_gpus_are_compute_capabilities():
    assert capabilities({120, 75, 90}) == ("7.5", "9.0", "12.0")


@pytest.mark.parametrize(
    ("releases", "isas", "cuda"),
    [
        (("12.9", "12.10"), ("9.0",), "12.10"),
        ((), ("8.5", "9.0"), "13.0"),
        ((), ("8.5",), NOT_KNOWN),
        ((), ("9.9",), NOT_KNOWN),
        ((), (), NOT_KNOWN),
    ],
    ids=["signed", "by its PTX", "by one of two", "by no row", "by nothing"],
)
def test_what_compiled_code(releases, isas, cuda):
    assert compiled_by(releases, isas, ROWS) == cuda
