"""Of builds that are alike in preference, the one that somebody read in a channel is chosen."""

from __future__ import annotations

import pytest
from conda_repodata import entry, write_channel

from solver.core.model import Target
from solver.index.conda import CondaIndex
from solver.index.conda_config import CondaSettings
from solver.solve.conda.channels import ChannelSolver
from solver.solve.conda.read_builds import prefer_read

PYTHON = entry("python", "3.12.4", "0_cpython")


def solver_over(folder, *entries, inferred=()):
    address = write_channel(folder, [PYTHON, *entries]).as_uri()
    index = CondaIndex(
        settings=CondaSettings(mirrors={"conda-forge": (address,)}),
        inferred=frozenset(f"conda-forge/linux-64/{name}.conda" for name in inferred),
    )
    return ChannelSolver(index, Target(), {})


def chosen(solver, *specs, passes=lambda chosen: True):
    records, pins = prefer_read(solver, specs, (), solver.close(specs), passes)
    assert solver.close(specs, pins) == records
    return [record.pin for record in records if record.name != "python"]


@pytest.mark.parametrize(
    ("builds", "inferred", "pin"),
    [
        (("h9_1", "h1_1"), ("lib-1.0-h9_1",), "lib=1.0=h1_1"),
        (("h9_1", "h1_1"), ("lib-1.0-h1_1",), "lib=1.0=h9_1"),
        # A newer build that nobody read whole goes before an older one that somebody did.
        (("h9_2", "h1_1"), ("lib-1.0-h9_2",), "lib=1.0=h9_2"),
        (("h9_1", "h1_1"), ("lib-1.0-h9_1", "lib-1.0-h1_1"), None),
    ],
)
def test_a_read_build_of_the_same_number_is_chosen(tmp_path, builds, inferred, pin):
    solver = solver_over(tmp_path, *(entry("lib", "1.0", build) for build in builds), inferred=inferred)
    expected = [r.pin for r in solver.close(["lib"])] if pin is None else [pin]
    assert chosen(solver, "lib") == expected


def test_a_newer_version_goes_before_a_record_that_was_read(tmp_path):
    solver = solver_over(tmp_path, entry("lib", "1.0"), entry("lib", "1.1"), inferred=("lib-1.1-0",))
    assert chosen(solver, "lib") == ["lib=1.1=0"]


def test_no_other_package_changes_for_it(tmp_path):
    entries = (
        entry("lib", "1.0", "h9_0", depends=["dep"]),
        entry("lib", "1.0", "h1_0", depends=["dep <2"]),
        entry("dep", "1.0"),
        entry("dep", "2.0"),
    )
    solver = solver_over(tmp_path, *entries, inferred=("lib-1.0-h9_0",))
    assert chosen(solver, "lib ==1.0", "dep") == ["dep=2.0=0", "lib=1.0=h9_0"]


def test_what_the_matrices_refuse_is_not_taken(tmp_path):
    entries = (entry("lib", "1.0", "h1_0"), entry("lib", "1.0", "h9_0"))
    solver = solver_over(tmp_path, *entries, inferred=("lib-1.0-h1_0",))
    assert chosen(solver, "lib") == ["lib=1.0=h9_0"]
    assert chosen(solver, "lib", passes=lambda found: found["lib"].build == "h1_0") == ["lib=1.0=h1_0"]
