"""The official sets of TensorFlow and its CUDA libraries, with the shipped rows; libraries that nothing brings."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from solver.audit.codes import loader
from solver.audit.inputs import read_given
from solver.audit.run import audit
from solver.core.model import Target
from solver.index.snapshot import SnapshotIndex
from solver.matrix.load import load_matrices

MATRICES = load_matrices()
EMPTY = SnapshotIndex(Path("nowhere"))
ROWS = {row.version: row for row in MATRICES.builds_of("tensorflow") if row.platform == "linux-64" and row.asks}


def told(version, *, without=(), environ=None, variables=None):
    """What the audit says of a TensorFlow's libraries, beside all that its and-cuda extra pins but ``without``."""
    row = ROWS[version]
    pins = [name + pin for name, pin in row.asks.items() if not any(part in name for part in without)]
    text = "\n".join([f"tensorflow=={version}", *pins]) + "\n"
    target = Target(python=row.python[0], driver="580.65.06", gpus=("9.0",))
    packages = replace(read_given(text, "requirements.txt", Path()), variables=tuple((variables or {}).items()))
    findings = audit(packages, MATRICES, EMPTY, target, environ)
    return [(one.severity, one.why) for one in findings if one.code == loader.CODE]


@pytest.mark.parametrize(
    "version",
    [version for version in ROWS if version.startswith(("2.14", "2.15", "2.16.2", "2.17", "2.18", "2.19"))],
)
def test_the_official_set_sees_the_gpu_and_its_profiler_does_not(version):
    soname = "libcupti.so.11.8" if version.startswith("2.14") else "libcupti.so.12"
    why = f"tensorflow=={version} does not look in nvidia/cuda_cupti/lib and so does not find {soname}"
    assert told(version) == [("note", f"{why}; it still sees the GPU, and its profiler does not")]


def test_the_one_release_that_looks_in_one_folder_alone_sees_no_gpu():
    ((severity, why),) = told("2.16.1")
    assert (severity, why.rpartition("; ")[2]) == ("error", "it then sees no GPU")


@pytest.mark.parametrize("without", [("cupti",), ("cupti", "nccl", "curand", "nvjitlink")])
def test_without_cupti_nccl_and_curand_the_gpu_is_seen(without):
    why = "nothing here brings libcupti.so.12 for tensorflow==2.18.0"
    assert told("2.18.0", without=without) == [("note", f"{why}, which still sees the GPU, and its profiler does not")]


@pytest.mark.parametrize(
    ("part", "soname"),
    [
        ("runtime", "libcudart.so.12"),
        ("cublas", "libcublas.so.12 and libcublasLt.so.12"),
        ("cufft", "libcufft.so.11"),
        ("cusolver", "libcusolver.so.11"),
        ("cusparse", "libcusparse.so.12"),
        ("cudnn", "libcudnn.so.9"),
    ],
)
def test_without_one_library_that_it_tries_first_no_gpu_is_seen(part, soname):
    why = f"nothing here brings {soname} for tensorflow==2.18.0, which therefore sees no GPU"
    assert ("error", why) in told("2.18.0", without=(part,))


def test_a_toolkit_that_the_environment_leads_to_may_bring_what_the_set_does_not():
    path = {"LD_LIBRARY_PATH": "/usr/local/cuda-12.5/lib64"}
    why = "so it is not known whether tensorflow==2.18.0 finds libcufft.so.11 and libcupti.so.12"
    assert told("2.18.0", without=("cufft",), variables=path) == [
        ("note", f"LD_LIBRARY_PATH leads to /usr/local/cuda-12.5/lib64, which nobody read, {why}")
    ]


BLIND = "nothing here brings libcufft.so.11 for tensorflow==2.18.0, which therefore sees no GPU"


def test_the_folder_of_a_package_is_no_toolkit():
    folder = {"LD_LIBRARY_PATH": "/env/lib/python3.11/site-packages/nvidia/cuda_cupti/lib"}
    assert told("2.18.0", variables=folder) == []
    assert told("2.18.0", without=("cufft",), variables=folder) == [("error", BLIND)]


def test_a_toolkit_of_this_machine_is_looked_into(tmp_path):
    (tmp_path / "libcupti.so.12").touch()
    here = {"LD_LIBRARY_PATH": f"/nowhere:{tmp_path}"}
    assert told("2.18.0", environ=here) == []
    assert told("2.18.0", without=("cufft",), environ=here) == [("error", BLIND)]
    (tmp_path / "libcufft.so.11").touch()
    assert told("2.18.0", without=("cufft",), environ=here) == []
