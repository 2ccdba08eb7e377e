"""A profile's gpu_sharing block: what a lock gets of it."""

from __future__ import annotations

import subprocess

import msgspec
import pytest
import yaml
from paths import ROOT

from solver.commands.lock import Lock, make_lock
from solver.commands.project import open_project
from solver.core.model import GpuSharing
from solver.lock.loader.sharing import ACTIVATION

SHARING = GpuSharing(torch_fraction=0.4, tensorflow_limit_mb=4096, intra_threads=4, cudnn_benchmark=True)
VARIABLES = {
    "OMP_NUM_THREADS": "4",
    "TF_CUDNN_USE_AUTOTUNE": "1",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "TF_NUM_INTRAOP_THREADS": "4",
}


@pytest.fixture(scope="module")
def lock() -> Lock:
    project = open_project(ROOT)
    return make_lock(project, msgspec.structs.replace(project.profile("full-py312"), gpu_sharing=SHARING))


def test_variables_stand_in_environment_yml_and_in_the_activation_file(lock, tmp_path):
    assert yaml.safe_load(lock.files["environment.yml"])["variables"] == VARIABLES
    script = tmp_path / ACTIVATION
    script.write_bytes(lock.files[ACTIVATION])
    done = subprocess.run(
        ["sh", "-c", f". {script}; env"], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True
    )
    variables = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert {name: variables[name] for name in VARIABLES} == VARIABLES


def test_the_rest_stands_in_the_tiny_wheel_that_the_lock_names_with_its_hash(lock):
    (wheel,) = lock.wheels
    assert b'"torch_fraction": 0.4' in wheel.content
    assert b'"tensorflow_limit_mb": 4096' in wheel.content
    text = lock.files["requirements.txt"].decode()
    assert "--find-links ./wheels\n" in text
    assert f"interlock-loader=={wheel.version} \\\n    --hash=sha256:{wheel.sha256}\n" in text


def test_without_the_block_there_is_no_activation_file():
    project = open_project(ROOT)
    made = make_lock(project, project.profile("full-py312"))
    assert ACTIVATION not in made.files
    assert all(b"_interlock_sharing.py" not in wheel.content for wheel in made.wheels)
