"""Whole Dockerfiles by the shipped rows: what is told of each, and nothing else."""

from __future__ import annotations

import pytest
from paths import ROOT

from solver.commands.audit import Given, audit_path
from solver.commands.fix import fix_file
from solver.core.errors import BadInput

PUBLISHED = ROOT / "tests" / "data" / "images" / "published" / "Dockerfile"
IMAGE = "tensorflow/tensorflow:2.9.0-gpu-jupyter"


def told(path):
    return [(one.severity, one.code, one.why) for one in audit_path(ROOT, Given(path), {}, {}).findings]


@pytest.fixture
def built(tmp_path):
    """What is told of a Dockerfile."""

    def tell(text):
        (tmp_path / "Dockerfile").write_text(text)
        return told(tmp_path / "Dockerfile")

    return tell


def test_the_published_stack_is_told_exactly():
    assert told(PUBLISHED) == [
        (
            "warning",
            "mixed-cuda",
            f"CUDA 11 is here twice: the image {IMAGE} holds CUDA 11.2.1 and cuDNN 8.1.0.77, which tensorflow==2.9.0 "
            "opens, and torch==1.12.1+cu113 carries CUDA 11.3 and cuDNN 8.3.2.44; whichever is imported first decides "
            "which copy serves both, and the image's cuDNN is older than what torch==1.12.1+cu113 was compiled with",
        ),
        (
            "note",
            "metadata",
            f"tensorflow==2.9.0 of the image {IMAGE} asks for tensorboard<2.10,>=2.9, and nobody read which one is "
            "there; tensorboard==2.9.1 asks for protobuf<3.20,>=3.9.2, and the set has 3.20.0",
        ),
        (
            "note",
            "numpy-abi",
            f"line 2 leaves numpy open: pip keeps the one of the image {IMAGE}, which nobody read; python 3.8 is too "
            "old for the newest, 2.5.5, which breaks tensorflow==2.9.0 and torch==1.12.1+cu113: tensorflow==2.9.0: it "
            "is compiled against numpy 1 and its import fails with numpy 2, although 2.9 to 2.11 and 2.14.0 allow it; "
            "seen: tensorflow 2.14.0 with numpy 2.4.6, tensorflow 2.15.1 with numpy 2.0.2; torch==1.12.1+cu113: it is "
            "compiled against numpy 1, names no numpy, and fails at the first tensor that comes from numpy 2; seen: "
            "torch 1.12 to 2.2 with numpy 2",
        ),
    ]


def test_a_numpy_that_a_line_leaves_open_on_a_python_that_has_the_newest(built):
    text = "FROM tensorflow/tensorflow:2.14.0-gpu\nRUN pip install torch==2.2.2 numpy\n"
    assert [(*one[:2], one[2].partition(": it is")[0]) for one in built(text) if one[1] == "numpy-abi"] == [
        (
            "warning",
            "numpy-abi",
            "line 2 leaves numpy open: pip keeps the one of the image tensorflow/tensorflow:2.14.0-gpu, which nobody "
            "read; the newest is 2.4.6, which breaks tensorflow==2.14.0 and torch==2.2.2: tensorflow==2.14.0",
        )
    ]


@pytest.mark.parametrize(
    ("numpy", "told_of"),
    [("numpy>=1.20", True), ("numpy>=1.19", True), ("numpy>=1.22", False), ("numpy<1.24", False)],
)
def test_a_bound_that_the_image_meets_in_any_case_leaves_numpy_open(numpy, told_of, built):
    found = built(f"FROM {IMAGE}\nRUN pip install '{numpy}'\n")
    assert any(why.startswith("line 2 leaves numpy open") for _, _, why in found) is told_of


def test_a_numpy_that_is_taken_anew_is_the_newest_one(built):
    assert built("FROM tensorflow/tensorflow:2.14.0-gpu\nRUN pip install -U 'numpy<2.1'\n")[0] == (
        "error",
        "numpy-abi",
        "it is compiled against numpy 1 and its import fails with numpy 2, although 2.9 to 2.11 and 2.14.0 allow it; "
        "seen: tensorflow 2.14.0 with numpy 2.4.6, tensorflow 2.15.1 with numpy 2.0.2",
    )


def test_an_image_whose_cudnn_tensorflow_does_not_take(built):
    assert built("FROM tensorflow/tensorflow:2.18.0-gpu\n") == [
        (
            "error",
            "loader",
            "nothing here brings libcudnn.so.9 for tensorflow==2.18.0, which therefore sees no GPU",
        )
    ]


def test_an_image_that_holds_all_of_cuda(built):
    base = "FROM nvidia/cuda:12.6.3-cudnn-runtime-ubuntu24.04\nRUN apt-get install -y python3.12\n"
    assert built(base + "RUN pip install tensorflow==2.18.0 'setuptools<82' 'numpy<2.1'\n") == []


def test_an_image_that_nobody_knows_is_named(built):
    assert built("FROM example.com/own/image:1\n") == [
        (
            "note",
            "unknown",
            "no row tells what the image example.com/own/image:1 holds, so neither its CUDA, its python nor its "
            "packages were checked",
        )
    ]


def test_an_image_of_which_nobody_read_the_packages_is_named(built):
    assert built("FROM nvcr.io/nvidia/tensorflow:21.05-tf2-py3\n") == [
        (
            "note",
            "unknown",
            "nobody read which frameworks the image nvcr.io/nvidia/tensorflow:21.05-tf2-py3 holds, so none of them was "
            "checked",
        )
    ]


def test_the_build_of_an_image_is_mended_by_hand(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM x\nRUN pip install torch==2.9.1 numpy==1.0\n")
    with pytest.raises(BadInput) as caught:
        fix_file(ROOT, Given(tmp_path / "Dockerfile"), {})
    assert str(caught.value) == (
        f"{tmp_path}/Dockerfile: --fix: is the build of an image, whose own packages no list holds; "
        "mend the line that a finding names"
    )
