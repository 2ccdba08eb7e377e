"""What the loader wheel holds, and when there is one."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import zipfile

import pytest
from packaging.utils import parse_wheel_filename

from solver.core.answer import NOT_KNOWN
from solver.core.model import GpuSharing, PypiName, pypi_name
from solver.lock.loader.wheel import loader_wheel
from solver.matrix.load import load_matrices
from solver.matrix.rows import Build, Library


def library(name: str, cuda: int = 12, needs: tuple[str, ...] = (), **fields: object) -> Library:
    distribution = str(fields.pop("distribution", f"nvidia-{name}-cu{cuda}"))
    return Library(
        id=f"{name}-{cuda}-{fields.get('versions', '')}",
        source="test",
        library=name,
        cuda=cuda,
        distribution=distribution,
        directory=str(fields.pop("directory", f"nvidia/{name}/lib")),
        sonames=fields.pop("sonames", (f"lib{name}.so.{cuda}",)),  # type: ignore[arg-type]
        needs=needs,
        **fields,  # type: ignore[arg-type]
    )


LIBRARIES = (
    library("cusolver", needs=("cublas", "cusparse", "nvjitlink")),
    library("cusparse", needs=("nvjitlink",)),
    library("nvjitlink"),
    library("cublas", needs=("cublaslt",)),
    library("cublaslt", distribution="nvidia-cublas-cu12", directory="nvidia/cublas/lib"),
    library("cudnn", versions="<9.0", sonames=("libcudnn.so.8",)),
    library("cudnn", versions=">=9.0", sonames=("libcudnn.so.9", "libcudnn_ops.so.9")),
    library("nvcc", directory="nvidia/cuda_nvcc", sonames=()),
    library("cusolver", cuda=13, directory="nvidia/cu13/lib"),
)
PINS = {pypi_name(row.distribution): "9.1" for row in LIBRARIES}


def build(**fields: object) -> Build:
    defaults = {
        "package": "tensorflow",
        "version": "2.21.0",
        "cuda": "12.5",
        "opens": ("cublas", "cublaslt", "cusolver", "cusparse", "cudnn", "nvcc"),
        "runpath": ("cublas/lib", "cusparse/lib", "cudnn/lib"),
    }
    return Build(
        id="tensorflow", source="test", platform="linux-64", python=("3.12",), cudnn="9.3", **{**defaults, **fields}
    )


def contents(wheel: tuple[str, bytes] | None) -> dict[str, str]:
    assert wheel is not None
    with zipfile.ZipFile(io.BytesIO(wheel[1])) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def hook_table(wheel: tuple[str, bytes] | None) -> tuple[list[str], str | None]:
    data = json.loads(contents(wheel)["_interlock_loader.json"])
    return [row["library"] for row in data["preload"]], data["xla"]


def test_a_library_that_the_runpath_misses_is_loaded_after_those_it_needs():
    assert hook_table(loader_wheel(build(), LIBRARIES, PINS)) == (
        ["cublaslt", "cublas", "nvjitlink", "cusparse", "cusolver"],
        "nvidia/cuda_nvcc",
    )


def test_a_release_that_finds_everything_needs_no_wheel():
    whole = ("cublas/lib", "cusolver/lib", "cusparse/lib", "cudnn/lib")
    assert loader_wheel(build(runpath=whole), LIBRARIES, PINS) is None


@pytest.mark.parametrize("runpath", [(), NOT_KNOWN], ids=["looks nowhere", "nobody read it"])
def test_a_release_without_runpath_gets_everything_it_opens(runpath):
    loaded, xla = hook_table(loader_wheel(build(runpath=runpath), LIBRARIES, PINS))
    assert loaded == ["cublaslt", "cublas", "cudnn", "nvjitlink", "cusparse", "cusolver"]
    assert xla == "nvidia/cuda_nvcc"


def test_where_nobody_read_what_is_opened_everything_installed_is_loaded():
    loaded, _ = hook_table(loader_wheel(build(opens=NOT_KNOWN, runpath=()), LIBRARIES, PINS))
    assert sorted(loaded) == ["cublas", "cublaslt", "cudnn", "cusolver", "cusparse", "nvjitlink"]


@pytest.mark.parametrize(
    ("version", "sonames"), [("8.9.7.29", ["libcudnn.so.8"]), ("9.3.0.75", ["libcudnn.so.9", "libcudnn_ops.so.9"])]
)
def test_the_row_of_the_pinned_version_is_taken(version, sonames):
    wheel = loader_wheel(build(runpath=()), LIBRARIES, {**PINS, PypiName("nvidia-cudnn-cu12"): version})
    data = json.loads(contents(wheel)["_interlock_loader.json"])["preload"]
    assert [row for row in data if row["library"] == "cudnn"] == [
        {"directory": "nvidia/cudnn/lib", "library": "cudnn", "sonames": sonames}
    ]


def test_what_the_lock_does_not_hold_is_not_asked_for():
    pins = {name: version for name, version in PINS.items() if name not in ("nvidia-nvcc-cu12", "nvidia-cusparse-cu12")}
    assert hook_table(loader_wheel(build(), LIBRARIES, pins)) == (["cublaslt", "cublas", "nvjitlink", "cusolver"], None)


def test_xla_gets_its_data_where_it_would_not_look_by_itself():
    elsewhere = (library("nvcc", directory="nvidia/cu12", sonames=()),)
    pins = {PypiName("nvidia-nvcc-cu12"): "12.9"}
    assert hook_table(loader_wheel(build(), elsewhere, pins)) == ([], "nvidia/cu12")


@pytest.mark.parametrize("cuda", [None, "11.8"], ids=["CPU build", "another CUDA major"])
def test_no_library_of_the_lock_concerns_the_build(cuda):
    assert loader_wheel(build(cuda=cuda, runpath=()), LIBRARIES, PINS) is None


def test_without_tensorflow_there_is_nothing_to_load():
    assert loader_wheel(None, LIBRARIES, PINS) is None
    assert loader_wheel(None, LIBRARIES, PINS, GpuSharing(), ["torch"]) is None


EVERYTHING = "cublaslt cublas cudart nvrtc cudnn cufft cupti curand cusparse cusolver"


@pytest.mark.parametrize(
    ("tensorflow", "expected"),
    [
        ("2.10.1", EVERYTHING),
        ("2.13.1", EVERYTHING),
        ("2.15.1", "cupti"),
        ("2.16.2", "cupti"),
        ("2.19.1", "cupti"),
        ("2.20.0", None),
        ("2.21.0", "cublaslt cublas nvjitlink cusparse cusolver"),
    ],
)
def test_the_shipped_rows(tensorflow, expected):
    """Before 2.20 no RUNPATH names the folder of CUPTI, which the profiler opens."""
    matrices = load_matrices()
    row = matrices.build("tensorflow", tensorflow, "linux-64")
    assert row is not None
    pins = {pypi_name(brings.distribution): "99" for brings in matrices.libraries}
    wheel = loader_wheel(row, matrices.libraries, pins)
    if expected is None:
        assert wheel is None
    else:
        loaded, xla = hook_table(wheel)
        assert (sorted(loaded), xla) == (sorted(expected.split()), "nvidia/cuda_nvcc")


def test_sharing_settings_travel_in_the_same_wheel():
    files = contents(loader_wheel(None, (), {}, GpuSharing(torch_fraction=0.5), ["torch"]))
    assert files["interlock_loader.pth"] == "import _interlock_loader\nimport _interlock_sharing\n"
    assert json.loads(files["_interlock_sharing.json"]) == {"version": 1, "torch_fraction": 0.5}
    assert json.loads(files["_interlock_loader.json"])["preload"] == []


def test_the_wheel_is_well_formed():
    wheel = loader_wheel(build(), LIBRARIES, PINS)
    files = contents(wheel)
    assert wheel is not None
    name, version, _, tags = parse_wheel_filename(wheel[0])
    assert (name, str(version)[:18], {str(tag) for tag in tags}) == (
        "interlock-loader",
        "1+tf2.21.0.cu12.h" + str(version)[17],
        {"py3-none-any"},
    )
    info = f"interlock_loader-{version}.dist-info"
    assert list(files) == [
        "_interlock_loader.json",
        "_interlock_loader.py",
        "interlock_loader.pth",
        "interlock_loader.py",
        f"{info}/METADATA",
        f"{info}/WHEEL",
        f"{info}/RECORD",
    ]
    assert files["interlock_loader.pth"] == "import _interlock_loader\n"
    assert f"Name: interlock-loader\nVersion: {version}\n" in files[f"{info}/METADATA"]
    for path, digest, size in csv.reader(files[f"{info}/RECORD"].splitlines()):
        if path.endswith("RECORD"):
            assert (digest, size) == ("", "")
            continue
        data = files[path].encode()
        expected = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        assert (digest, size) == (f"sha256={expected}", str(len(data)))


def test_the_bytes_depend_on_the_content_alone():
    first = loader_wheel(build(), LIBRARIES, PINS)
    assert first == loader_wheel(build(), tuple(reversed(LIBRARIES)), dict(reversed(PINS.items())))
    assert first is not None
    with zipfile.ZipFile(io.BytesIO(first[1])) as archive:
        for entry in archive.infolist():
            assert (entry.date_time, entry.compress_type) == ((1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED)


def test_another_content_has_another_version():
    names = {
        loader_wheel(row, LIBRARIES, PINS)[0]  # type: ignore[index]
        for row in (build(), build(version="2.22.0"), build(cuda="12.9"), build(runpath=()))
    }
    # the CUDA minor changes nothing that is loaded
    assert len(names) == 3
