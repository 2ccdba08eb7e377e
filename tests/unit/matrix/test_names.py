"""What a conda package is called on PyPI, and the other way round."""

from __future__ import annotations

import pytest

from solver.core.model import CondaName
from solver.matrix.load import Matrices, load_matrices
from solver.matrix.names import Names
from solver.matrix.rows import ImportName, PackageName

ROWS = (
    PackageName(id="a", source="s", conda="pytorch", pypi="torch"),
    PackageName(id="b", source="s", conda="pytorch-gpu", pypi="torch"),
    PackageName(id="c", source="s", conda="libtorch", pypi=None),
)
NAMES = Names(Matrices(names=ROWS))


def test_the_first_row_is_the_conda_package_to_ask_for():
    assert (NAMES.conda("torch"), NAMES.conda("NumPy")) == ("pytorch", "numpy")


def test_a_conda_package_has_one_name_on_pypi_or_none():
    names = [NAMES.pypi(CondaName(name)) for name in ("pytorch", "pytorch-gpu", "libtorch", "ml_dtypes")]
    assert names == ["torch", "torch", None, "ml-dtypes"]


def test_of_several_conda_packages_the_one_to_ask_for_stands_for_their_project():
    chosen = {
        CondaName("pytorch"): "1",
        CondaName("pytorch-gpu"): "2",
        CondaName("libtorch"): "3",
        CondaName("six"): "4",
    }
    for order in (chosen, dict(reversed(chosen.items()))):
        assert NAMES.by_pypi(order) == {"torch": "1", "six": "4"}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("pytorch", ("torch",)),
        ("CV2", ("opencv-python",)),
        ("opencv-pyhton", ("opencv-python",)),
        ("tocrh", ("torch",)),
        ("torch", ()),
        ("wandb", ()),
    ],
)
def test_what_a_person_meant_by_a_name_that_is_none(name, meant):
    imports = (ImportName(id="i", source="s", module="cv2", pypi="opencv-python"),)
    assert Names(Matrices(names=ROWS, imports=imports)).meant(name, ["torch", "numpy"]) == meant


@pytest.mark.parametrize(("module", "project"), [("cv2", "opencv-python"), ("sklearn", "scikit-learn")])
def test_the_shipped_imports_know_the_well_known_ones(module, project):
    assert Names(load_matrices()).meant(module, ()) == (project,)


def test_the_shipped_names_know_the_frameworks():
    names = Names(load_matrices())
    assert [names.conda(name) for name in ("torch", "tensorflow", "torchvision")] == [
        "pytorch",
        "tensorflow",
        "torchvision",
    ]
