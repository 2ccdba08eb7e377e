"""Constraints of the command line, on their own and on a profile."""

from __future__ import annotations

import re

import pytest

from solver.core.errors import BadInput
from solver.core.model import Profile, Target
from solver.matrix.load import Matrices
from solver.matrix.rows import CudaFamily, GpuModels
from solver.request.adhoc import ad_hoc, constrained


def test_both_frameworks_unless_one_is_named():
    assert ad_hoc(["python==3.12"]).frameworks == ("tensorflow", "torch")
    assert ad_hoc(["torch>=2.7"]).frameworks == ("torch",)
    assert ad_hoc(["torch>=2.7", "tensorflow"]).frameworks == ("tensorflow", "torch")


def test_every_index_is_considered():
    assert ad_hoc(["torch"]).indexes == ("default", "pytorch")


def test_constraints_go_where_they_belong():
    constraints = [
        "python==3.12",
        "cuda==12.*",
        "cudnn>=9.3",
        "numpy<2",
        "driver>=550",
        "gpu==9.0",
        "gpu==8.0",
        "glibc>=2.34",
    ]
    profile = ad_hoc(constraints)
    assert (profile.python, profile.cuda) == ("==3.12", "==12.*")
    assert profile.constraints == {"cudnn": ">=9.3", "numpy": "<2"}
    assert profile.target == Target(driver="550", gpus=("9.0", "8.0"), glibc="2.34")
    assert profile.packages == ()


def test_a_constraint_on_a_package_asks_for_it():
    profile = ad_hoc(["torch", "Scikit_Learn>=1.5", "dask[array]==2026.1"])
    assert profile.packages == ("scikit-learn", "dask[array]")
    assert profile.constraints == {"torch": "", "scikit-learn": ">=1.5", "dask": "==2026.1"}


def test_two_constraints_on_one_name_both_hold():
    assert ad_hoc(["torch>=2.7", "torch<2.10"]).constraints == {"torch": ">=2.7,<2.10"}


def test_a_profile_keeps_its_own():
    profile = Profile(name="full", python="==3.12", constraints={"torch": "<2.11"}, packages=("pandas>=2",))
    changed = constrained(profile, ["torch>=2.7", "pandas<3"])
    assert changed.constraints == {"torch": "<2.11,>=2.7", "pandas": "<3"}
    assert changed.packages == ("pandas>=2",)
    assert changed.python == "==3.12"


@pytest.mark.parametrize(
    ("constraints", "cuda", "on_cpu"),
    [
        (["torch==2.6.0+cpu", "tensorflow==2.18.0"], "", ("torch",)),
        (["torch==2.6.0+cpu"], "none", ()),
        (["torch==2.6.0+cpu", "tensorflow", "cuda==none"], "none", ()),
        (["torch==2.6.0+cpu", "tensorflow", "cuda==12.8"], "==12.8", ("torch",)),
        (["torch!=2.6.0+cpu", "tensorflow"], "", ()),
        (["torch==2.6.0+cu124", "tensorflow"], "", ()),
    ],
)
def test_a_build_for_the_cpu_that_is_named_outright_is_asked_for(constraints, cuda, on_cpu):
    profile = ad_hoc(constraints)
    assert (profile.cuda, profile.cpu_frameworks) == (cuda, on_cpu)


def test_no_cuda():
    assert ad_hoc(["torch", "cuda==none"]).cuda == "none"


