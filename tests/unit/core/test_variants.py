"""The names of variant wheels."""

from __future__ import annotations

import pytest

from solver.core import names
from solver.core.variants import variant_label, variant_labels, without_label

PLAIN = "torch-2.10.0-cp312-cp312-manylinux_2_28_x86_64.whl"
NAMES = {
    PLAIN: None,
    "torch-2.10.0-1-cp312-cp312-manylinux_2_28_x86_64.whl": None,
    "torch-2.10.0-cp312-cp312-manylinux_2_28_x86_64-cu128.whl": "cu128",
    "torch-2.10.0-1-cp312-cp312-manylinux_2_28_x86_64-null.whl": "null",
    "torch-2.10.0-cp312-cp312-manylinux_2_28_x86_64-x86_64_v3.whl": "x86_64_v3",
    "torch-2.10.0-cp312-cp312-manylinux_2_28_x86_64-Upper.whl": None,
    "torch-2.10.0-cp312-cp312-manylinux_2_28_x86_64-of_more_than_16_c.whl": None,
    "torch-2.10.0-variants.json": None,
    "torch-2.10.0.tar.gz": None,
}


@pytest.mark.parametrize(("filename", "label"), NAMES.items())
def test_a_label_stands_behind_the_platform(filename, label):
    assert variant_label(filename) == label


def test_a_variant_is_a_wheel_of_its_project_and_version():
    assert names.wheel("torch-2.10.0-1-cp312-cp312-manylinux_2_28_x86_64-null.whl") == ("torch", "2.10.0")


def test_without_its_label_it_has_the_name_of_other_wheels():
    assert {without_label(name) for name in (PLAIN, PLAIN.replace(".whl", "-cu128.whl"))} == {PLAIN}


def test_the_labels_of_several_files():
    assert variant_labels(NAMES) == ("cu128", "null", "x86_64_v3")
