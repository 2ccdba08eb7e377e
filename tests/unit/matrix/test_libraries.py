"""Which CUDA libraries the release of a distribution brings."""

import pytest

from solver.core.answer import NOT_KNOWN
from solver.matrix.libraries import brings
from solver.matrix.load import Matrices
from solver.matrix.rows import Library


def _row(name, cuda, versions, distribution="nvidia-nvtx"):
    return Library(
        id=name, source="a test", library=name, cuda=cuda, distribution=distribution, versions=versions, directory=name
    )


OLD, NEW = _row("nvtx-12", 12, "<13"), _row("nvtx-13", 13, ">=13,<14")
NCCL = _row("nccl", 12, "", "nvidia_nccl_cu12")
MATRICES = Matrices(libraries=(OLD, NEW, NCCL))


@pytest.mark.parametrize(
    ("distribution", "version", "rows"),
    [
        ("nvidia-nvtx", "12.8.90", (OLD,)),
        ("nvidia-nvtx", "13.0.85", (NEW,)),
        ("nvidia-nvtx", "14.0.1", NOT_KNOWN),
        ("nvidia-nvtx", "nightly", NOT_KNOWN),
        ("nvidia-nccl-cu12", "99.1", (NCCL,)),
        ("numpy", "2.1.0", ()),
    ],
)
def test_a_row_tells_of_its_own_releases_alone(distribution, version, rows):
    assert brings(MATRICES, distribution, version) == rows
