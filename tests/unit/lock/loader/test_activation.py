"""The loader wheel without code: what it holds, when there is one, and what its scripts do where less is needed."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from io import BytesIO
from pathlib import PurePosixPath

import pytest

from solver.core.led import LoaderPlan, Preload, activated, plan_of
from solver.core.model import pypi_name
from solver.lock.loader.activation import activation_files
from solver.lock.loader.wheel import activation_wheel
from solver.matrix.rows import Build, Library

SITE = PurePosixPath("/env/lib/python3.12/site-packages")


def library(name: str, *needs: str) -> Library:
    return Library(
        id=name,
        source="test",
        library=name,
        cuda=12,
        distribution=f"nvidia-{name}-cu12",
        directory=f"nvidia/{name}" if name == "nvcc" else f"nvidia/{name}/lib",
        sonames=() if name == "nvcc" else (f"lib{name}.so.12",),
        needs=needs,
    )


LIBRARIES = (library("cudnn"), library("cusolver", "cublas"), library("cublas"), library("nvcc"))
PINS = {pypi_name(row.distribution): "1.0" for row in LIBRARIES}


def build(*runpath: str) -> Build:
    return Build(
        id="tensorflow",
        source="test",
        package="tensorflow",
        version="2.21.0",
        platform="linux-64",
        python=("3.12",),
        cuda="12.5",
        cudnn="9.3",
        opens=("cudnn", "cusolver"),
        runpath=runpath,
    )


def held(wheel: tuple[str, bytes]) -> dict[str, str]:
    with zipfile.ZipFile(BytesIO(wheel[1])) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_it_names_each_folder_that_is_not_looked_in_and_of_what_lies_there_asks_for():
    made = activation_wheel(build("cudnn/lib"), LIBRARIES, PINS, "3.12")
    assert made is not None
    name, version, *_ = made[0].split("-")
    assert (name, version[:29]) == ("interlock_loader", "1+tf2.21.0.cu12.activation.h" + version[28])
    files = held(made)
    plan = json.loads(files["_interlock_loader.json"])
    assert (plan["activation"], plan["xla"]) == (True, "nvidia/nvcc")
    assert [row["directory"] for row in plan["preload"]] == ["nvidia/cublas/lib", "nvidia/cusolver/lib"]
    data = f"interlock_loader-{version}.data/data/etc/conda"
    scripts = [
        f"{data}/{when}.d/interlock-loader.{s}" for when in ("activate", "deactivate") for s in ("csh", "fish", "sh")
    ]
    assert [path for path in files if "data" in path] == scripts
    folders = '__interlock_folders="$__interlock_site/nvidia/cublas/lib:$__interlock_site/nvidia/cusolver/lib"'
    assert folders in files[f"{data}/activate.d/interlock-loader.sh"]
    assert "Requires-Python: ==3.12.*" in files[f"interlock_loader-{version}.dist-info/METADATA"]
    assert not any(path.endswith((".py", ".pth")) for path in files)


def test_where_all_is_found_there_is_none():
    pins = {name: version for name, version in PINS.items() if name != "nvidia-nvcc-cu12"}
    assert activation_wheel(build("cudnn/lib", "cusolver/lib"), LIBRARIES, pins, "3.12") is None
    assert activation_wheel(None, LIBRARIES, PINS, "3.12") is None


def test_no_mark_of_a_template_is_left():
    for xla in (None, "nvidia/nvcc"):
        assert not any("@" in text for text in activation_files(["nvidia/a/lib"], xla, "3.12").values())


@pytest.mark.parametrize("shell", ["sh", "fish"])
@pytest.mark.parametrize("xla", [None, "nvidia/nvcc"])
def test_without_a_folder_the_path_is_left_alone(tmp_path, shell, xla):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not here")
    lines = []
    for path, text in activation_files([], xla, "3.12").items():
        if path.endswith(f".{shell}"):
            (tmp_path / path).parent.mkdir(parents=True)
            (tmp_path / path).write_text(text)
            lines += [f". {tmp_path / path}", 'echo "path: $LD_LIBRARY_PATH, flags: $XLA_FLAGS"']
    for before in ("", "/opt"):
        environ = {"PATH": "/usr/bin:/bin", "CONDA_PREFIX": "/env", **({"LD_LIBRARY_PATH": before} if before else {})}
        done = subprocess.run([shell, "-c", "\n".join(lines)], env=environ, capture_output=True, text=True, check=False)
        flags = f'--xla_gpu_cuda_data_dir="{SITE}/nvidia/nvcc"' if xla else ""
        assert (done.stdout, done.stderr) == (f"path: {before}, flags: {flags}\npath: {before}, flags: \n", "")


PLAN = LoaderPlan((Preload("cudnn", "nvidia/cudnn/lib"), Preload("ops", "nvidia/cudnn/lib")), True, "nvidia/nvcc")


@pytest.mark.parametrize(
    ("plan", "environ", "expected"),
    [
        (None, {}, {}),
        (LoaderPlan(PLAN.preload), {}, {}),
        (LoaderPlan((), True), {"LD_LIBRARY_PATH": "/opt"}, {}),
        (
            PLAN,
            {},
            {
                "LD_LIBRARY_PATH": f"{SITE}/nvidia/cudnn/lib",
                "XLA_FLAGS": f'--xla_gpu_cuda_data_dir="{SITE}/nvidia/nvcc"',
            },
        ),
        (
            PLAN,
            {"LD_LIBRARY_PATH": "/opt", "XLA_FLAGS": "flags.txt"},
            {"LD_LIBRARY_PATH": f"{SITE}/nvidia/cudnn/lib:/opt"},
        ),
    ],
)
def test_what_activation_sets_told_without_a_shell(plan, environ, expected):
    assert activated(plan, SITE, environ) == expected


@pytest.mark.parametrize("text", [b"", b"[]", b'{"preload": 1}', b"[" * 100_000])
def test_what_is_no_plan(text):
    assert plan_of(text) is None
