"""What conda tells of an environment."""

from __future__ import annotations

import json

import pytest
from reading import pins, read

from solver.core.errors import BadInput

TABLE = """
    # packages in environment at /opt/conda/envs/ml:
    #
    # Name                    Version                   Build  Channel
    _libgcc_mutex             0.1                 conda_forge    conda-forge
    numpy                     1.26.4          py311h64a7726_0    conda-forge
    python                    3.11.9          hb806964_0_cpython    conda-forge
    sqlite                    3.45.3               h2c6b66d_0
    tensorflow                2.18.0                   pypi_0    pypi
"""
MICROMAMBA = """
    List of packages in environment: "/opt/conda/envs/ml"

      Name    Version  Build                Channel
    ────────────────────────────────────────────────────
      python  3.11.9   hb806964_0_cpython   conda-forge
      numpy   1.26.4   py311h64a7726_0      conda-forge
"""
EXPORT = """
    # This file may be used to create an environment using:
    # $ conda create --name <env> --file <this file>
    # platform: linux-aarch64
    # created-by: conda 24.9.2
    numpy=1.26.4=py311h64a7726_0
    python=3.11.9=hb806964_0_cpython
    torch=2.6.0=pypi_0
"""


def _built(package_set):
    return [(package.pin, package.build, package.origin, package.line) for package in package_set.packages]


def test_the_table_of_conda_list(tmp_path):
    package_set = read(TABLE, tmp_path)
    assert (package_set.kind, package_set.python, package_set.closed) == ("conda list", "3.11", True)
    assert _built(package_set) == [
        ("-libgcc-mutex==0.1", "conda_forge", "conda", 4),
        ("numpy==1.26.4", "py311h64a7726_0", "conda", 5),
        ("python==3.11.9", "hb806964_0_cpython", "conda", 6),
        ("sqlite==3.45.3", "h2c6b66d_0", "conda", 7),
        ("tensorflow==2.18.0", None, "pypi", 8),
    ]


def test_the_table_of_micromamba(tmp_path):
    package_set = read(MICROMAMBA, tmp_path)
    assert (package_set.kind, package_set.python) == ("conda list", "3.11")
    assert pins(package_set) == ["python==3.11.9", "numpy==1.26.4"]


@pytest.mark.parametrize(
    ("place", "platform"),
    [
        ("C:\\Users\\me\\miniconda3\\envs\\tf", "win-64"),
        ("d:/conda/envs/tf", "win-64"),
        ("/opt/conda/envs/ml", None),
        ("/home/me/C:/x", None),
    ],
)
def test_the_folder_of_an_environment_tells_windows(place, platform, tmp_path):
    assert read(TABLE.replace("/opt/conda/envs/ml", place), tmp_path).platform == platform


def test_the_export_of_conda_list_tells_its_platform(tmp_path):
    package_set = read(EXPORT, tmp_path)
    assert (package_set.kind, package_set.python, package_set.platform) == ("conda list", "3.11", "linux-aarch64")
    assert _built(package_set) == [
        ("numpy==1.26.4", "py311h64a7726_0", "conda", 5),
        ("python==3.11.9", "hb806964_0_cpython", "conda", 6),
        ("torch==2.6.0", None, "pypi", 7),
    ]


def test_conda_list_as_json(tmp_path):
    entries = [
        {"name": "numpy", "version": "1.26.4", "build_string": "py311h64a7726_0", "channel": "conda-forge"},
        {"name": "python", "version": "3.11.9", "build_string": "h1_0_cpython", "platform": "win-64"},
        {"name": "torch", "version": "2.6.0", "build_string": "pypi_0", "channel": "pypi", "platform": "pypi"},
    ]
    package_set = read(json.dumps(entries), tmp_path)
    assert (package_set.kind, package_set.python, package_set.platform) == ("conda list", "3.11", "win-64")
    assert [one[:3] for one in _built(package_set)] == [
        ("numpy==1.26.4", "py311h64a7726_0", "conda"),
        ("python==3.11.9", "h1_0_cpython", "conda"),
        ("torch==2.6.0", None, "pypi"),
    ]


def test_a_row_without_a_build_is_named_with_its_line(tmp_path):
    with pytest.raises(BadInput) as caught:
        read("# Name  Version  Build  Channel\nnumpy 1.26.4\n", tmp_path)
    assert str(caught.value) == "a.file:2: expected name, version and build, found 'numpy 1.26.4'"
