"""Which rows a lock rests on."""

from __future__ import annotations

from small_project import project_with

from solver.commands.freshness import rows_used
from solver.commands.solve import solve_profile


def carrying(facts):
    """A torch whose wheel has another CUDA than any distribution brings."""
    facts["matrices"]["torch"] = {"2.9.1": {"cuda": "12.6", "cudnn": "9.5.1.17", "bundles": True}}
    facts["index"]["torch"] = {"2.9.1": ["numpy"]}


def toolkits(project, name):
    profile = project.profile(name)
    rows = rows_used(project.matrices, solve_profile(project, profile))
    return [row for row in rows if row.startswith("toolkits:")]


def test_a_lock_rests_on_the_toolkit_of_every_cuda_of_its_set_and_on_no_other(tmp_path):
    profiles = {"both": {"python": "3.12"}, "alone": {"python": "3.12", "frameworks": ["torch"]}}
    project = project_with(tmp_path, carrying, profiles)
    assert toolkits(project, "both") == ["toolkits:12.6", "toolkits:12.8"]
    assert toolkits(project, "alone") == ["toolkits:12.6"]
