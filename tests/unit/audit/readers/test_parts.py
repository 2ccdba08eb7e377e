"""The sets that live in one lock: all of them are read, and options choose one."""
# ruff: noqa: E501 - a lock has long lines

from __future__ import annotations

import json
from textwrap import dedent

import pytest

from solver.audit.inputs import read_sets
from solver.audit.readers.parts import EVERY, Choice
from solver.core.errors import BadInput
from solver.core.model import Target

CONDA = "https://conda.anaconda.org/conda-forge"
UV = """
    version = 1
    requires-python = ">=3.12"
    conflicts = [[
        { package = "demo", extra = "cpu" },
        { package = "demo", extra = "gpu" },
    ]]

    [[package]]
    name = "demo"
    version = "0.1.0"
    source = { editable = "." }
    dependencies = [
        { name = "torch", version = "2.6.0+cpu", marker = "extra == 'extra-4-demo-cpu' and extra != 'extra-4-demo-gpu'" },
        { name = "six" },
    ]

    [package.optional-dependencies]
    all = [{ name = "demo", extra = ["gpu"] }, { name = "demo", extra = ["all"] }]
    cpu = [{ name = "torch", version = "2.6.0+cpu" }]
    gpu = [{ name = "torch", version = "2.6.0" }]

    [package.dev-dependencies]
    dev = [{ name = "pytest" }]
    docs = [{ name = "sphinx" }]

    [[package]]
    name = "pytest"
    version = "9.0.0"
    [[package]]
    name = "six"
    version = "1.17.0"
    [[package]]
    name = "sphinx"
    version = "8.1.3"
    [[package]]
    name = "torch"
    version = "2.6.0"
    [[package]]
    name = "torch"
    version = "2.6.0+cpu"
"""
POETRY = """
    [[package]]
    name = "ruff"
    version = "0.9.0"
    optional = false
    python-versions = "*"
    groups = ["dev"]
    files = []

    [[package]]
    name = "six"
    version = "1.17.0"
    optional = true
    python-versions = "*"
    groups = ["main", "dev"]
    markers = {main = "extra == \\"gpu\\"", dev = "sys_platform == \\"win32\\""}
    files = []

    [extras]
    gpu = ["six"]

    [metadata]
    lock-version = "2.1"
    python-versions = ">=3.10"
"""
OLD_POETRY = """
    [[package]]
    name = "numpy"
    version = "2.1.3"
    optional = false
    python-versions = "*"
    files = []

    [[package]]
    name = "torch"
    version = "2.6.0"
    optional = true
    python-versions = "*"
    files = []

    [package.dependencies]
    numpy = "*"
    sympy = "1.13.1"

    [[package]]
    name = "sympy"
    version = "1.13.1"
    optional = true
    python-versions = "*"
    files = []

    [extras]
    gpu = ["torch"]

    [metadata]
    lock-version = "2.0"
    python-versions = ">=3.10"
"""
PIXI = f"""
    version: 6
    environments:
      gpu:
        packages:
          linux-64:
          - conda: {CONDA}/linux-64/python-3.11.11-h9e4cc4f_1_cpython.conda
      default:
        packages:
          osx-arm64: []
          win-64: []
          linux-64:
          - conda: {CONDA}/linux-64/zlib-1.3.1-h0_0.conda
    packages:
    - conda: {CONDA}/linux-64/python-3.11.11-h9e4cc4f_1_cpython.conda
    - conda: {CONDA}/linux-64/zlib-1.3.1-h0_0.conda
"""
CONDA_LOCK = f"""
    version: 1
    package:
    - {{name: zlib, version: 1.3.1, manager: conda, platform: linux-64, category: main,
       url: "{CONDA}/linux-64/zlib-1.3.1-h0_0.conda"}}
    - {{name: pytest, version: 9.0.0, manager: conda, platform: linux-64, category: dev, optional: true,
       url: "{CONDA}/noarch/pytest-9.0.0-h0_0.conda"}}
    - {{name: zlib, version: 1.3.1, manager: conda, platform: linux-aarch64, category: main,
       url: "{CONDA}/linux-aarch64/zlib-1.3.1-h0_0.conda"}}
"""
PDM = """
    [metadata]
    groups = ["default", "gpu"]
    lock_version = "4.5.0"

    [[package]]
    name = "six"
    version = "1.17.0"
    groups = ["default"]

    [[package]]
    name = "torch"
    version = "2.6.0"
    groups = ["gpu"]
"""
PIPFILE = json.dumps(
    {"_meta": {}, "default": {"six": {"version": "==1.17.0"}}, "develop": {"torch": {"version": "==2.6.0"}}}
)


