"""What parts two locks that lie there."""

from __future__ import annotations

from lock_differences import diff_locks
from small_project import project_with, write

LOADER = "1+tf2.20.0.cu12.hcabd04b82826"


def test_the_difference_of_two_locks(project):
    lines, data = diff_locks(write(project, "full", "part"), "full", "part")
    loader = (project.locks / "full" / "wheels").glob("*.whl")
    size = sum(path.stat().st_size for path in loader)
    assert data["removed"] == {"interlock-loader": LOADER, "keras": "3.1", "tensorflow": "2.20.0"}
    assert (data["added"], data["changed"], data["packages"]) == ({}, {}, [7, 4])
    assert data["bytes"] == [6000 + size, 4000]
    assert lines == [
        f"- interlock-loader=={LOADER} (0.0 MB)",
        "- keras==3.1 (0.0 MB)",
        "- tensorflow==2.20.0 (0.0 MB)",
        "full: 7 packages; part: 4 packages, 0.0 MB less to download",
    ]


def test_a_size_that_nobody_recorded_is_not_known(project, tmp_path):
    write(project, "full", "part")

    def gone(facts):
        facts["index"]["keras"] = {"3.2": []}

    lines, data = diff_locks(project_with(tmp_path, gone), "full", "part")
    assert data["size_unknown"] == ["keras"]
    assert "- keras==3.1 (size unknown)" in lines
    tail = "0.0 MB less to download beside keras, whose sizes nobody recorded"
    assert lines[-1] == f"full: 7 packages; part: 4 packages, {tail}"
