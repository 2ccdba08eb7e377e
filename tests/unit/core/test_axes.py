"""The table of axes, and its projections that requests, locks and explanations are written by."""

from typing import get_args

from solver.core.axes import AXES, axes_of
from solver.core.model import Axis


def test_every_axis_is_in_the_table_in_the_order_of_a_lock():
    axes = ("python", "cuda", "cudnn", "tensorflow", "torch", "jax", "protobuf", "numpy")
    assert tuple(AXES) == axes == get_args(Axis)


def test_axes_come_in_the_order_of_the_kinds():
    kinds = axes_of("framework", "python", "toolkit", "library")
    assert kinds == ("tensorflow", "torch", "jax", "python", "cuda", "cudnn")
    assert axes_of("package") == ("protobuf", "numpy")
