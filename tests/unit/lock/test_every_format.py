"""What holds of every file of conda's that a lock is written to."""

import random

import pytest
from conda_formats import CONDA, PIP, WHEELS

from solver.core.model import Target
from solver.lock.condalock import conda_lock_yml
from solver.lock.constraints import constraints_txt
from solver.lock.environment import CondaHalf, environment_yml
from solver.lock.explicit import base_explicit, explicit
from solver.lock.pixi import pixi_lock

WRITERS = {
    "environment.yml": lambda records: environment_yml(CONDA, CondaHalf(Target(), records, {})),
    "explicit": lambda records: explicit(CONDA, records, Target()),
    "base": lambda records: base_explicit(PIP, records, Target()),
    "conda-lock.yml": lambda records: conda_lock_yml(PIP, records, WHEELS, "linux-64"),
    "pixi 6": lambda records: pixi_lock(PIP, records, WHEELS, "linux-64", version=6),
    "pixi 7": lambda records: pixi_lock(PIP, records, WHEELS, "linux-64"),
    "constraints.txt": lambda records: constraints_txt(PIP, {"torch": "2.11.0"}, records),
}


@pytest.mark.parametrize("form", WRITERS)
def test_records_in_any_order_give_the_same_bytes(records, form):
    first = WRITERS[form](records)
    assert all(WRITERS[form](random.Random(seed).sample(records, len(records))) == first for seed in range(2))


@pytest.mark.parametrize("form", WRITERS)
def test_every_file_names_the_command_that_makes_it_and_no_time(records, form):
    text = WRITERS[form](records)
    assert "`nox -s lock`" in text or "`interlock export " in text
    assert "created_at" not in text
