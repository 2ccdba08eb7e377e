"""The reader of pixi.lock."""

from __future__ import annotations

from textwrap import dedent

import pytest
from reading import HASH, pins, read

from solver.core.errors import BadInput
from solver.core.model import Target

PIXI = f"""
    version: 6
    environments:
      default:
        channels: [{{url: "https://conda.anaconda.org/conda-forge/"}}]
        packages:
          linux-64:
          - conda: https://conda.anaconda.org/conda-forge/linux-64/python-3.12.8-h9e4cc4f_1_cpython.conda
          - pypi: https://index.example/torch-2.10.0-cp312-cp312-manylinux_2_28_x86_64.whl
    packages:
    - conda: https://conda.anaconda.org/conda-forge/linux-64/python-3.12.8-h9e4cc4f_1_cpython.conda
      sha256: {HASH}
    - pypi: https://index.example/torch-2.10.0-cp312-cp312-manylinux_2_28_x86_64.whl
      name: torch
      version: 2.10
      sha256: {HASH}
      requires_dist: [filelock]
      requires_python: '>=3.10'
"""


@pytest.mark.parametrize(
    "change",
    [("version: 6", "version: 6"), ("version: 6", "version: 7\nplatforms:\n- name: linux-64")],
    ids=["6", "7"],
)
def test_pixi_lock(change, tmp_path):
    package_set = read(dedent(PIXI).replace(*change), tmp_path)
    assert (package_set.kind, package_set.platform, package_set.python) == ("pixi", "linux-64", "3.12")
    assert pins(package_set) == ["python==3.12.8", "torch==2.10"]  # the version as it is spelled, no number
    assert package_set.packages[1].requires == ("filelock",)


def test_pixi_lock_of_version_5(tmp_path):
    text = """
        version: 5
        environments:
          default:
            channels: []
            packages:
              linux-64:
              - conda: https://conda.anaconda.org/conda-forge/linux-64/python-3.12.8-h9e4cc4f_1_cpython.conda
        packages:
        - kind: conda
          name: python
          version: 3.12.8
          build: h9e4cc4f_1_cpython
          subdir: linux-64
          url: https://conda.anaconda.org/conda-forge/linux-64/python-3.12.8-h9e4cc4f_1_cpython.conda
    """
    assert pins(read(text, tmp_path)) == ["python==3.12.8"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (dedent(PIXI).replace("version: 6", "version: 8"),
         "a.file:1: version: expected version 5 to 7, found 8; update interlock, or write the lock with a pixi of that "
         "version"),
        (dedent(PIXI).replace("- pypi: https://index.example/torch", "- pypi: https://index.example/other", 1),
         "a.file:8: environments.default.packages.linux-64[1]: expected conda or pypi with an address that packages "
         "lists; write the lock anew with the tool that made it"),
    ],
)  # fmt: skip
def test_a_pixi_lock_that_cannot_be_read_is_named_with_line_and_key(text, message, tmp_path):
    with pytest.raises(BadInput) as caught:
        read(text, tmp_path)
    assert str(caught.value) == message


def test_a_platform_that_the_pixi_lock_does_not_serve(tmp_path):
    with pytest.raises(BadInput, match=r"the lock serves linux-64.*, not linux-aarch64"):
        read(PIXI, tmp_path, Target(platform="linux-aarch64"))
