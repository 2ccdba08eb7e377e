"""Which probes a lock has."""

from __future__ import annotations

import pytest

from solver.proof.checks import demanded_checks, frameworks_of, on_cpu, orders


def test_probes_of_a_lock_follow_its_frameworks():
    assert orders(frameworks_of({"torch": "2"})) == (("torch",),)
    assert orders(frameworks_of({"tensorflow-cpu": "2"})) == (("tensorflow",),)
    assert len(orders(frameworks_of({"pytorch": "2", "tensorflow": "2"}))) == 4


@pytest.mark.parametrize(
    ("packages", "cpu"),
    [
        ({"torch": "2.15.0", "tensorflow-cpu": "2.21.0"}, ("tensorflow",)),
        ({"torch": "2.13.0+cpu", "tensorflow": "2.21.0"}, ("torch",)),
        ({"torch": "2.13.0+cpu", "tensorflow-cpu": "2.21.0"}, ()),
        ({"torch": "2.13.0+cpu"}, ()),
        ({"torch": "2.12.1+cu126", "tensorflow": "2.21.0"}, ()),
    ],
    ids=["tensorflow-cpu", "torch+cpu", "a CPU lock", "one framework", "both on the GPU"],
)
def test_a_framework_goes_without_a_gpu_where_its_name_or_version_says_so(packages, cpu):
    assert on_cpu(packages) == cpu


def test_of_a_framework_for_the_cpu_no_gpu_is_demanded():
    both = ("tensorflow", "torch")
    assert set(demanded_checks(both, ("tensorflow",))) == {
        *(name for name in demanded_checks(("torch",)) if name != "torch.compile"),
        "tensorflow.import",
        "tensorflow.cpu",
        "tensorflow.fit",
        "together.compile.after",
    }
    assert list(demanded_checks(("tensorflow",), ("tensorflow",))) == [
        "libraries", "tensorflow.cpu", "tensorflow.fit", "tensorflow.import",
    ]  # fmt: skip
    assert "torch.cpu" in demanded_checks(both, ("torch",))
    assert not [name for name in demanded_checks(both, ("torch",)) if name.startswith("together")]
