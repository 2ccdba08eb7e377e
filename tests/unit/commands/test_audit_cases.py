"""Whole files of people, by the shipped rows: what is told of each, and nothing else."""

from __future__ import annotations

import shutil
from urllib.parse import urlsplit

import pytest
from paths import ROOT
from pypi_simple import PYPI_SIMPLE_ENDPOINT

from solver.audit.readers.parts import Choice
from solver.commands.audit import Given, audit_path

CASES = ROOT / "tests" / "data" / "cases"
GPU = {"gpu": ["9.0"], "driver": "580.65.06"}
UNREAD = (
    "nobody recorded what {} for, so that it is not known what else would be installed and whether it goes together"
)


@pytest.fixture
def told(tmp_path):
    """Severity, code and why of each finding for a file of a case, the default index's host filled in."""

    def tell(case, words=None):
        folder = tmp_path / "case"
        shutil.copytree((CASES / case).parent, folder)
        path = folder / (CASES / case).name
        path.write_text(path.read_text().replace("@DEFAULT_INDEX@", urlsplit(PYPI_SIMPLE_ENDPOINT).hostname))
        return [(one.severity, one.code, one.why) for one in audit_path(ROOT, Given(path), words or {}, {}).findings]

    return tell


@pytest.mark.parametrize(
    ("case", "unread"),
    [
        ("index-url-cpu/cpu.txt", "torch==2.8.0+cpu and torchvision==0.23.0+cpu ask"),
        ("index-url-cpu/extra-cpu.txt", "torch==2.8.0+cpu asks"),
    ],
)
def test_what_the_cpu_index_serves_is_a_cpu_build(case, unread, told):
    assert told(case, GPU) == [
        (
            "error",
            "cpu-build",
            "torch==2.8.0+cpu is a CPU build on linux-64, and the target has a GPU of compute capability 9.0",
        ),
        ("note", "metadata", UNREAD.format(unread)),
    ]


def test_what_an_index_of_a_cuda_serves_is_built_for_it(told):
    mixed, loader, _, _ = told("index-url-cpu/cu118.txt")
    # The extra brings CUDA 12 beside what torch brings.
    assert mixed == (
        "error",
        "mixed-cuda",
        "tensorflow==2.18.0 is built for CUDA 12.5 and torch==2.6.0+cu118 for CUDA 11.8: one process would hold both",
    )
    assert loader == (
        "note",
        "loader",
        "tensorflow==2.18.0 does not look in nvidia/cuda_cupti/lib and so does not find libcupti.so.12; it still sees "
        "the GPU, and its profiler does not",
    )


def test_the_same_version_of_another_index_is_not_known(told):
    assert told("other-index-same-version/pylock.toml") == [
        (
            "note",
            "unknown",
            "torch==2.11.0 comes from packages.example.com, a build that nobody knows; nothing was checked for it",
        )
    ]


@pytest.mark.parametrize("name", ["environment.yml", "requirements.txt"])
def test_the_python_of_an_open_list_is_one_that_its_wheels_are_for(name, told):
    assert told(f"python-of-an-open-file/{name}") == [("note", "metadata", UNREAD.format("torch==2.5.1+cu121 asks"))]


OLD_CUDNN = "tensorflow==2.18.0 was compiled with cuDNN 9.3; nvidia-cudnn-cu12==9.1.0.70, which it will load, is older"


@pytest.mark.parametrize(
    ("case", "part"),
    [
        ("uv-extra/uv.lock", "extra gpu"),
        ("uv-group/uv.lock", "group ml"),
        ("pixi-environment/pixi.lock", "environment gpu"),
        ("poetry-extra/poetry.lock", "extra gpu"),
    ],
)
def test_every_set_of_a_lock_is_looked_at_and_named(case, part):
    path = CASES / "lock-parts-not-looked-at" / case
    every = audit_path(ROOT, Given(path), {}, {})
    kind, name = part.split()
    chosen = audit_path(ROOT, Given(path, choice=Choice(**{f"{kind}s": (name,)})), {}, {})
    assert every.parts == ("the plain set", part)
    assert chosen.parts == ()
    for audited in (every, chosen):
        assert [(one.why, one.parts) for one in audited.findings if one.code == "cudnn-older-than-build"] == [
            (OLD_CUDNN, (part,))
        ]


@pytest.mark.parametrize("words", [{}, {"gpu": ["9.0"]}, {"python": "3.12"}, {"platform": "linux-64"}])
def test_a_driver_that_nobody_named_is_nobodys(words, told):
    assert told("driver-that-nobody-named/requirements.txt", words) == []


def test_a_driver_that_somebody_named_is_too_old(told):
    assert told("driver-that-nobody-named/requirements.txt", {"driver": "525.60.13"}) == [
        (
            "error",
            "driver",
            "torch==2.12.0 is built for CUDA 13.0, which needs driver 580.65.06 or newer; the target's driver is "
            "525.60.13",
        )
    ]


def test_what_condas_tensorflow_asks_for_is_no_leftover(told):
    assert told("conda-estimator-is-no-leftover/conda-lock.yml") == []
