"""What the row of an image means, by the name that a Dockerfile gives it."""

import pytest

from solver.core.answer import NOT_KNOWN
from solver.matrix.images import ImageName, contents
from solver.matrix.load import Matrices, load_matrices
from solver.matrix.rows import BaseImage

SHIPPED = load_matrices()


def rows(*fields):
    images = [BaseImage(id=f"row-{number}", source="made up", **one) for number, one in enumerate(fields)]
    return Matrices(images=tuple(images))


@pytest.mark.parametrize(
    ("reference", "repository", "tag", "digest"),
    [
        ("nvidia/cuda:12.4.1-base-ubuntu22.04", "nvidia/cuda", "12.4.1-base-ubuntu22.04", None),
        ("docker.io/nvidia/cuda:1", "nvidia/cuda", "1", None),
        ("docker.io/library/python:3.11", "python", "3.11", None),
        ("python", "python", "latest", None),
        ("localhost:5000/own/image", "localhost:5000/own/image", "latest", None),
        ("localhost:5000/own/image:2@sha256:abc", "localhost:5000/own/image", "2", "sha256:abc"),
    ],
)
def test_a_reference_is_taken_apart(reference, repository, tag, digest):
    assert ImageName.of(reference) == ImageName(repository, tag, digest)


def test_what_the_tag_says_stands_for_its_name():
    known = rows(
        {
            "images": ("a/b",),
            "tags": ("{torch}-cuda{cuda}-x*",),
            "cuda": "{cuda}",
            "packages": {"torch": "{torch}+{cu}"},
        }
    )
    held = contents(known, "a/b:2.1.0-cuda12.1-x9")
    assert (held.cuda, held.cudnn, dict(held.packages)) == ("12.1", NOT_KNOWN, {"torch": "2.1.0+cu121"})


def test_a_tag_that_is_spelt_out_goes_before_a_pattern():
    known = rows(
        {"images": ("a/b",), "tags": ("{cuda}-*",), "cuda": "{cuda}"},
        {"images": ("a/b",), "tags": ("1.2-x*",), "cuda": "1.2.9"},
    )
    assert contents(known, "a/b:1.2-x1").cuda == "1.2.9"
    assert contents(known, "a/b:1.3-x1").cuda == "1.3"


@pytest.mark.parametrize("reference", ["a/c:1", "a/b:x", "other.io/a/b:1"])
def test_nothing_is_known_of_an_image_without_a_row(reference):
    assert contents(rows({"images": ("a/b",), "tags": ("{cuda}",), "cuda": "{cuda}"}), reference) is NOT_KNOWN


@pytest.mark.parametrize(
    ("reference", "python", "cuda", "cudnn", "packages"),
    [
        ("tensorflow/tensorflow:2.9.0-gpu-jupyter", "3.8", "11.2.1", "8.1.0.77", {"tensorflow": "2.9.0"}),
        ("tensorflow/tensorflow:2.18.0-gpu", "3.11", "12.3.0", "8.9.6.50", {"tensorflow": "2.18.0"}),
        ("tensorflow/tensorflow:2.10.0-gpu", NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, {"tensorflow": "2.10.0"}),
        ("tensorflow/tensorflow:2.10.0", NOT_KNOWN, "none", "none", {"tensorflow": "2.10.0"}),
        ("nvidia/cuda:11.8.0-cudnn8-runtime-ubuntu22.04", "none", "11.8.0", "8.9.6.50", {}),
        ("nvcr.io/nvidia/cuda:12.4.1-devel-ubuntu22.04", "none", "12.4.1", "none", {}),
        ("nvidia/cuda:13.9.0-cudnn-runtime-ubuntu26.04", "none", "13.9.0", NOT_KNOWN, {}),
        ("pytorch/pytorch:2.5.1-cuda12.4-cudnn9-devel", NOT_KNOWN, "12.4", NOT_KNOWN, {"torch": "2.5.1+cu124"}),
        ("nvcr.io/nvidia/pytorch:25.12-py3", "3.12", "13.1.0", NOT_KNOWN, {"torch": "2.10.0a0+b4e4ee81d3"}),
        ("nvcr.io/nvidia/tensorflow:21.05-tf2-py3", "3.8", "11.3.0", "8.2.0.51", NOT_KNOWN),
        ("python:3.11-slim-bookworm", "3.11", "none", "none", {}),
    ],
)
def test_the_shipped_rows_say(reference, python, cuda, cudnn, packages):
    held = contents(SHIPPED, reference)
    assert (held.python, held.cuda, held.cudnn, held.packages) == (python, cuda, cudnn, packages)