BAD = {
    "tensorflow 2.19": "-c: 'tensorflow 2.19' is no constraint; did you mean tensorflow==2.19?",
    "tensorflow=2.19": "-c: 'tensorflow=2.19' is no constraint; did you mean tensorflow==2.19?",
    "2.19": "-c: '2.19' is a version, and no package; write it like torch==2.7",
    "torch >= ": "-c: 'torch >= ' is no constraint; write it like torch>=2.7 or python==3.12",
    "": "-c: '' is no constraint; write it like torch>=2.7 or python==3.12",
    "gpu==9": (
        '-c gpu==9: no GPU is known by the name "9"; write its compute capability, such as "9.0", '
        "or add it to the gpus matrix"
    ),
    "gpu": "-c: 'gpu' is no constraint on gpu; write it like gpu==9.0 or gpu=H100",
    "gpu<9.0": "-c: 'gpu<9.0' is no constraint on gpu; write it like gpu==9.0 or gpu=H100",
    "driver==none": "-c: 'driver==none' is no constraint on driver; write it like driver>=550",
    "driver": "-c: 'driver' is no constraint on driver; write it like driver>=550",
    "glibc>=new": "-c: 'glibc>=new' is no constraint on glibc; write it like glibc>=2.28",
    "driver<550": "-c: 'driver<550' is no constraint on driver; write it like driver>=550",
    "cuda==12": "-c: 'cuda==12' is no constraint on cuda; write it like cuda==12.8 or cuda==13.*",
    "cuda": "-c: 'cuda' is no constraint on cuda; write it like cuda==12.8 or cuda==13.*",
    "tensorflow[and-cuda]==2.20.0": (
        "-c: 'tensorflow[and-cuda]==2.20.0' names an extra; CUDA libraries are chosen from the matrices; "
        "write tensorflow==2.20.0"
    ),
    "torch; python_version<'3'": (
        "-c: \"torch; python_version<'3'\" is more than a constraint; leave out address and marker"
    ),
    "torch @ https://wheels.invalid/torch.whl": (
        "-c: 'torch @ https://wheels.invalid/torch.whl' is more than a constraint; leave out address and marker"
    ),
}


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_constraint_is_refused(text):
    with pytest.raises(BadInput) as caught:
        ad_hoc([text])
    assert str(caught.value) == BAD[text]


def test_a_framework_that_the_profile_does_not_have():
    with pytest.raises(BadInput) as caught:
        constrained(Profile(name="torch-latest", frameworks=("torch",)), ["tensorflow==2.20.0"])
    assert str(caught.value) == "-c: torch-latest has no tensorflow; name another profile, or none"


MATRICES = Matrices(
    gpus=(
        GpuModels(id="ada", source="test", gpu="8.9", architecture="Ada", products=("GeForce RTX 4090",)),
        GpuModels(id="hopper", source="test", gpu="9.0", architecture="Hopper", products=("H100", "H200")),
    ),
    families=(CudaFamily(id="cuda-12", source="test", major=12, driver="525.60.13"),),
)


@pytest.mark.parametrize("text", ["gpu=H100", "gpu==h100", "gpu == NVIDIA H100 80GB HBM3", "gpu>=9.0"])
def test_a_gpu_has_the_names_of_its_product(text):
    assert ad_hoc(["torch", text], MATRICES).target.gpus == ("9.0",)


def test_several_gpus_in_one_constraint():
    assert ad_hoc(["torch", "gpu=RTX 4090, H100"], MATRICES).target.gpus == ("8.9", "9.0")


def test_a_misspelt_gpu_gets_near_names():
    with pytest.raises(BadInput) as caught:
        ad_hoc(["gpu=RTX 4900"], MATRICES)
    assert str(caught.value) == (
        '-c gpu=RTX 4900: no GPU is known by the name "RTX 4900"; did you mean GeForce RTX 4090? otherwise write '
        'its compute capability, such as "9.0", or add it to the gpus matrix'
    )


@pytest.mark.parametrize(
    ("text", "driver", "branch"),
    [
        ("driver>=525", "525.60.13", "525"),
        ("driver=525", "525.60.13", "525"),
        ("driver>=525.85", "525.85", None),
        ("driver>=530", "530", "530"),
    ],
)
def test_a_driver_branch_is_its_first_release(text, driver, branch):
    profile = ad_hoc(["torch", text], MATRICES)
    assert (profile.target.driver, profile.driver_branch) == (driver, branch)


@pytest.mark.parametrize("version", ["2.19", "v2.19", "2.19.0+cu126"])
def test_a_version_apart_from_its_package_is_told_with_it(version):
    fix = f"did you mean tensorflow=={version.removeprefix('v')}?"
    with pytest.raises(BadInput, match=re.escape(f"-c: {version!r} is a version, and no package; {fix}")):
        ad_hoc(["torch", "tensorflow", version])
    with pytest.raises(BadInput, match="is a version, and no package; write it like"):
        ad_hoc(["torch>=2", version])
