"""What the audit must say of well-known sets with the matrices that are shipped."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from audit_stubs import StubIndex, pinned

from solver.audit.inputs import read_sets
from solver.audit.run import CODES, audit
from solver.core.model import Target
from solver.matrix.load import load_matrices

# uv pip compile "tensorflow[and-cuda]" torch, python 3.13, November 2026: its frameworks and CUDA packages.
RESOLVED = [
    "cuda-bindings==13.5.0",
    "cuda-pathfinder==1.9.0",
    "cuda-toolkit==13.2.2",
    "nvidia-cublas==13.4.1.3",
    "nvidia-cublas-cu12==12.9.3.13",
    "nvidia-cuda-cccl==13.3.5.0.6",
    "nvidia-cuda-cupti==13.2.86",
    "nvidia-cuda-cupti-cu12==12.9.79",
    "nvidia-cuda-nvcc-cu12==12.9.86",
    "nvidia-cuda-nvrtc==13.2.86",
    "nvidia-cuda-nvrtc-cu12==12.9.86",
    "nvidia-cuda-runtime==13.2.86",
    "nvidia-cuda-runtime-cu12==12.9.79",
    "nvidia-cudnn-cu12==9.28.0.42",
    "nvidia-cudnn-cu13==9.26.0.51",
    "nvidia-cufft==12.2.0.57",
    "nvidia-cufft-cu12==11.4.1.4",
    "nvidia-cufile==1.17.1.22",
    "nvidia-curand-cu12==10.3.10.19",
    "nvidia-cusolver==12.2.0.11",
    "nvidia-cusolver-cu12==11.7.5.82",
    "nvidia-cusparse==12.7.10.12",
    "nvidia-cusparse-cu12==12.5.10.65",
    "nvidia-cusparselt-cu13==0.8.1",
    "nvidia-nccl-cu12==2.32.3",
    "nvidia-nccl-cu13==2.30.7",
    "nvidia-nvjitlink==13.5.37",
    "nvidia-nvjitlink-cu12==12.9.86",
    "nvidia-nvshmem-cu13==3.7.2",
    "nvidia-nvtx==13.2.86",
    "tensorflow==2.21.0",
    "torch==2.15.0",
    "triton==3.9.0",
]
CUDA_12_8 = [
    "nvidia-cublas-cu12==12.8.4.1",
    "nvidia-cuda-cupti-cu12==12.8.90",
    "nvidia-cuda-nvcc-cu12==12.8.93",
    "nvidia-cuda-nvrtc-cu12==12.8.93",
    "nvidia-cuda-runtime-cu12==12.8.90",
    "nvidia-cudnn-cu12==9.10.2.21",
    "nvidia-cufft-cu12==11.3.3.83",
    "nvidia-cufile-cu12==1.13.1.3",
    "nvidia-curand-cu12==10.3.9.90",
    "nvidia-cusolver-cu12==11.7.3.90",
    "nvidia-cusparse-cu12==12.5.8.93",
    "nvidia-cusparselt-cu12==0.7.1",
    "nvidia-nvjitlink-cu12==12.8.93",
    "nvidia-nvtx-cu12==12.8.90",
    "protobuf==6.33.0",
    "tensorboard==2.20.0",
]
SOUND = [*CUDA_12_8, "nvidia-nccl-cu12==2.27.5", "nvidia-nvshmem-cu12==3.3.20", "tensorflow==2.20.0", "torch==2.9.1"]
NEWER = [*CUDA_12_8, "nvidia-nccl-cu12==2.27.5", "nvidia-nvshmem-cu12==3.4.5", "tensorflow==2.21.0", "torch==2.10.0"]
H200 = Target(python="3.12", gpus=("9.0",))
matrices = cache(load_matrices)


def find(*pins, target=H200):
    return audit(pinned(*pins), matrices(), StubIndex(), target)


def test_what_uv_resolves_today_is_flagged_without_any_download():
    findings = find(*RESOLVED, target=None)
    assert {"clobber", "mixed-cuda", "loader", "crash-together"} <= {finding.code for finding in findings}
    clobbered = {finding.packages for finding in findings if finding.code == "clobber"}
    assert clobbered == {
        ("nvidia-cudnn-cu12==9.28.0.42", "nvidia-cudnn-cu13==9.26.0.51"),
        ("nvidia-nccl-cu12==2.32.3", "nvidia-nccl-cu13==2.30.7"),
    }
    assert not [finding for finding in findings if finding.code == "unknown"]


def test_tensorflow_2_20_and_torch_2_9_1_are_sound():
    assert find(*SOUND) == ()


def test_tensorflow_2_21_and_torch_2_10_need_the_loader():
    errors = [finding for finding in find(*NEWER) if finding.severity == "error"]
    assert [(finding.code, finding.packages) for finding in errors] == [
        ("loader", ("nvidia-cusolver-cu12==11.7.3.90", "tensorflow==2.21.0"))
    ]


def test_with_the_loader_only_the_relaxed_bound_of_nccl_is_told_with_its_evidence():
    (finding,) = find(*NEWER, "interlock-loader==1")
    assert (finding.code, finding.severity) == ("metadata", "warning")
    assert finding.packages == ("nvidia-nccl-cu12==2.27.5", "tensorflow==2.21.0")
    assert "no evidence" not in finding.why


@pytest.mark.parametrize("driver", ["525.60.13", "580.65.06"])
def test_a_driver_of_the_family_is_enough(driver):
    assert find(*SOUND, target=Target(python="3.12", driver=driver)) == ()


def test_these_codes_are_told_by_rules_alone():
    # A code that is misspelt in a row would show here.
    alone = {rule.code for rule in matrices().rules} - {module.CODE for module in CODES}
    assert alone == {"crash-together", "missing-part", "numpy-abi"}


def test_an_audit_of_a_list_loads_nothing_heavy():
    script = """
import sys
from pathlib import Path
from solver.audit.inputs import read_given
from solver.audit.run import audit
from solver.index.snapshot import SnapshotIndex
from solver.matrix.load import load_matrices
audit(read_given("torch==2.10.0\\n", "r.txt", Path()), load_matrices(), SnapshotIndex(Path("nowhere")))
heavy = {"requests", "urllib3", "rattler", "conda_lock", "elftools", "rich", "pip_audit", "asyncio"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_nothing_secret_of_an_address_is_in_a_finding():
    text = 'FROM debian:12\nRUN pip install git+https://ann:pw@h.invalid/a.git "six @ https://h.invalid/six.zip?token=pw"\n'
    found = [audit(one, load_matrices(), StubIndex()) for one in read_sets(Path("Dockerfile"), text=text)]
    assert "git+https://h.invalid/a.git" in str(found)
    assert "pw" not in str(found)
