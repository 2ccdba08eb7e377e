"""Which probes a lock has."""

from __future__ import annotations

from solver.proof.checks import frameworks_of, orders


def test_probes_of_a_lock_follow_its_frameworks():
    assert orders(frameworks_of({"torch": "2"})) == (("torch",),)
    assert orders(frameworks_of({"tensorflow-cpu": "2"})) == (("tensorflow",),)
    assert len(orders(frameworks_of({"pytorch": "2", "tensorflow": "2"}))) == 4
