"""A lock that lies there as a profile that is solved."""

from __future__ import annotations

from lock_differences import diff_locks
from small_project import made, project_with, write

from solver.commands.export import export
from solver.commands.locked import locked_profile


def newer_torch(facts):
    facts["matrices"]["torch"]["2.10.0"] = {"cuda": "12.8", "cudnn": "9.10.2.21"}
    facts["index"]["torch"]["2.10.0"] = facts["index"]["torch"]["2.9.1"]


def test_what_is_told_of_a_lock_is_what_lies_there(project, tmp_path):
    write(project, "full", "part")
    changed = project_with(tmp_path, newer_torch)
    assert made(changed).solution.axes["torch"] == "2.10.0"
    assert locked_profile(changed, "full").solution.axes["torch"] == "2.9.1"
    assert "torch==2.9.1\n" in export(changed, "full", "constraints.txt")["constraints.txt"]
    write(changed, "part")
    assert diff_locks(changed, "full", "part")[1]["changed"] == {"torch": ["2.9.1", "2.10.0"]}


def test_extras_that_a_pin_asks_for_count_for_what_it_needs(tmp_path):
    def extras(facts):
        facts["index"]["keras"] = {"3.1": ["numpy[fast]"]}
        facts["index"]["numpy"] = {"2.0.2": ['more; extra == "fast"', 'less; extra == "slow"']}
        facts["index"]["more"] = {"1.0": []}

    project = write(project_with(tmp_path, extras), "full")
    requires = {str(pin.name): pin.requires for pin in locked_profile(project, "full").solution.pins}
    assert (requires["keras"], requires["numpy"]) == (("numpy[fast]",), ("more",))
