"""Evidence as a real run leaves it, made by hand so that tests can spoil one thing at a time."""

from __future__ import annotations

from solver.core.machine import Gpu
from solver.proof.checks import Order, demanded_checks, orders
from solver.proof.evidence import Check, Evidence, FrameworkSeen, GpuSeen, LoadedLibrary, ProbeResult

PACKAGES = {
    "interlock-loader": "1",
    "nvidia-cublas-cu12": "12.8.4.1",
    "nvidia-cuda-cupti-cu12": "12.8.90",
    "nvidia-cuda-nvcc-cu12": "12.8.93",
    "nvidia-cuda-runtime-cu12": "12.8.90",
    "nvidia-cudnn-cu12": "9.10.2.21",
    "nvidia-cufft-cu12": "11.3.3.83",
    "nvidia-cusolver-cu12": "11.7.3.90",
    "nvidia-cusparse-cu12": "12.5.8.93",
    "nvidia-nccl-cu12": "2.27.5",
    "tensorflow": "2.21.0",
    "torch": "2.10.0",
    "triton": "3.6.0",
}
SKIPPED = {"together.nccl.torch": "one GPU", "together.nccl.tensorflow": "one GPU"}
SEEN = {
    "torch": FrameworkSeen(
        version="2.10.0+cu128", cuda="12.8", cudnn="91002", nccl="2.27.5", archs=("sm_80", "sm_90", "sm_120")
    ),
    "tensorflow": FrameworkSeen(
        version="2.21.0", cuda="12.5.1", cudnn="9", nccl=None, archs=("sm_80", "sm_89", "compute_90")
    ),
}
LIBRARIES = (
    LoadedLibrary(path="lib/python3.12/site-packages/nvidia/cuda_runtime/lib/libcudart.so.12", inside=True),
    LoadedLibrary(path="lib/python3.12/site-packages/nvidia/cudnn/lib/libcudnn.so.9", inside=True),
    LoadedLibrary(path="/usr/lib/x86_64-linux-gnu/libcuda.so.580.159.04", inside=False),
)


def real_check(name: str) -> Check:
    exact = name.endswith(".fp32")
    return Check(
        name=name,
        status="skipped" if name in SKIPPED else "ok",
        figure=None if name in SKIPPED else 1e-6,
        tolerance=1e-4 if exact else 5e-3,
        seconds=0.1,
        detail=SKIPPED.get(name, ""),
    )


def real_probe(order: Order) -> ProbeResult:
    return ProbeResult(
        order=order,
        ended="finished",
        exit_status=0,
        seconds=20.0,
        python="3.12.3",
        frameworks={name: SEEN[name] for name in order},
        gpus=(GpuSeen(name="NVIDIA H200", capability="9.0", memory=150 * 10**9),),
        checks=tuple(map(real_check, demanded_checks(order))),
        libraries=LIBRARIES,
        loaded={"libcudart": "12.8", "libcudnn": "9.10.2", "libnccl": "2.27.5"},
    )


def real_evidence(**fields: object) -> Evidence:
    made: dict[str, object] = {
        "profile": "full-py312",
        "lock": "a" * 64,
        "result": "verified",
        "python": "3.12.3",
        "gpu": Gpu(name="NVIDIA H200", uuid="b" * 64, capability="9.0", memory=150 * 10**9),
        "gpus": 1,
        "driver": "580.159.04",
        "packages": PACKAGES,
        "steps": {"install": 60.0, "pip check": 1.0, "audit": 1.0, "probes": 80.0},
        "probes": tuple(map(real_probe, orders(("torch", "tensorflow")))),
    }
    return Evidence(**{**made, **fields})
