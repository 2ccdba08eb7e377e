"""The published stacks: the audit of their literal pins, what the locks make of them, and the explanation of that."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from lock_differences import diff_locks
from paths import ROOT
from scenario import StackScenario, each, read

from solver.audit.inputs import read_given
from solver.audit.report import entry_of
from solver.audit.run import audit
from solver.commands.lock import make_lock
from solver.commands.project import Project, open_project
from solver.commands.solve import solve_profile
from solver.commands.stack import explain_stack
from solver.core.answer import Answer
from solver.core.errors import Unsolvable
from solver.proof.predict import predict
from solver.request.target_words import parse_target

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.NOT_KNOWN


@pytest.fixture(scope="module")
def project() -> Project:
    return open_project(ROOT)


@each(StackScenario)
def test_the_audit_of_a_stacks_literal_pins_says_exactly_this(project, path):
    scenario = read(path, StackScenario)
    target = parse_target(scenario.target)
    packages = read_given(scenario.text, "requirements.txt", Path(), target)
    findings = audit(packages, project.matrices, project.index, target)
    assert [entry_of(finding) for finding in findings] == scenario.findings


@pytest.mark.parametrize("name", ["tf2.10-cu117", "tf2.10-cu117-win", "tf2.9-cu113"])
def test_a_stacks_lock_is_free_of_errors_and_carries_its_cuda(project, name):
    lock = make_lock(project, project.profile(name))  # raises where its own audit finds an error
    assert {f"nvidia-{one}-cu11" for one in ("cublas", "cudnn", "cufft", "cusolver", "cuda-nvcc")} <= {
        str(pin.name) for pin in lock.solution.pins
    }
    assert [wheel.name for wheel in lock.wheels] == ["interlock-loader"]


@pytest.mark.parametrize(
    ("name", "serves", "unread"),
    [("tf2.10-cu117", UNKNOWN, ["8.5.0.96", "8.5.0.96"]), ("tf2.9-cu113", YES, ["8.3.2.44"])],
)
def test_on_a_modern_gpu_torch_has_no_kernel_and_tensorflow_compiles_its_ptx(project, name, serves, unread):
    """Nobody read which GPUs an early cuDNN 8 serves, so no probe that loads one is foretold to be well."""
    lock = make_lock(project, project.profile(name))
    packages = {str(pin.name): pin.version for pin in lock.solution.pins}
    packages |= {wheel.name: wheel.version for wheel in lock.wheels}
    modern = predict(packages, "9.0", "580.159.04", project.matrices)
    assert {name: (one.code, one.sees_gpu) for name, one in modern.frameworks.items()} == {
        "torch": ("none", YES),
        "tensorflow": ("ptx", YES),
    }
    assert modern.probes == {"torch": NO, "tensorflow": serves, "torch-tensorflow": NO, "tensorflow-torch": NO}
    fitting = predict(packages, "8.0", "580.159.04", project.matrices)
    assert fitting.probes == {
        "torch": UNKNOWN, "tensorflow": serves, "torch-tensorflow": UNKNOWN, "tensorflow-torch": UNKNOWN,
    }  # fmt: skip
    assert [line.partition(": ")[2] for line in fitting.sentences()] == [
        f"cuDNN {cudnn}: nobody read whether it serves compute capability 8.0" for cudnn in unread
    ]


KEPT = {
    "tf2.10-cu117": {
        "python": "3.10", "tensorflow": "2.10.1", "torch": "1.13.0", "torchvision": "0.14.0", "numpy": "1.23.0",
        "absl-py": "1.4.0", "protobuf": "3.19.6",
    },
    "tf2.10-cu117-win": {"tensorflow": "2.10.1", "torch": "1.13.0+cu117", "numpy": "1.23.0", "protobuf": "3.19.6"},
    "tf2.9-cu113": {
        "python": "3.9", "tensorflow": "2.9.0", "torch": "1.12.1+cu113", "torchvision": "0.13.1+cu113",
        "torchaudio": None, "protobuf": "3.20.0", "tensorboard": "2.9.0",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_a_stacks_lock_is_the_nearest_set(project, name):
    solution = solve_profile(project, project.profile(name))
    versions = {**solution.axes, **{str(pin.name): pin.version for pin in solution.pins}}
    assert {key: versions.get(key) for key in KEPT[name]} == KEPT[name]


def test_explain_tells_the_first_stack_pin_by_pin(project):
    lines = explain_stack(project, project.profile("tf2.10-cu117"))
    assert lines[:13] == [
        "tf2.10-cu117: what this lock makes of the published pins",
        "  python 3.10: kept",
        "  tensorflow 2.10.1: kept",
        "  torch 1.13.0+cu117: kept, as 1.13.0 of the package index, whose own build is 1.13.0+cu117 [torch-1.13.0]",
        "  numpy 1.23.0: kept",
        "  absl-py 1.4.0: kept",
        "  protobuf 3.20.3: changed to 3.19.6",
        "      tensorflow 2.10.1: protobuf<3.20,>=3.9.2  [metadata of tensorflow 2.10.1]",
        "  cuda >=11.2: kept, as 11.7",
        "  cudnn >=8.1: kept, as 8.5.0.96",
        "  driver >=450.80.02: kept, it is what CUDA 11.x asks for [cuda-11]",
        "  setuptools (not named): held at 81.0.0, the newest is 84.2.1",
        "      the tensorboard command imports pkg_resources, which setuptools 82 removed  [setuptools-tensorboard]",
    ]
    assert lines[13].startswith(
        "  CUDA libraries, which TensorFlow's wheel does not bring: nvidia-cublas-cu11 11.10.3.66"
    )


def test_explain_tells_why_torchaudio_is_left_out(project):
    lines = explain_stack(project, project.profile("tf2.9-cu113"))
    place = lines.index("  torchaudio 0.12.1+cu113: left out")
    assert "nobody read a hash of a wheel for python 3.9 on linux-64" in lines[place + 1]
    (numpy,) = [line for line in lines if line.startswith("  numpy ")]
    assert numpy == "  numpy >=1.20: kept, as 1.26.4"
    assert any("compiled against numpy 1" in line for line in lines)


def test_explain_says_that_conda_has_another_tensorflow(project):
    lines = explain_stack(project, project.profile("tf2.10-cu117-conda"))
    place = lines.index("  tensorflow 2.10.1: changed to 2.10.0")
    assert "No candidates were found for tensorflow ==2.10.1" in lines[place + 1]
    assert "  torch 1.13.0+cu117: kept, as 1.13.0" in lines


def test_the_stack_of_a_conda_profile_is_told_of_the_records_that_its_lock_may_hold(project):
    profile = msgspec.structs.replace(project.profile("tf2.10-cu117-conda"), exclude_newer="2020-01-01")
    with pytest.raises(Unsolvable) as caught:
        explain_stack(project, profile)
    with pytest.raises(Unsolvable) as locked:
        solve_profile(project, profile)
    assert str(caught.value) == str(locked.value)


def test_variants_hold_the_very_versions_of_their_parent(project):
    whole = {str(p.name): p.version for p in solve_profile(project, project.profile("full-py312")).pins}
    parts = {}
    for kind in ("base", "tf", "torch"):
        solution = solve_profile(project, project.profile(f"full-py312-{kind}"))
        parts[kind] = {str(pin.name): pin.version for pin in solution.pins}
        assert parts[kind].items() <= whole.items()
    assert parts["tf"].keys() | parts["torch"].keys() == whole.keys()
    assert parts["base"].keys() <= parts["tf"].keys() & parts["torch"].keys()
    assert "nvidia-cudnn-cu12" in parts["base"]
    assert not {"torch", "tensorflow"} & parts["base"].keys()


NAMES = ("full-py312", "full-py312-tf")


def test_diff_tells_what_a_framework_costs(project):
    lines, data = diff_locks(project, *NAMES)
    assert (data["added"], data["changed"]) == ({}, {})
    assert data["removed"].keys() >= {"torch", "torchvision", "torchaudio", "triton"}
    before, after = data["bytes"]
    assert lines[-1].startswith("full-py312: ") and lines[-1].endswith(" MB less to download")
    sizes = {str(pin.name): pin.files[0].size for pin in solve_profile(project, project.profile("full-py312")).pins}
    wheels = [sum(path.stat().st_size for path in (ROOT / "locks" / name / "wheels").iterdir()) for name in NAMES]
    assert before - after == sum(sizes[name] for name in data["removed"]) + wheels[0] - wheels[1]
