"""The reader of @EXPLICIT files."""

from __future__ import annotations

import pytest
from reading import HASH, pins, read

from solver.core.errors import BadInput


def test_explicit_files_tell_order_platform_and_python(tmp_path):
    text = f"""
        # This file may be used to create an environment
        @EXPLICIT
        https://conda.anaconda.org/conda-forge/noarch/tzdata-2026a-h78e105d_0.conda#0123456789abcdef0123456789abcdef
        https://conda.anaconda.org/conda-forge/linux-64/python-3.12.8-h9e4cc4f_1_cpython.conda#sha256:{HASH}
        # pip torch @ https://index.example/torch-2.10.0-cp312-cp312-manylinux_2_28_x86_64.whl --hash=sha256:{HASH}
    """
    package_set = read(text, tmp_path)
    assert (package_set.kind, package_set.python, package_set.platform) == ("explicit", "3.12", "linux-64")
    assert (package_set.ordered, package_set.closed) == (True, True)
    assert pins(package_set) == ["tzdata==2026a", "python==3.12.8", "torch==2.10.0"]
    assert [package.hashes for package in package_set.packages] == [(), (HASH,), (HASH,)]


def test_an_explicit_file_that_cannot_be_read_is_named_with_its_line(tmp_path):
    with pytest.raises(BadInput) as caught:
        read("@EXPLICIT\nhttps://index.example/x.zip\n", tmp_path)
    assert str(caught.value) == (
        "a.file:2: expected the address of a .conda or .tar.bz2 archive, found 'https://index.example/x.zip'"
    )
