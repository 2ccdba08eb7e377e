"""Addresses that an index told once."""

from __future__ import annotations

import pytest

from solver.core.answer import NOT_KNOWN
from solver.core.model import IndexFile
from solver.index.kept_addresses import AddressCache

FILE = IndexFile(filename="tool-1.0-py3-none-any.whl", sha256="a" * 64)
ADDRESS = "https://files.example/tool-1.0-py3-none-any.whl"


@pytest.fixture
def cache(tmp_path):
    cache = AddressCache(tmp_path, "https://index.example/simple/")
    cache.put(FILE, ADDRESS)
    return cache


def test_an_address_is_kept_by_the_hash_and_the_name_of_its_file(cache):
    assert cache.get(FILE) == ADDRESS
    assert cache.get(IndexFile(filename="tool-1.0-py3-none-any.whl", sha256="b" * 64)) is None
    assert cache.get(IndexFile(filename="tool-1.1-py3-none-any.whl", sha256="a" * 64)) is None
    assert cache.get(IndexFile(filename="tool-1.0-py3-none-any.whl", sha256=NOT_KNOWN)) is None


def test_what_one_index_told_is_not_believed_of_another(cache, tmp_path):
    assert AddressCache(tmp_path, "https://other.example/simple/").get(FILE) is None


def test_what_somebody_changed_is_not_believed(cache, tmp_path):
    (path,) = (path for path in tmp_path.rglob("*.whl") if path.is_file())
    path.write_bytes(path.read_bytes().replace(b"files.example", b"files.elsewhere"))
    assert cache.get(FILE) is None
