"""What an index told of a file is kept below one folder, whatever the index says."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from solver.core.names import BadName
from solver.index.file_cache import FileCache

WHEEL = "a-1-py3-none-any.whl"


def tree(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("sha256", "filename"),
    [
        ("/tmp/ABS", WHEEL),
        ("../../../OUTSIDE", WHEEL),
        ("e" * 64 + "\n", WHEEL),
        ("e" * 64, "../../../OUTSIDE"),
        ("e" * 64, "/tmp/ABS"),
        ("e" * 64, "a\0b"),
    ],
)
def test_what_names_no_file_is_neither_written_nor_read(tmp_path, sha256, filename):
    # The values of the project refuse both; the cache does not count on that.
    file = SimpleNamespace(sha256=sha256, filename=filename)
    cache = FileCache(tmp_path / "cache" / "deep" / "down", "metadata", "http://index.example/")
    for ask in (lambda: cache.put(file, b"x"), lambda: cache.get(file)):
        with pytest.raises(BadName):
            ask()
    assert tree(tmp_path) == []
