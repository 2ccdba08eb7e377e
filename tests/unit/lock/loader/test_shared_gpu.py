"""A profile's gpu_sharing block: what a lock gets of it, and the probe that shows its limits to hold."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
import yaml
from paths import ROOT

from solver.commands.lock import Lock, make_lock
from solver.commands.project import open_project
from solver.core.model import GpuSharing, Profile, Target
from solver.lock.environment import sharing_variables
from solver.lock.loader.sharing import ACTIVATION
from solver.proof.probes import sharing_checks
from solver.proof.probes.recorder import MIB, Recorder

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
    told = subprocess.run(
        ["sh", "-c", f". {script}; env"], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True
    )
    found = dict(line.split("=", 1) for line in told.stdout.splitlines() if "=" in line)
    assert {name: found[name] for name in VARIABLES} == VARIABLES


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
    assert all(b"_interlock_sharing" not in wheel.content for wheel in made.wheels)


def test_the_block_outweighs_a_variable_and_a_cpu_profile_has_no_gpu_variable():
    sharing = GpuSharing(growth=False, intra_threads=2)
    profile = Profile(name="p", gpu_sharing=sharing, variables={"TF_FORCE_GPU_ALLOW_GROWTH": "true", "OWN": "1"})
    assert sharing_variables(profile) == {
        "TF_FORCE_GPU_ALLOW_GROWTH": "false", "OWN": "1", "OMP_NUM_THREADS": "2", "TF_NUM_INTRAOP_THREADS": "2",
    }  # fmt: skip
    cpu = msgspec.structs.replace(profile, cuda="none", target=Target(driver=None), variables={})
    assert sharing_variables(cpu) == {"OMP_NUM_THREADS": "2", "TF_NUM_INTRAOP_THREADS": "2"}


class Exhausted(Exception):
    pass


def probe(tmp_path: Path, settings: dict[str, object] | None, monkeypatch, torch_takes: float, tensorflow_takes: int):
    """The probe's answers where torch may take a share and tensorflow so many MB."""
    total = 1000 * MIB

    def empty(count, dtype, device):
        if count > torch_takes * total:
            raise RuntimeError("out of memory")

    def ones(shape):
        if shape[0] * 4 > tensorflow_takes * MIB:
            raise Exhausted("out of memory")
        return 1.0

    one = SimpleNamespace(min=lambda: SimpleNamespace(item=lambda: 1.0))
    cuda = SimpleNamespace(get_device_properties=lambda _: SimpleNamespace(total_memory=total))
    torch = SimpleNamespace(cuda=cuda, ones=lambda *_, **__: one, empty=empty, uint8="uint8")
    tf = SimpleNamespace(
        device=lambda _: pytest.MonkeyPatch.context(),
        ones=ones,
        reduce_min=float,
        errors=SimpleNamespace(ResourceExhaustedError=Exhausted),
    )
    monkeypatch.setattr(sharing_checks, "settings", lambda: settings)
    recorder = Recorder(str(tmp_path / "out"), ["torch", "tensorflow"], False)
    sharing_checks.Sharing(recorder, SimpleNamespace(torch=torch), SimpleNamespace(tf=tf)).on_gpu()
    return {check["name"]: check["status"] for check in recorder.result["checks"]}


def test_the_probe_takes_what_is_allowed_and_fails_where_more_is_given(tmp_path, monkeypatch):
    wanted = {"torch_fraction": 0.5, "tensorflow_limit_mb": 100}
    assert probe(tmp_path, wanted, monkeypatch, 0.5, 100 * 3 // 4) == {
        "sharing.torch": "ok", "sharing.tensorflow": "ok",
    }  # fmt: skip
    assert probe(tmp_path, wanted, monkeypatch, 1.0, 200) == {
        "sharing.torch": "failed", "sharing.tensorflow": "failed",
    }  # fmt: skip


def test_the_probe_skips_what_has_no_limit_and_makes_nothing_where_none_is_set(tmp_path, monkeypatch):
    assert set(probe(tmp_path, {"cudnn_benchmark": True}, monkeypatch, 1.0, 9999).values()) == {"skipped"}
    assert probe(tmp_path, None, monkeypatch, 1.0, 9999) == {}


def test_the_probe_reads_the_settings_that_the_wheel_installs(tmp_path, monkeypatch):
    assert sharing_checks.settings() is None
    (tmp_path / "_interlock_sharing.py").write_text("")
    (tmp_path / "_interlock_sharing.json").write_text(json.dumps({"version": 1, "torch_fraction": 0.4}))
    monkeypatch.syspath_prepend(str(tmp_path))
    assert sharing_checks.settings() == {"version": 1, "torch_fraction": 0.4}