def _sets(text, folder, choice=EVERY, target=None):
    sets = read_sets(folder / "a.lock", target, text=dedent(text).lstrip(), choice=choice)
    return {one.part: [package.pin for package in one.packages] for one in sets}


@pytest.mark.parametrize(
    ("text", "sets"),
    [
        (
            UV,
            {
                "": ["pytest==9.0.0", "six==1.17.0"],
                "extra all": ["pytest==9.0.0", "six==1.17.0", "torch==2.6.0"],
                "extra cpu": ["pytest==9.0.0", "six==1.17.0", "torch==2.6.0+cpu"],
                "extra gpu": ["pytest==9.0.0", "six==1.17.0", "torch==2.6.0"],
                "group docs": ["pytest==9.0.0", "six==1.17.0", "sphinx==8.1.3"],
            },
        ),
        (POETRY, {"": ["ruff==0.9.0"], "extra gpu": ["ruff==0.9.0", "six==1.17.0"]}),
        (OLD_POETRY, {"": ["numpy==2.1.3"], "extra gpu": ["numpy==2.1.3", "torch==2.6.0", "sympy==1.13.1"]}),
        (PIXI, {"": ["zlib==1.3.1"], "platform win-64": [], "environment gpu": ["python==3.11.11"]}),
        (
            CONDA_LOCK,
            {
                "": ["zlib==1.3.1"],
                "group dev": ["zlib==1.3.1", "pytest==9.0.0"],
                "platform linux-aarch64": ["zlib==1.3.1"],
                "group dev, platform linux-aarch64": ["zlib==1.3.1"],
            },
        ),
        (PDM, {"": ["six==1.17.0"], "group gpu": ["six==1.17.0", "torch==2.6.0"]}),
        (PIPFILE, {"": ["six==1.17.0"], "group develop": ["six==1.17.0", "torch==2.6.0"]}),
    ],
)
def test_every_set_of_a_lock_is_read(text, sets, tmp_path):
    assert _sets(text, tmp_path) == sets


@pytest.mark.parametrize(
    ("text", "choice", "target", "sets"),
    [
        (
            UV,
            Choice(extras=("gpu",), groups=("docs",)),
            None,
            {"extra gpu, group docs": ["pytest==9.0.0", "six==1.17.0", "sphinx==8.1.3", "torch==2.6.0"]},
        ),
        (POETRY, Choice(groups=("main",)), None, {"group main": []}),
        (POETRY, Choice(groups=("dev",)), Target(platform="win-64"), {"group dev": ["ruff==0.9.0", "six==1.17.0"]}),
        (PIXI, Choice(environments=("gpu",)), None, {"environment gpu": ["python==3.11.11"]}),
        (PIXI, EVERY, Target(platform="win-64"), {"": []}),
        (CONDA_LOCK, EVERY, Target(platform="linux-aarch64"), {"": ["zlib==1.3.1"], "group dev": ["zlib==1.3.1"]}),
    ],
)
def test_options_choose_one(text, choice, target, sets, tmp_path):
    assert _sets(text, tmp_path, choice, target) == sets


@pytest.mark.parametrize(
    ("text", "choice", "message"),
    [
        (UV, Choice(extras=("tpu",)), "--extra: the lock has no extra 'tpu'; it has all, cpu, gpu"),
        (
            UV,
            Choice(extras=("cpu", "gpu")),
            "conflicts: extra cpu, extra gpu cannot be installed together, as the lock says; choose one of them",
        ),
        (PIXI, Choice(environments=("tpu",)), "--environment: the lock has no environment 'tpu'; it has default, gpu"),
        (PIXI, Choice(extras=("gpu",)), "--extra: pixi.lock has no extras to choose from"),
        (
            "six==1.17.0\n",
            Choice(groups=("dev",)),
            "--group: requirements.txt or pip freeze output has no groups to choose from",
        ),
    ],
)
def test_what_the_lock_does_not_have_cannot_be_chosen(text, choice, message, tmp_path):
    with pytest.raises(BadInput) as caught:
        _sets(text, tmp_path, choice)
    assert str(caught.value) == f"{tmp_path / 'a.lock'}: {message}"
