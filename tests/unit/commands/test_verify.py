"""From lock folders to subjects, evidence taken in, states and learned rows; and one whole offline run."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import msgspec
import pytest
from real_evidence import real_evidence
from standin_env import STANDINS

from solver.commands import verify as provepipe
from solver.commands.verify import find_python
from solver.core.errors import BadInput, CheckFailed
from solver.core.machine import Machine
from solver.core.wheelfile import pack_wheel
from solver.lock.install.prefix import install
from solver.lock.read import read_folder
from solver.lock.solution import installable_digest
from solver.matrix.load import load_matrices
from solver.proof.bundle.make import LockToCarry, make_bundle
from solver.proof.evidence import encode
from solver.proof.learn import learn
from solver.proof.verify import bundled, runner

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
SOLUTION = f"""version: 1
profile: full-py312
flavour: pip-in-conda
target: {{platform: linux-64, python: "{MINOR}", glibc: "2.28"}}
solution: {{python: "{MINOR}", cuda: "12.8"}}
notes: [{{package: nvidia-nccl-cu12, text: x, row: null, evidence: null}}]
"""


def standin_wheel(name, version):
    files = {f"{name}/__init__.py": (STANDINS / name / "__init__.py").read_bytes()}
    if name == "torch":
        files["standin_behaviour.py"] = (STANDINS / "standin_behaviour.py").read_bytes()
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    return pack_wheel(f"{name}-{version}", files, {"METADATA": metadata})


@pytest.fixture
def locks(tmp_path):
    """A lock of stand-ins whose wheels lie in its own folder, so that nothing is downloaded."""
    folder = tmp_path / "locks" / "full-py312"
    (folder / "wheels").mkdir(parents=True)
    lines = ["--find-links ./wheels"]
    for name, version in (("torch", "2.10.0"), ("tensorflow", "2.21.0"), ("numpy", "2.5.5")):
        filename, content = standin_wheel(name, version)
        (folder / "wheels" / filename).write_bytes(content)
        lines.append(f"{name}=={version} --hash=sha256:{hashlib.sha256(content).hexdigest()}")
    (folder / "requirements.txt").write_text("\n".join(lines) + "\n")
    (folder / "solution.yaml").write_text(SOLUTION)
    (folder / "environment.yml").write_text("name: full-py312\nvariables: {TF_FORCE_GPU_ALLOW_GROWTH: 'true'}\n")
    return folder.parent


def evidence_of(locks, **fields):
    return real_evidence(lock=read_folder(locks / "full-py312").digest, **fields)


def test_a_lock_folder_as_something_to_prove(locks):
    subject = provepipe.subject_of(locks / "full-py312")
    assert subject.packages == {"python": MINOR, "torch": "2.10.0", "tensorflow": "2.21.0", "numpy": "2.5.5"}
    assert (subject.gpu, subject.relaxed) == (True, ("nvidia-nccl-cu12",))
    assert subject.variables == {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}
    files = {path.relative_to(subject.folder).as_posix(): path.read_bytes() for path in subject.folder.rglob("*.*")}
    assert subject.digest == installable_digest(files)


def test_a_profile_without_a_lock_is_told(tmp_path):
    with pytest.raises(BadInput, match="this profile has no lock; make it with `interlock lock nothing`"):
        provepipe.subject_of(tmp_path / "nothing")


def test_evidence_is_taken_in_where_its_lock_is(locks, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.json").write_text("{}")
    (out / "full-py312.json").write_bytes(encode(evidence_of(locks)))
    (path,) = provepipe.admit_folder(out, locks)
    assert path == locks / "full-py312" / "evidence" / "nvidia-h200-580.159.04.json"
    # Evidence and pylock.toml are no part of what is installed, so the lock is the same.
    (locks / "full-py312" / "pylock.toml").touch()
    assert provepipe.gpu_states(locks) == {"full-py312": {"NVIDIA H200": "verified"}}
    with (locks / "full-py312" / "requirements.txt").open("a") as file:
        file.write("# changed\n")
    assert provepipe.gpu_states(locks) == {"full-py312": {"NVIDIA H200": "stale"}}
    with pytest.raises(BadInput, match="it is of another lock than"):
        provepipe.admit_folder(out, locks)


def test_learning_writes_a_row_for_each_verified_lock(locks, tmp_path):
    folder = locks / "full-py312" / "evidence"
    folder.mkdir()
    (folder / "a.json").write_bytes(encode(evidence_of(locks)))
    failed = evidence_of(locks, result="failed", problems=("torch: SIGSEGV",), driver="550.1")
    (folder / "b.json").write_bytes(encode(failed))
    before = read_folder(locks / "full-py312").digest
    (tmp_path / "matrices").mkdir()
    (row,) = learn(locks, tmp_path / "matrices" / "verified.yaml")
    assert row.packages["nvidia-cudnn-cu12"] == "9.10.2.21"
    assert row in load_matrices(tmp_path / "matrices").verified
    assert read_folder(locks / "full-py312").digest == before


def test_a_prediction_differing_from_evidence_is_told(locks):
    from solver.proof.verify.one import LockReport
    from solver.proof.verify.report import Report

    evidence = evidence_of(locks)
    lock = LockReport(profile="full-py312", lock=evidence.lock, verdict="verified", why="", steps=(), evidence=evidence)
    subject = provepipe.subject_of(locks / "full-py312")
    subject = type(subject)(**{**subject.__dict__, "packages": {**evidence.packages, "torch": "2.9.1"}})
    report = provepipe.with_predictions(Report(machine=Machine(), locks=(lock,)), [subject], load_matrices())
    assert report.locks[0].prediction == ()
    without = {name: version for name, version in evidence.packages.items() if name != "interlock-loader"}
    subject = type(subject)(**{**subject.__dict__, "packages": without})
    report = provepipe.with_predictions(Report(machine=Machine(), locks=(lock,)), [subject], load_matrices())
    assert report.locks[0].prediction[0] == "tensorflow_sees_gpu: predicted False, seen True"


def test_a_bundle_of_stand_ins_is_proved_up_to_what_needs_a_gpu(locks, tmp_path, monkeypatch):
    monkeypatch.setattr(provepipe, "this_machine", Machine)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    subject = provepipe.subject_of(locks / "full-py312")
    carry = LockToCarry(
        profile=subject.profile, folder=subject.folder, digest=subject.digest, python=MINOR, wheels=(),
        packages=subject.packages, relaxed=subject.relaxed, variables=subject.variables,
    )  # fmt: skip
    make_bundle([carry], tmp_path / "bundle", tool={}, interlock=pack_wheel("interlock-1", {}, {}))
    (carried,) = bundled.subjects(tmp_path / "bundle", [])
    assert carried.variables == {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}
    seen, environments = [], []
    real = runner.probe_environment

    def noted(*arguments):
        environments.append(real(*arguments))
        return environments[-1]

    monkeypatch.setattr(runner, "probe_environment", noted)
    report = provepipe.verify_bundle(tmp_path / "bundle", [], load_matrices(), work=tmp_path / "work", each=seen.append)
    lock = report.locks[0]
    assert [(step.name, step.status) for step in lock.steps if step.name != "audit"] == [
        ("install", "ok"),
        ("pip check", "ok"),
        ("probes", "ok"),
    ]
    assert [probe.name for probe in lock.probes] == ["torch", "tensorflow", "torch-tensorflow", "tensorflow-torch"]
    assert lock.evidence is None
    assert [len(one.locks) for one in seen] == [1]
    assert [one["TF_FORCE_GPU_ALLOW_GROWTH"] for one in environments] == ["true"] * 4


def test_a_wheel_that_is_not_the_locked_one_is_not_installed(locks, tmp_path, monkeypatch):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    filename, content = standin_wheel("numpy", "2.5.5")
    (locks / "full-py312" / "wheels" / filename).write_bytes(content + b"\0")
    (tmp_path / "wheels").mkdir()
    with pytest.raises(CheckFailed, match="is not the file that the lock names: none of its hashes for numpy fits"):
        install(
            locks / "full-py312",
            tmp_path / "env",
            python=find_python(MINOR),
            folder=tmp_path / "wheels",
            check_driver=False,
        )


def test_an_absent_python_is_told(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BadInput, match=r"there is no python 3\.99 on this machine"):
        find_python("3.99")


def test_predictions_need_a_gpu_to_predict_for(locks, monkeypatch):
    monkeypatch.setattr(provepipe, "this_machine", Machine)
    with pytest.raises(BadInput, match="this machine has no NVIDIA GPU to predict for"):
        provepipe.predict_locks(locks, ["full-py312"], load_matrices())
    told = provepipe.predict_locks(locks, ["full-py312"], load_matrices(), gpu="9.0", driver="580.65.06")
    assert msgspec.to_builtins(told["full-py312"])["torch_code"] == "native"


def test_the_command_line_predicts(locks):
    command = [sys.executable, "-m", "solver", "verify", "--predict", "--gpu", "5.0", "--driver", "580.65.06"]
    done = subprocess.run(command, cwd=locks.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "full-py312: torch has no kernel for compute capability 5.0" in done.stdout
