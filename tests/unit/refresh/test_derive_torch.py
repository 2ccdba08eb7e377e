"""Rows of torch and its companions."""

from __future__ import annotations

from wheel_shelf import X86, Shelf, metadata, only

from solver.core.answer import NOT_KNOWN
from solver.matrix.load import Matrices
from solver.matrix.rows import Build
from solver.refresh.derive import renew


def torch_wheel(version: str, build: str, cuda: str, *requires: str) -> dict[str, bytes]:
    return {
        "torch/version.py": f"__version__ = '{build}'\ncuda: Optional[str] = {cuda}\nhip = None\n".encode(),
        "torch/lib/libtorch_python.so": b"\0sm_75\0sm_75 sm_90 sm_120 compute_120\0",
        **metadata("torch", version, *requires),
    }


def test_a_new_torch_release_is_a_new_row_with_its_companions() -> None:
    linux = 'platform_system == "Linux" and platform_machine == "x86_64"'
    pins = (f"nvidia-cudnn-cu13==9.26.0.51; {linux}", f"nvidia-nccl-cu13==2.30.7; {linux}", "filelock")
    vision = {
        "torchvision/version.py": b"__version__ = '0.30.0+cu132'\n",
        **metadata("torchvision", "0.30.0", "numpy", "torch (==2.16.0)"),
    }
    shelf = Shelf(
        {
            f"torch-2.16.0-cp312-cp312-{X86}.whl": torch_wheel("2.16.0", "2.16.0+cu132", "'13.2'", *pins),
            f"torch-2.16.0-cp313-cp313t-{X86}.whl": {},
            "torch-2.16.0-cp312-cp312-manylinux_2_28_aarch64.whl": torch_wheel("2.16.0", "2.16.0+cpu", "None", *pins),
            f"torchvision-0.30.0-cp312-cp312-{X86}.whl": vision,
            "torchvision-0.30.0-cp312-cp312-manylinux_2_28_aarch64.whl": {
                "torchvision/version.py": b"__version__ = '0.30.0'\n",
                **metadata("torchvision", "0.30.0", "torch==2.16.0"),
            },
        }
    )
    renewal = renew(Matrices(), shelf)
    assert renewal.rows["companions"] == (
        Build(
            id="torchvision-0.30.0",
            source=f"wheel torchvision-0.30.0-cp312-cp312-{X86}.whl (version.py, METADATA)",
            derived=True,
            package="torchvision",
            version="0.30.0",
            platform="linux-64",
            cuda="13.2",
            needs={"torch": "==2.16.0"},
        ),
    )
    cpu = "wheel torch-2.16.0-cp312-cp312-manylinux_2_28_aarch64.whl (version.py, METADATA)"
    assert renewal.rows["torch"] == (
        Build(
            id="torch-2.16.0",
            source=f"wheel torch-2.16.0-cp312-cp312-{X86}.whl (version.py, METADATA, arch list of libtorch_python.so)",
            derived=True,
            package="torch",
            version="2.16.0",
            reports="2.16.0+cu132",
            platform="linux-64",
            python=("3.12", "3.13"),
            cuda="13.2",
            cudnn="9.26.0.51",
            nccl="2.30.7",
            bundles=False,
            same_minor=True,
            sm=("7.5", "9.0", "12.0"),
            ptx=("12.0",),
            companions={"torchvision": ("0.30.0",)},
        ),
        Build(
            id="torch-2.16.0-linux-aarch64",
            source=cpu,
            derived=True,
            package="torch",
            version="2.16.0",
            reports="2.16.0+cpu",
            platform="linux-aarch64",
            python=("3.12",),
            cuda="none",
            cudnn="none",
            companions={"torchvision": ("0.30.0",)},
        ),
    )


def test_a_torch_that_asks_for_no_nvidia_distribution_carries_the_libraries() -> None:
    shelf = Shelf({f"torch-1.12.0-cp310-cp310-{X86}.whl": torch_wheel("1.12.0", "1.12.0+cu102", "'10.2'", "typing")})
    (row,) = only(renew(Matrices(), shelf), "torch")
    assert isinstance(row, Build) and (row.bundles, row.cudnn) == (True, NOT_KNOWN)
