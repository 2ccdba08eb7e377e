"""The set that a profile gets."""

from __future__ import annotations

import msgspec
from small_project import FACTS, project_with

from solver.commands.solve import solve_profile


def test_a_verified_set_is_taken_where_it_is_preferred(tmp_path):
    def two(facts):
        facts["matrices"]["torch"]["2.10.0"] = {"cuda": "12.8", "cudnn": "9.10.2.21"}
        facts["index"]["torch"] = dict.fromkeys(("2.9.1", "2.10.0"), FACTS["index"]["torch"]["2.9.1"])
        row = {"lock": "0" * 64, "gpu": "H200", "driver": "580.65.06", "profile": "full"}
        facts["matrices"]["verified"] = {"ran": {**row, "packages": {"torch": "2.9.1", "tensorflow": "2.20.0"}}}

    project = project_with(tmp_path, two)
    profile = project.profile("full")
    assert solve_profile(project, profile).axes["torch"] == "2.10.0"
    verified = msgspec.structs.replace(profile, prefer_verified=True)
    assert solve_profile(project, verified).axes["torch"] == "2.9.1"
