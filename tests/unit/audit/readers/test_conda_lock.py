"""The reader of conda-lock.yml."""

from __future__ import annotations

from textwrap import dedent

import pytest
from reading import HASH, pins, read

from solver.core.errors import BadInput
from solver.core.model import Target

CONDA_LOCK = f"""
    version: 1
    metadata:
      channels: [{{url: conda-forge, used_env_vars: []}}]
      platforms: [linux-64, win-64]
    package:
      - name: python
        version: 3.12.8
        manager: conda
        platform: linux-64
        dependencies: {{}}
        url: https://conda.anaconda.org/conda-forge/linux-64/python-3.12.8-h9e4cc4f_1_cpython.conda
        hash: {{md5: 7fd2fd79436d9b473812f14e86746844, sha256: {HASH}}}
        category: main
        optional: false
      - name: python
        version: 3.12.8
        manager: conda
        platform: win-64
        dependencies: {{}}
        url: https://conda.anaconda.org/conda-forge/win-64/python-3.12.8-h3f84c4b_1_cpython.conda
        hash: {{md5: 7fd2fd79436d9b473812f14e86746845}}
        category: main
        optional: false
      - name: pytest
        version: 9.0.0
        manager: conda
        platform: linux-64
        dependencies: {{}}
        url: https://conda.anaconda.org/conda-forge/noarch/pytest-9.0.0-pyhd8ed1ab_0.conda
        hash: {{md5: 7fd2fd79436d9b473812f14e86746846}}
        category: dev
        optional: true
      - name: torch
        version: 2.10.0
        manager: pip
        platform: linux-64
        dependencies: {{}}
        url: https://index.example/torch-2.10.0-cp312-cp312-manylinux_2_28_x86_64.whl
        hash: {{sha256: {HASH}}}
        category: main
        optional: false
"""


def test_conda_lock_gives_one_platform_and_only_what_is_installed(tmp_path):
    package_set = read(CONDA_LOCK, tmp_path)
    assert (package_set.kind, package_set.platform, package_set.python) == ("conda-lock", "linux-64", "3.12")
    assert pins(package_set) == ["python==3.12.8", "torch==2.10.0"]
    assert [package.origin for package in package_set.packages] == ["conda", "pypi"]
    windows = read(CONDA_LOCK, tmp_path, Target(platform="win-64"))
    assert [package.build for package in windows.packages] == ["h3f84c4b_1_cpython"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (dedent(CONDA_LOCK).replace("version: 1\n", "version: 2\n", 1),
         "a.file:1: version: expected version 1, found 2; update interlock, or write the older format"),
        (dedent(CONDA_LOCK).replace("manager: pip", "manager: gem"),
         "a.file:35: package[3].manager: expected conda or pip, found 'gem'"
         "; write the lock anew with the tool that made it"),
        (dedent(CONDA_LOCK).replace("name: torch", "title: torch"), "a.file:33: package[3].name: this key is missing"
         "; write the lock anew with the tool that made it"),
    ],
)  # fmt: skip
def test_a_conda_lock_that_cannot_be_read_is_named_with_line_and_key(text, message, tmp_path):
    with pytest.raises(BadInput) as caught:
        read(text, tmp_path)
    assert str(caught.value) == message


def test_a_platform_that_the_conda_lock_does_not_serve(tmp_path):
    with pytest.raises(BadInput, match=r"the lock serves linux-64.*, not linux-aarch64"):
        read(CONDA_LOCK, tmp_path, Target(platform="linux-aarch64"))
